"""events/: what CloudFormation sends, well-formed, and answered by the deployed function."""

import http.server
import json
import queue
import re
import threading
import uuid

import pytest
import yaml
from local_aws import EXAMPLE
from toolchain import ROOT

EVENTS = {file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "events").glob("*.json"))}
THROUGH_SNS = EVENTS.pop("create-through-sns")
OTHER_ACCOUNTS = ROOT / "docs" / "other-accounts.md"
EXAMPLES = ("basic", "advanced", "presigned-url", "rollout")

ALWAYS = {
    *("RequestType", "RequestId", "ResponseURL", "StackId", "LogicalResourceId", "ResourceType", "ServiceToken"),
    "ResourceProperties",
}
MEMBERS = {
    "Create": ALWAYS,
    "Update": ALWAYS | {"PhysicalResourceId", "OldResourceProperties"},
    "Delete": ALWAYS | {"PhysicalResourceId"},
}
STACK_ID = re.compile(r"arn:aws:cloudformation:us-east-1:123456789012:stack/job-templates/[0-9a-f-]{36}")
FUNCTION_ARN = re.compile(r"arn:aws:lambda:us-east-1:123456789012:function:iot-job-template-Function-[0-9a-zA-Z]{12}")


class TestFiles:
    @pytest.mark.parametrize("name", EVENTS)
    def test_have_the_members_that_cloudformation_sends(self, name):
        event = EVENTS[name]

        assert set(event) == MEMBERS[event["RequestType"]]

    @pytest.mark.parametrize("name", EVENTS)
    def test_come_from_one_stack_and_go_to_one_function(self, name):
        event = EVENTS[name]

        assert STACK_ID.fullmatch(event["StackId"])
        assert FUNCTION_ARN.fullmatch(event["ServiceToken"])
        assert event["ResourceType"] == "Custom::IoTJobTemplate"
        assert event["ResourceProperties"]["ServiceToken"] == event["ServiceToken"]

    @pytest.mark.parametrize("name", EVENTS)
    def test_have_strings_for_scalars(self, name):
        properties = [EVENTS[name]["ResourceProperties"], EVENTS[name].get("OldResourceProperties", {})]

        assert properties == as_cloudformation_sends(properties)

    def test_are_requests_of_their_own(self):
        ids = [event["RequestId"] for event in EVENTS.values()]

        assert len({uuid.UUID(id) for id in ids}) == len(EVENTS)

    @pytest.mark.parametrize("name", EVENTS)
    def test_name_their_answer_after_themselves(self, name):
        assert f"/{name}.json?" in EVENTS[name]["ResponseURL"]

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_create_what_the_example_stack_declares(self, example):
        event = EVENTS[f"create-{example}"]
        declared = yaml.load(EXAMPLE.read_text(), Template)["Resources"][event["LogicalResourceId"]]["Properties"]

        del declared["ServiceToken"]
        properties = dict(event["ResourceProperties"])
        del properties["ServiceToken"]
        assert properties == as_cloudformation_sends(declared)

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_update_what_they_created_and_delete_what_they_updated(self, example):
        create, update, delete = (EVENTS[f"{kind}-{example}"] for kind in ("create", "update", "delete"))

        assert update["OldResourceProperties"] == create["ResourceProperties"]
        assert delete["ResourceProperties"] == update["ResourceProperties"]


class TestAnswers:
    @pytest.mark.parametrize("example", EXAMPLES)
    def test_to_create_update_and_delete_are_successes_under_one_id(self, function, example):
        template_id = EVENTS[f"create-{example}"]["ResourceProperties"]["JobTemplateId"]

        for kind in ("create", "update", "delete"):
            answer = function.answer_to(f"{kind}-{example}")

            assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", template_id)

    def test_copy_what_tells_cloudformation_what_they_answer(self, function):
        answer = function.answer_to("delete-unknown-id")

        for member in ("StackId", "RequestId", "LogicalResourceId"):
            assert answer[member] == EVENTS["delete-unknown-id"][member]

    def test_to_a_create_with_bad_properties_name_all_of_them(self, function):
        answer = function.answer_to("create-bad-properties")

        assert answer["Status"] == "FAILED"
        for path in (
            "Description",
            "JobTemplateId",
            "TimeoutConfig.InProgressTimeoutInMinutes",
            "AbortConfig.CriteriaList[0].FailureType",
            "AbortConfig.CriteriaList[0].ThresholdPercentage",
            "JobExecutionsRolloutConfig.MaximumPerMinute",
            "Tags[0].Key",
            "RetryAttempts",
        ):
            assert path in answer["Reason"]

    def test_to_a_create_with_bad_properties_give_the_id_that_its_delete_has(self, function):
        answer = function.answer_to("create-bad-properties")

        assert answer["PhysicalResourceId"] == EVENTS["delete-bad-properties"]["PhysicalResourceId"]

    def test_to_the_delete_of_nothing_made_are_successes(self, function):
        assert function.answer_to("delete-bad-properties")["Status"] == "SUCCESS"

    def test_to_an_update_with_bad_properties_leave_the_template_as_it_was(self, function):
        function.answer_to("create-basic")
        before = function.aws.job_template("device-update-template")

        answer = function.answer_to("update-bad-properties")

        assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "device-update-template")
        assert function.aws.job_template("device-update-template") == before

    def test_to_a_rollback_from_bad_properties_are_successes(self, function):
        function.answer_to("create-basic")

        assert function.answer_to("update-rolled-back")["Status"] == "SUCCESS"

    def test_to_the_delete_of_an_unknown_id_are_successes(self, function):
        assert function.answer_to("delete-unknown-id")["Status"] == "SUCCESS"

    def test_to_the_delete_of_a_cancelled_create_are_successes_that_leave_nothing(self, function):
        function.answer_to("create-basic")

        answer = function.answer_to("delete-cancelled-create")

        assert answer["Status"] == "SUCCESS"
        assert function.aws.job_template_ids() == []

    @pytest.mark.waits
    def test_to_the_delete_of_a_cancelled_create_leave_alone_what_a_person_made(self, function):
        iot = function.aws.client("iot")
        iot.create_job_template(jobTemplateId="device-update-template", description="By hand", document="{}")
        before = function.aws.job_template("device-update-template")

        assert function.answer_to("delete-cancelled-create")["Status"] == "SUCCESS"

        assert function.aws.job_template("device-update-template") == before


class TestThroughSns:
    """A stack of another account, whose ServiceToken is a topic."""

    REQUEST = json.loads(THROUGH_SNS["Records"][0]["Sns"]["Message"])

    def test_the_file_is_what_sns_delivers_with_a_request_of_another_account_in_it(self):
        [record] = THROUGH_SNS["Records"]

        assert set(record) == {"EventSource", "EventVersion", "EventSubscriptionArn", "Sns"}
        assert set(self.REQUEST) == MEMBERS["Create"]
        assert self.REQUEST["ServiceToken"] == record["Sns"]["TopicArn"]
        assert ":123456789012:" not in self.REQUEST["StackId"]

    def test_the_template_is_made_in_the_providers_account_and_names_the_stack_of_the_other(self, function):
        answer = function.answer_to_event(
            lambda url: {"Records": [{"Sns": {"Message": json.dumps(self.REQUEST | {"ResponseURL": url})}}]}
        )

        assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "reboot-through-sns")
        assert answer["Data"]["Arn"] == "arn:aws:iot:us-east-1:123456789012:jobtemplate/reboot-through-sns"
        tags = function.aws.job_template("reboot-through-sns")["tags"]
        assert tags["cloudformation:stack-id"] == self.REQUEST["StackId"]

    def test_a_message_to_the_topic_of_the_documentation_is_answered(self, function):
        [template] = re.findall(r"```yaml\n(# other-accounts.yaml\n.*?)```", OTHER_ACCOUNTS.read_text(), re.DOTALL)
        stack = function.aws.create_stack("other-accounts", template, Function=function.arn, Accounts="210987654321")
        try:
            [topic] = [output["OutputValue"] for output in stack["Outputs"]]

            function.aws.client("sns").publish(
                TopicArn=topic, Message=json.dumps(self.REQUEST | {"ResponseURL": function.url("through-sns")})
            )

            answer = function.next_answer()
            assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "reboot-through-sns")
        finally:
            function.aws.delete_stack(stack)


@pytest.fixture(scope="module")
def deployed_function(aws):
    with Function(aws) as function:
        yield function


@pytest.fixture
def function(deployed_function, aws):
    yield deployed_function
    for template_id in aws.job_template_ids():
        aws.client("iot").delete_job_template(jobTemplateId=template_id)


class Function:
    """Sends the deployed function events, and is the bucket that it puts its answers into."""

    def __init__(self, aws):
        self.aws = aws
        [token] = [o["OutputValue"] for o in aws.provider["Outputs"] if o["OutputKey"] == "ServiceToken"]
        self.arn = token
        self._answers = queue.SimpleQueue()

    def __enter__(self):
        answers = self._answers

        class Bucket(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def url(self, name):
        return f"http://127.0.0.1:{self._server.server_port}/{name}.json?X-Amz-Signature=secret"

    def next_answer(self):
        return self._answers.get(timeout=60)

    def answer_to(self, name):
        return self.answer_to_event(lambda url: EVENTS[name] | {"ResponseURL": url})

    def answer_to_event(self, event):
        ran = self.aws.client("lambda").invoke(FunctionName=self.arn, Payload=json.dumps(event(self.url("answer"))))
        assert "FunctionError" not in ran, ran["Payload"].read()
        # The function has returned, so that its answer is here already or will never be.
        return self._answers.get_nowait()


class Template(yaml.SafeLoader):
    """Reads a CloudFormation template's short functions, such as !Sub."""


Template.add_multi_constructor("!", lambda _, name, node: {name: node.value})


def as_cloudformation_sends(value):
    if isinstance(value, dict):
        return {key: as_cloudformation_sends(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_cloudformation_sends(part) for part in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
