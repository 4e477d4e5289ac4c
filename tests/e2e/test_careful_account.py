"""template.yaml with every parameter set, as an account that demands much would."""

import json
import os

import distribution
import pytest
from local_aws import ACCOUNT, CODE_BUCKET, REGION, ROLE_ARN
from toolchain import ARCHITECTURES


@pytest.fixture
def careful(aws):
    iam, ec2 = aws.client("iam"), aws.client("ec2")
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(anything))["Policy"]["Arn"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="function", Description="The function's")["GroupId"]
    parameters = {
        "CodeBucket": CODE_BUCKET,
        "Architecture": ARCHITECTURES[os.uname().machine],
        "FunctionName": "careful-function",
        "PresignedUrlRoleArns": ROLE_ARN,
        "DocumentArns": "arn:aws:s3:::bucket/*",
        "ReservedConcurrency": "20",
        "MaximumRetries": "0",
        "Tracing": "Active",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic",
        "KeepFailedEvents": "true",
        "PermissionsBoundaryArn": boundary,
        "KmsKeyArn": aws.client("kms").create_key()["KeyMetadata"]["Arn"],
        "SubnetIds": subnet,
        "SecurityGroupIds": group,
    }
    stack = aws.create_stack("careful", distribution.template(), **parameters)
    yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    aws.delete_stack(stack)
    iam.delete_policy(PolicyArn=boundary)


def test_what_could_not_be_answered_is_kept(aws, careful):
    aws.client("lambda").invoke(FunctionName="careful-function", InvocationType="Event", Payload=b'{"no": "ResponseURL"}')

    queue = aws.client("sqs")
    kept = aws.awaited(lambda: queue.receive_message(QueueUrl=careful["FailedEventsUrl"]).get("Messages"), "the failed event")
    assert "ResponseURL" in kept[0]["Body"]


def test_its_outputs_name_what_it_is_made_of(careful):
    assert careful["ServiceToken"].endswith(":function:careful-function")
    assert careful["LogGroup"] == "/aws/lambda/careful-function"
    assert set(careful) == {"FailedEventsUrl", "LogGroup", "RoleArn", "ServiceToken", "Version"}
