"""The property language against IoT: what each accepted form becomes there, and that IoT refuses what is refused here."""

import json

import boto3
import botocore.config
import botocore.exceptions
import pytest
from conftest import job_template, own_tags, template
from local_aws import ACCOUNT, REGION

ABORT = {"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 25, "MinNumberOfExecutedThings": 4}
API_ABORT = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 25.0, "minNumberOfExecutedThings": 4}
RATE = {"baseRatePerMinute": 5, "incrementFactor": 1.5, "rateIncreaseCriteria": {"numberOfNotifiedThings": 7}}

# What is written, and what DescribeJobTemplate gives back for it.
ACCEPTED = {
    "document-of-text-byte-for-byte": (
        {"Document": '{ "b" : 1.0,\n "a": "ä" }'},
        {"document": '{ "b" : 1.0,\n "a": "ä" }'},
    ),
    "document-of-a-map": (
        {"Document": {"steps": ["stop", {"run": "1.2.3"}], "a": {}}},
        {"document": '{"a":{},"steps":["stop",{"run":"1.2.3"}]}'},
    ),
    "document-left-out": ({"Document": ""}, {"document": "{}"}),
    "document-beside-a-source": ({"Document": "[]", "DocumentSource": "https://b.s3.amazonaws.com/k"}, {"document": "[]"}),
    "camel-case": (
        {"timeoutConfig": {"inProgressTimeoutInMinutes": 60}},
        {"timeoutConfig": {"inProgressTimeoutInMinutes": 60}},
    ),
    "number-as-text": (
        {"TimeoutConfig": {"InProgressTimeoutInMinutes": "60"}},
        {"timeoutConfig": {"inProgressTimeoutInMinutes": 60}},
    ),
    "rate-under-the-apis-name": (
        {"jobExecutionsRolloutConfig": {"exponentialRate": RATE, "maximumPerMinute": 100}},
        {"jobExecutionsRolloutConfig": {"exponentialRate": RATE, "maximumPerMinute": 100}},
    ),
    "maximum-rate-alone": (
        {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 10}},
        {"jobExecutionsRolloutConfig": {"maximumPerMinute": 10}},
    ),
    "minimum-and-maximum-rate": (
        {"JobExecutionsRolloutConfig": {"MinimumPerMinute": 3, "MaximumPerMinute": 10}},
        {
            "jobExecutionsRolloutConfig": {
                "exponentialRate": {
                    "baseRatePerMinute": 3,
                    "incrementFactor": 2.0,
                    "rateIncreaseCriteria": {"numberOfSucceededThings": 3},
                },
                "maximumPerMinute": 10,
            }
        },
    ),
    "minimum-rate-like-the-maximum": (
        {"JobExecutionsRolloutConfig": {"MinimumPerMinute": 10, "MaximumPerMinute": 10}},
        {"jobExecutionsRolloutConfig": {"maximumPerMinute": 10}},
    ),
    "retries-under-the-apis-name": (
        {"JobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 0}]}},
        {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 0}]}},
    ),
    "retry-attempts": (
        {"JobExecutionsRetryConfig": {"RetryAttempts": 3}},
        {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 3}]}},
    ),
    "abort": ({"AbortConfig": {"CriteriaList": [ABORT]}}, {"abortConfig": {"criteriaList": [API_ABORT]}}),
    "abort-by-two-words": (
        {"AbortConfig": {"CriteriaList": [{"FailureType": "FAILED", "Action": "ABORT"}]}},
        {"abortConfig": {"criteriaList": [API_ABORT | {"thresholdPercentage": 0.01, "minNumberOfExecutedThings": 1}]}},
    ),
    "window-by-cron": (
        {"MaintenanceWindows": [{"StartTime": "cron(0 1 ? * MON *)", "DurationInMinutes": 1430}]},
        {"maintenanceWindows": [{"startTime": "cron(0 1 ? * MON *)", "durationInMinutes": 1430}]},
    ),
    "window-by-moments": (
        {"MaintenanceWindows": [{"StartTime": "2030-02-28T23:30:00-01:00", "EndTime": "2030-03-01T02:00:00Z"}]},
        {"maintenanceWindows": [{"startTime": "cron(30 0 1 3 ? 2030)", "durationInMinutes": 90}]},
    ),
    "expiry-without-a-role": (
        {"PresignedUrlConfig": {"ExpiresInSec": 60}},
        {"presignedUrlConfig": {"expiresInSec": 60}},
    ),
    "package-versions": (
        {"DestinationPackageVersions": ["arn:aws:iot:us-east-1:123456789012:package/p/version/1"]},
        {"destinationPackageVersions": ["arn:aws:iot:us-east-1:123456789012:package/p/version/1"]},
    ),
    "empty-is-left-out": (
        {"AbortConfig": {}, "JobArn": "", "Tags": {}, "MaintenanceWindows": [], "DestinationPackageVersions": [""]},
        {},
    ),
}

# What CreateJobTemplate is given, and what IoT answers. Each is a refusal of ours too; core/src/properties/tests/ has them.
REFUSED = {
    "an id that has a space": ({"jobTemplateId": "a b"}, "regular expression pattern"),
    "an id of 65 characters": ({"jobTemplateId": "a" * 65}, "less than or equal to 64"),
    "no description": ({"description": None}, "Member must not be null"),
    "no document, source or job": ({"document": None}, "Neither job document nor job document source is specified."),
    "a document and a source": ({"documentSource": "https://b.s3.amazonaws.com/k"}, "cannot be specified at the same time"),
    "a document that is not JSON": ({"document": "{"}, "invalid JSON document"),
    "a document nested 1001 deep": ({"document": "[" * 1001 + "]" * 1001}, "invalid JSON document"),
    "a document of 32769 characters": ({"document": f'"{"a" * 32767}"'}, "less than or equal to 32768"),
    "a placeholder without a role": ({"document": '"${aws:iot:s3-presigned-url:https://b/k}"'}, "Role must be provided"),
    "a timeout of 0": ({"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}, "Provide valid timeout value"),
    "a timeout of 10081": ({"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}, "Provide valid timeout value"),
    "no abort criteria": ({"abortConfig": {"criteriaList": []}}, "greater than or equal to 1"),
    "two abort criteria with one failure type": (
        {"abortConfig": {"criteriaList": [API_ABORT, API_ABORT]}},
        "same failure type",
    ),
    "an abort threshold of 0": (
        {"abortConfig": {"criteriaList": [API_ABORT | {"thresholdPercentage": 0}]}},
        "must have value greater than 0",
    ),
    "an abort threshold of three decimals": (
        {"abortConfig": {"criteriaList": [API_ABORT | {"thresholdPercentage": 12.345}]}},
        "two or less decimal digits",
    ),
    "another abort action": ({"abortConfig": {"criteriaList": [API_ABORT | {"action": "ABORT"}]}}, "enum value set"),
    "another failure type": ({"abortConfig": {"criteriaList": [API_ABORT | {"failureType": "NONE"}]}}, "enum value set"),
    "a tag of AWS's own": ({"tags": [{"Key": "aws:x", "Value": ""}]}, 'Tags cannot begin with "aws:"'),
    "51 tags": ({"tags": [{"Key": str(n), "Value": ""} for n in range(51)]}, "Too many tags"),
}


@pytest.fixture(scope="class")
def accepted_stack(aws):
    resources = {
        "".join(word.capitalize() for word in name.split("-")): job_template(JobTemplateId=name, **properties)
        for name, (properties, _) in ACCEPTED.items()
    }
    stack = aws.create_stack("accepted", template(resources))
    yield stack
    aws.delete_stack(stack)


class TestAcceptedForms:
    @pytest.mark.parametrize("name", ACCEPTED)
    def test_each_becomes_what_it_means(self, aws, accepted_stack, name):
        described = aws.job_template(name)

        _, expected = ACCEPTED[name]
        for other_every_time in ("jobTemplateId", "jobTemplateArn", "createdAt"):
            del described[other_every_time]
        assert own_tags(described) == {}
        del described["tags"]
        assert described == {"description": "A test", "document": "{}"} | expected


@pytest.mark.parametrize(
    "tags", [[{"key": "a", "value": 1}, {"Key": "b c"}], {"a": "1", "b c": ""}], ids=["a list of pairs", "a map"]
)
def test_tags_come_in_either_form(aws, stacks, tags):
    stacks.create(It=job_template(JobTemplateId="tagged", Tags=tags))

    assert own_tags(aws.job_template("tagged")) == {"a": "1", "b c": ""}


def test_a_document_written_with_to_json_string_keeps_its_numbers(aws, stacks):
    document = {"operation": "reboot", "delay": 30, "force": True, "stack": {"Ref": "AWS::StackName"}}
    resource = job_template(JobTemplateId="language-extensions", Document={"Fn::ToJsonString": document})
    body = {"Transform": "AWS::LanguageExtensions", "Resources": {"It": resource}}

    stack = aws.client("cloudformation").create_stack(
        StackName="language-extensions", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_AUTO_EXPAND"]
    )
    stacks.created.append(aws.settled(stack["StackId"], "CREATE_COMPLETE"))

    described = aws.job_template("language-extensions")
    assert json.loads(described["document"]) == document | {"stack": "language-extensions"}


def test_a_document_as_a_map_with_a_number_is_refused_at_its_path(aws, stacks):
    stack = stacks.create(expect="ROLLBACK_COMPLETE", It=job_template(Document={"steps": [{"delay": 30}]}))

    [reason] = [why for name, status, why in aws.events(stack) if name == "It" and status == "CREATE_FAILED"]
    assert "Document.steps[0].delay: CloudFormation turns numbers, true, false and null into text" in reason


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_here_iot_refuses_too(aws, case):
    changes, message = REFUSED[case]
    request = {"jobTemplateId": "refused", "description": "A test", "document": "{}"} | changes

    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        unchecked_iot(aws).create_job_template(**{name: value for name, value in request.items() if value is not None})

    assert refusal.value.response["Error"]["Code"] == "InvalidRequestException"
    assert message in refusal.value.response["Error"]["Message"]


def unchecked_iot(aws):
    """A client that sends what botocore itself would refuse."""
    return boto3.client(
        "iot",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=botocore.config.Config(parameter_validation=False),
    )
