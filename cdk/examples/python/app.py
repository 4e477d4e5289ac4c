"""A fleet's job templates, on a function of their own."""

from aws_cdk import App, Duration, RemovalPolicy, Stack, Tags, aws_iam as iam, aws_s3 as s3
from iot_job_template_cdk import (
    AbortAction,
    AbortConfig,
    AbortCriteria,
    AbortFailureType,
    ExponentialRolloutRate,
    JobDocument,
    JobExecutionsRetryConfig,
    JobExecutionsRolloutConfig,
    JobTemplate,
    JobTemplateProvider,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryCriteria,
    RetryFailureType,
    TimeoutConfig,
)

app = App()
stack = Stack(app, "Fleet")
provider = JobTemplateProvider(stack, "Provider", timeout=Duration.minutes(10), export_name="fleet-job-templates")

JobTemplate(
    stack,
    "Reboot",
    provider=provider,
    job_template_id="reboot",
    description="Reboot the device",
    document=JobDocument.from_object({"operation": "reboot", "delaySeconds": 30, "force": False}),
    timeout_config=TimeoutConfig(in_progress_timeout=Duration.hours(1)),
    maintenance_windows=[MaintenanceWindow(start_time="cron(0 2 ? * SUN *)", duration=Duration.hours(2))],
)

# The role with which devices get their firmware. AWS IoT reads the document once, so a new revision makes the template anew.
firmware = s3.Bucket.from_bucket_name(stack, "Firmware", "firmware")
download = iam.Role(stack, "Download", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
firmware.grant_read(download, "images/*")
update = JobTemplate(
    stack,
    "Update",
    provider=provider,
    description="Update the firmware, slowly at first",
    document=JobDocument.from_bucket(firmware, "jobs/update.json"),
    revision="1.2.4",
    presigned_url_config=PresignedUrlConfig(role=download, expires_in=Duration.minutes(30)),
    job_executions_rollout_config=JobExecutionsRolloutConfig(
        maximum_per_minute=100,
        exponential_rollout_rate=ExponentialRolloutRate(
            base_rate_per_minute=10,
            increment_factor=1.5,
            rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=50),
        ),
    ),
    job_executions_retry_config=JobExecutionsRetryConfig(
        retry_criteria_list=[RetryCriteria(failure_type=RetryFailureType.TIMED_OUT, number_of_retries=3)],
    ),
    abort_config=AbortConfig(
        criteria_list=[
            AbortCriteria(
                failure_type=AbortFailureType.ALL,
                action=AbortAction.CANCEL,
                threshold_percentage=12.5,
                min_number_of_executed_things=20,
            )
        ],
    ),
    removal_policy=RemovalPolicy.DESTROY,
)

operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
update.grant_create_job(operator)
Tags.of(stack).add("team", "fleet")

app.synth()
