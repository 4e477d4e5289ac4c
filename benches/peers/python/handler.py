"""One Create, as most custom resources are written: crhelper and boto3."""

import boto3
from crhelper import CfnResource

helper = CfnResource(log_level="INFO")
try:
    iot = boto3.client("iot")
except Exception as error:
    helper.init_failure(error)


@helper.create
def create(event, _):
    properties = event["ResourceProperties"]
    minutes = int(properties["TimeoutConfig"]["InProgressTimeoutInMinutes"])
    created = iot.create_job_template(
        jobTemplateId=properties["JobTemplateId"],
        description=properties["Description"],
        document=properties["Document"],
        timeoutConfig={"inProgressTimeoutInMinutes": minutes},
        tags=properties["Tags"],
    )
    helper.Data["Arn"] = created["jobTemplateArn"]
    return created["jobTemplateId"]


def handler(event, context):
    helper(event, context)
