"""What CloudFormation does with a custom resource, and IAM with a new permission.

Asked through stacks whose custom resource is a function of a few lines, which says all that it is sent to a queue.
"""

import datetime
import json
import re
import time
import urllib.parse

import botocore.exceptions
import toolchain

from facts import Fact

GUIDE = "CloudFormation user guide"

# Answers as the properties say: of each request type SUCCESS unless they name FAILED, or NONE for no answer at all. What
# makes the URL good to others is left out of what it tells the queue.
HANDLER = """
import json, os, re, time, urllib.request, boto3
def handler(event, context):
    told = dict(event, At=time.time(), ResponseURL=re.sub(r"(Signature|Token|Credential)=[^&]*", r"\\1=-", event["ResponseURL"]))
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(told))
    properties = event["ResourceProperties"]
    status = properties.get(event["RequestType"], "SUCCESS")
    if status == "NONE":
        return
    answer = {key: event[key] for key in ("RequestId", "StackId", "LogicalResourceId")}
    held = event.get("PhysicalResourceId") if event["RequestType"] == "Delete" else None
    answer.update(Status=status, Reason="as told", PhysicalResourceId=held or properties["Id"])
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT")
    urllib.request.urlopen(request).read()
"""

EQUIPMENT = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                    ],
                },
                # No right to write a log: so there is none to clean up.
                "Policies": [
                    {
                        "PolicyName": "Tell",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": "sqs:SendMessage",
                                    "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
                                }
                            ],
                        },
                    }
                ],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 30,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": HANDLER},
                "Environment": {"Variables": {"QUEUE": {"Ref": "Queue"}}},
            },
        },
    },
    "Outputs": {"Function": {"Value": {"Fn::GetAtt": ["Function", "Arn"]}}, "Queue": {"Value": {"Ref": "Queue"}}},
}


class Stack:
    """A stack of one probe, with equipment of its own, and what its function was sent."""

    def __init__(self, account):
        self.account = account
        self._cloudformation = account.client("cloudformation")
        self._sqs = account.client("sqs")
        self.name = f"{account.prefix}-stack"
        equipment = f"{account.prefix}-equipment"
        self._delete_afterwards(equipment)
        made = self._cloudformation.create_stack(
            StackName=equipment, TemplateBody=json.dumps(EQUIPMENT), Capabilities=["CAPABILITY_IAM"]
        )
        outputs = {o["OutputKey"]: o["OutputValue"] for o in self._settled(made["StackId"], "CREATE_COMPLETE")["Outputs"]}
        self._function, self._queue = outputs["Function"], outputs["Queue"]

    def create(self, expect="CREATE_COMPLETE", **resources):
        self._delete_afterwards(self.name)
        made = self._cloudformation.create_stack(StackName=self.name, TemplateBody=self._template(resources))
        self._id = made["StackId"]
        return self._settled(self._id, expect)

    def update(self, expect="UPDATE_COMPLETE", preserve=False, **resources):
        self._cloudformation.update_stack(StackName=self.name, TemplateBody=self._template(resources), DisableRollback=preserve)
        return self._settled(self._id, expect)

    def events(self, count):
        """That many requests, in the order in which they were sent; fewer if no more come."""
        events = []
        while len(events) < count:
            received = self._sqs.receive_message(
                QueueUrl=self._queue,
                WaitTimeSeconds=self.account.seconds_under_way,
                MaxNumberOfMessages=10,
                AttributeNames=["SentTimestamp"],
            )
            if not received.get("Messages"):
                break
            for message in received["Messages"]:
                events.append((int(message["Attributes"]["SentTimestamp"]), json.loads(message["Body"])))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [event for _, event in sorted(events, key=lambda told: told[0])]

    def _template(self, resources):
        return json.dumps(
            {
                "Resources": {
                    name: {"Type": "Custom::Fact", "Properties": {"ServiceToken": self._function} | properties}
                    for name, properties in resources.items()
                }
            }
        )

    def _delete_afterwards(self, name):
        def delete():
            stack_id = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
            self._cloudformation.delete_stack(StackName=stack_id)
            self._settled(stack_id, "DELETE_COMPLETE")

        def delete_if_there():
            try:
                delete()
            except botocore.exceptions.ClientError as error:
                if "does not exist" not in str(error):
                    raise
            except toolchain.Failed as why:
                self.account.left_behind.append(f"stack {name}: {why}")

        self.account.afterwards(f"stack {name}", delete_if_there)

    def _settled(self, stack_id, expect, patience=1200):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            stack = self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                if stack["StackStatus"] == expect:
                    return stack
                raise toolchain.Failed(f"{stack['StackName']} is {stack['StackStatus']}, not {expect}")
            # As often as an account's other stacks can bear; MiniStack is done before the first pause is over.
            time.sleep(0.5 if end - time.monotonic() > patience - 5 else 5)
        raise toolchain.Failed(f"{stack_id} has not settled in {patience} s")


def response_url(account):
    stack = Stack(account)
    stack.create(It={"Id": "it"})
    [event] = stack.events(1)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(event["ResponseURL"]).query))
    try:
        signed = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z").timestamp()
    except (KeyError, ValueError):
        return f"no date, but {', '.join(query) or 'nothing'}"
    # It may have been a cold start.
    when = "just before" if -5 < event["At"] - signed < 30 else f"{event['At'] - signed:.0f} s before"
    return f"signed {when}, good for {query.get('X-Amz-Expires')} s, for the headers {query.get('X-Amz-SignedHeaders')}"


def scalars_as_text(account):
    stack = Stack(account)
    stack.create(It={"Id": "it", "Deep": [{"Number": 1.5, "Yes": True}], "ServiceTimeout": 600})
    [event] = stack.events(1)
    properties = event["ResourceProperties"]
    return json.dumps([properties.get("Deep"), properties.get("ServiceTimeout")])


def failed_create(account):
    stack = Stack(account)
    stack.create("ROLLBACK_COMPLETE", It={"Id": "not:made", "Create": "FAILED"})
    return " ".join(f"{e['RequestType']} {e.get('PhysicalResourceId', '-')}" for e in stack.events(2))


def cancelled_create(account):
    stack = Stack(account)
    stack.create("ROLLBACK_COMPLETE", Slow={"Id": "slow", "Create": "NONE", "ServiceTimeout": 20}, Bad={"Id": "bad", "Create": "FAILED"})
    ids = [e.get("PhysicalResourceId") for e in stack.events(4) if (e["RequestType"], e["LogicalResourceId"]) == ("Delete", "Slow")]
    if not ids or not ids[0]:
        return f"{len(ids)} Deletes, {'without an id' if ids else 'none of it'}"
    stack_part, logical_id, random = ids[0].rsplit("-", 2) if ids[0].count("-") > 1 else (ids[0], "", "")
    as_read = (
        stack.name.startswith(stack_part)
        and logical_id == "Slow"
        and re.fullmatch(r"[A-Za-z0-9]{10,14}", random)
        and re.search("[A-Z]", random)
    )
    return "STACK-LOGICALID-RANDOM" if as_read else ids[0].replace(stack.name, "STACK")


def update_and_old(event):
    return f"{event['ResourceProperties'].get('Say')} from {event.get('OldResourceProperties', {}).get('Say')}"


def rolled_back_update(account):
    stack = Stack(account)
    stack.create(It={"Id": "it", "Say": "good"})
    stack.update("UPDATE_ROLLBACK_COMPLETE", It={"Id": "it", "Say": "bad", "Update": "FAILED"})
    return ", ".join(update_and_old(e) for e in stack.events(3) if e["RequestType"] == "Update")


def retried_update(account):
    stack = Stack(account)
    stack.create(It={"Id": "it", "Say": "good"})
    stack.update("UPDATE_FAILED", preserve=True, It={"Id": "it", "Say": "bad", "Update": "FAILED"})
    stack.update(It={"Id": "it", "Say": "mended"})
    return ", ".join(update_and_old(e) for e in stack.events(3) if e["RequestType"] == "Update")


def failed_clean_up(account):
    stack = Stack(account)
    stack.create(It={"Id": "old", "Say": "old", "Delete": "FAILED"})
    status = stack.update(It={"Id": "new", "Say": "new"})["StackStatus"]
    deletes = {(e["PhysicalResourceId"], e["ResourceProperties"].get("Say")) for e in stack.events(3) if e["RequestType"] == "Delete"}
    return f"{status}, after Deletes of {sorted(deletes)}"


def permission_holds(account):
    """A role without rights, then with one: how long until it holds."""
    iam, sts, name = account.client("iam"), account.client("sts"), account.prefix
    identity = sts.get_caller_identity()
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": identity["Account"]}, "Action": "sts:AssumeRole"}],
    }
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:DescribeJobTemplate", "Resource": "*"}]}
    account.afterwards(f"role {name}", iam.delete_role, RoleName=name)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    credentials = awaited(lambda: sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"], "AccessDenied", 120)
    iot = account.client(
        "iot",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )

    def describe():
        not_found(iot.describe_job_template, jobTemplateId=name)

    try:
        describe()
        return "before it was given"
    except botocore.exceptions.ClientError as error:
        if not error.response["Error"]["Code"].startswith(("AccessDenied", "Forbidden")):
            raise
    account.afterwards(f"policy of role {name}", iam.delete_role_policy, RoleName=name, PolicyName="one")
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=json.dumps(may))
    start = time.monotonic()
    awaited(describe, ("AccessDenied", "Forbidden"), 300)
    seconds = time.monotonic() - start
    return "within 30 s" if seconds <= 30 else f"after {seconds:.0f} s"


def not_found(call, **members):
    try:
        call(**members)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def awaited(call, code, patience):
    end = time.monotonic() + patience
    while True:
        try:
            return call()
        except botocore.exceptions.ClientError as error:
            if not error.response["Error"]["Code"].startswith(code) or time.monotonic() > end:
                raise
        time.sleep(0.5)


FACTS = [
    Fact(
        "response-url",
        "the ResponseURL was signed when the request was sent, says when and for how long it is good, and knows no content type",
        "public logs of events, 2020 to 2025",
        "signed just before, good for 7200 s, for the headers host",
        "",
        response_url,
        in_stacks=True,
    ),
    Fact(
        "scalars-as-text",
        "every scalar of the properties arrives as text, at every depth, and ServiceTimeout is among them",
        "cloudformation-coverage-roadmap 1037; aws-cdk 15249",
        '[[{"Number": "1.5", "Yes": "true"}], "600"]',
        "",
        scalars_as_text,
        in_stacks=True,
    ),
    Fact(
        "failed-create",
        "a Create that failed is followed by a Delete of the id in its answer",
        f"{GUIDE}; aws-cdk 5525",
        "Create - Delete not:made",
        "",
        failed_create,
        in_stacks=True,
    ),
    Fact(
        "cancelled-create",
        "a Create that was cancelled is followed by a Delete of a made-up id: the two names and 10 to 14 letters and digits",
        "binxio/cfn-certificate-provider 31 (2016); ids of functions and roles today",
        "STACK-LOGICALID-RANDOM",
        "",
        cancelled_create,
        in_stacks=True,
    ),
    Fact(
        "rolled-back-update",
        "a failed update is taken back by an Update with the two sets of properties swapped, also for the resource that failed",
        GUIDE,
        "bad from good, good from bad",
        "",
        rolled_back_update,
        in_stacks=True,
    ),
    Fact(
        "retried-update",
        "after a preserved failure the old properties are those that failed; they are only a hint to us",
        "assumed",
        "bad from good, mended from bad",
        "",
        retried_update,
        in_stacks=True,
    ),
    Fact(
        "failed-clean-up",
        "a Delete of a replaced id has its old properties, and the update succeeds although that Delete fails",
        "aws-cdk, docs/CLOUDFORMATION.md",
        "UPDATE_COMPLETE, after Deletes of [('old', 'old')]",
        "",
        failed_clean_up,
        in_stacks=True,
    ),
    Fact(
        "permission-holds",
        "a new permission of a role holds within the 30 s for which a missing one is asked for again",
        "aws-cdk 37675 (its fix waits for 31 s)",
        "within 30 s",
        "",
        permission_holds,
        in_stacks=True,
    ),
]
