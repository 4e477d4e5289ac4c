"""docs/moving.md, path by path: the templates of the page are deployed, and IoT shows what came of each step."""

import itertools
import json
import re
from pathlib import Path

import local_aws
import pytest
import toolchain
import yaml
from botocore.exceptions import ClientError
from cfn_lint import cfn_lint
from conftest import job_template, template
from distribution import edited
from local_aws import ACCOUNT, DOCUMENT_BUCKET, DOCUMENT_KEY, PROVIDER_STACK, REGION, ROLE_ARN

PAGE = (toolchain.ROOT / "docs" / "moving.md").read_text()
# Each of the page's templates, by the file name in its first line.
TEMPLATES = {
    match[1]: match[0].removeprefix("```yaml\n").removesuffix("```")
    for match in re.finditer(r"```yaml\n# (\S+\.yaml)\n.*?```", PAGE, re.DOTALL)
}
# The stack that the page's templates name as a former owner; the tests put their own stack's ARN in its place.
PAGES_STACK = re.compile(r"arn:aws:cloudformation:\S+:stack/fleet/[0-9a-f-]+")
SECOND_PROVIDER = "iot-job-template-2"

STACK_ID, LOGICAL_ID = "cloudformation:stack-id", "cloudformation:logical-id"
FORMER_STACK_ID, FORMER_LOGICAL_ID = "cloudformation:former-stack-id", "cloudformation:former-logical-id"
PROVIDERS_TAGS = [STACK_ID, LOGICAL_ID, "cloudformation:request", FORMER_STACK_ID, FORMER_LOGICAL_ID]

RENAMED = TEMPLATES["rename-1.yaml"]
# A stack that has the template under the logical id Reboot, before any of the moves that begin with one.
FLEET = edited(RENAMED, ("  RebootDevice:\n", "  Reboot:\n"), ("      Adopt: Reboot\n", ""))
# Of resources that do not matter here.
NOTHING_ELSE = "Resources:\n  Nothing:\n    Type: AWS::CloudFormation::WaitConditionHandle\n"


class Mover:
    """Deploys templates as text; a template that is in use is there, and the same one, after each step."""

    _numbers = itertools.count(1)

    def __init__(self, aws, stacks):
        self._aws = aws
        self._stacks = stacks
        self._deployed = {}

    def create(self, text, expect="CREATE_COMPLETE"):
        stack = self._aws.create_stack(f"moving-{next(self._numbers)}", text, expect)
        self._stacks.created.append(stack)
        self._deployed[stack["StackId"]] = fixed_for_good(text)
        return stack

    def update(self, stack, text, expect="UPDATE_COMPLETE"):
        before, after = self._deployed[stack["StackId"]], fixed_for_good(text)
        # MiniStack would let both be changed in place. CloudFormation refuses it, so no path may rely on it.
        assert {name: after[name] for name in before if name in after}.items() <= before.items()
        stack = self._aws.update_stack(stack, text, expect)
        if expect == "UPDATE_COMPLETE":
            self._deployed[stack["StackId"]] = after
        return stack

    def create_and_fail_after(self, logical_id, text):
        """A stack that fails when this resource has the template, so that this has to be taken back."""
        self._failed_after(self.create(with_failing_sibling(text, logical_id), expect="ROLLBACK_COMPLETE"))

    def update_and_fail_after(self, logical_id, stack, text):
        failing = with_failing_sibling(text, logical_id)
        self._failed_after(self.update(stack, failing, expect="UPDATE_ROLLBACK_COMPLETE"))

    def _failed_after(self, stack):
        # It waited for the other to succeed.
        assert "Description: missing" in self.failure(stack, "Failing")

    def delete(self, stack, expect="DELETE_COMPLETE"):
        return self._aws.delete_stack(stack, expect)

    def make_by_hand(self):
        """The template that the page's describe-job-template prints, with a tag of its maker's."""
        self._aws.client("iot").create_job_template(
            jobTemplateId="reboot",
            description="Reboot the device",
            document='{"operation":"reboot"}',
            timeoutConfig={"inProgressTimeoutInMinutes": 60},
            tags=[{"Key": "team", "Value": "fleet"}],
        )
        return self.seen()

    def seen(self):
        return self._aws.job_template("reboot")

    def is_gone(self):
        return "reboot" not in self._aws.job_template_ids()

    def failure(self, stack, logical_id):
        """The reason of the last failure of a resource that did not come to be."""
        events = self._aws.events(stack)
        return [why for resource, status, why in events if resource == logical_id and status.endswith("E_FAILED")][-1]

    def remove_tags(self):
        """As the page says to."""
        command = re.search(r"untag-resource --resource-arn (\S+) --tag-keys \\\n(.*?)```", PAGE, re.DOTALL)
        keys = command[2].replace("\\", "").split()
        assert sorted(keys) == sorted(PROVIDERS_TAGS)
        assert command[1] == self.seen()["jobTemplateArn"]
        self._aws.client("iot").untag_resource(resourceArn=command[1], tagKeys=keys)


@pytest.fixture
def move(aws, stacks):
    """At the end nothing may be left but what a test leaves on purpose, and that is deleted."""
    yield Mover(aws, stacks)
    for stack in stacks.created:
        try:
            aws.delete_stack(stack)
        except toolchain.Failed:  # One that cannot reach its provider any more.
            left = aws.client("cloudformation").list_stack_resources(StackName=stack["StackId"])
            retain = [resource["LogicalResourceId"] for resource in left["StackResourceSummaries"]]
            aws.client("cloudformation").delete_stack(StackName=stack["StackId"], RetainResources=retain)
            aws.settled(stack["StackId"], "DELETE_COMPLETE")
    if "reboot" in aws.job_template_ids():
        aws.client("iot").delete_job_template(jobTemplateId="reboot")


@pytest.fixture
def second_provider(aws, function_zip, monkeypatch):
    """The real template.yaml once more, under another name, beside the first."""
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(local_aws, "PROVIDER_STACK", SECOND_PROVIDER)
        provider = aws.deploy_provider(function_zip)
    yield provider
    aws.delete_stack(provider)


def fixed_for_good(text):
    """What CloudFormation never changes of a resource, by its logical id: its type and its ServiceToken."""
    resources = yaml.load(text, Loader=TemplateLoader)["Resources"]
    return {
        name: (resource["Type"], resource.get("Properties", {}).get("ServiceToken"))
        for name, resource in resources.items()
    }


class TemplateLoader(yaml.SafeLoader):
    """Reads `!ImportValue NAME` and its like as text."""


TemplateLoader.add_multi_constructor("!", lambda loader, tag, node: f"!{tag} {node.value}")


def page(name, stack=None):
    """A template of the page's, with this stack's ARN where it names a former owner's."""
    text = TEMPLATES[name]
    if stack is None:
        assert not PAGES_STACK.search(text)
        return text
    text, times = PAGES_STACK.subn(stack["StackId"], text)
    assert times == 1
    return text


def without_adopt(text):
    text, times = re.subn(r"^ +\"?Adopt\"?: .*\n", "", text, flags=re.MULTILINE)
    assert times == 1
    return text


def without_line(text, line):
    return edited(text, (line + "\n", ""))


def with_failing_sibling(text, logical_id):
    """The template with a resource that fails after that one is done."""
    return f"""{text}
  Failing:
    Type: Custom::IoTJobTemplate
    DependsOn: {logical_id}
    Properties:
      ServiceToken: !ImportValue {PROVIDER_STACK}-ServiceToken
"""


def owners(described):
    """Whose the template is, and whose it was, as its tags say: (stack, logical id) each."""
    tags = described["tags"]
    return (tags.get(STACK_ID), tags.get(LOGICAL_ID)), (tags.get(FORMER_STACK_ID), tags.get(FORMER_LOGICAL_ID))


def is_same(now, before):
    """Whether it is the very same template, its users' tags included; one made anew would have a time of its own."""
    return but_ours(now) == but_ours(before)


def but_ours(described):
    return described | {"tags": {key: value for key, value in described["tags"].items() if key not in PROVIDERS_TAGS}}


def of(stack, logical_id):
    return stack["StackId"], logical_id


SOURCE = f"https://{DOCUMENT_BUCKET}.s3.amazonaws.com/{DOCUMENT_KEY}"
NOBODY = ("none", "none")
NO_TAGS = (None, None)


class TestThePage:
    def test_each_of_its_templates_is_deployed_here(self):
        here = Path(__file__).read_text()

        assert TEMPLATES
        assert [name for name in TEMPLATES if f'"{name}"' not in here] == []

    def test_cfn_lint_has_nothing_against_its_templates(self, tmp_path):
        for name in TEMPLATES:
            (tmp_path / name).write_text(TEMPLATES[name])

        # W3011 wants a policy for replacing beside that for deleting.
        lint = cfn_lint("--append-rules", "schema/", "--ignore-checks", "W3011", "--", *tmp_path.iterdir())

        assert lint.returncode == 0, lint.stdout

    def test_its_commands_name_its_templates(self):
        named = re.findall(r"(?:--template-file |file://)(\S+\.yaml)", PAGE)

        # The provider's own is a release's.
        assert sorted(name for name in named if name != "template.yaml") == sorted(TEMPLATES)


class TestFromAwsIotJobTemplate:
    before = without_line(page("from-aws-1.yaml"), "    DeletionPolicy: Retain # this line is new")

    def test_retain_replace_and_make_it_the_stacks_own(self, aws, move):
        stack = move.create(self.before)
        original = move.seen()

        move.update(stack, page("from-aws-1.yaml"))
        assert move.seen() == original

        move.update(stack, page("from-aws-2.yaml"))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootTemplate"), NOBODY)
        assert ("Reboot", "DELETE_SKIPPED", "") in aws.events(stack)

        move.update(stack, without_adopt(page("from-aws-2.yaml")))
        assert is_same(move.seen(), original)

        changed = edited(without_adopt(page("from-aws-2.yaml")), ("InMinutes: 60", "InMinutes: 90"))
        move.update(stack, changed)
        assert move.seen()["timeoutConfig"] == {"inProgressTimeoutInMinutes": 90}

        move.delete(stack)
        assert move.is_gone()

    def test_an_update_that_fails_gives_it_back_to_the_old_resource(self, aws, move):
        stack = move.create(self.before)
        move.update(stack, page("from-aws-1.yaml"))
        original = move.seen()

        move.update_and_fail_after("RebootTemplate", stack, page("from-aws-2.yaml"))

        assert move.seen() == original
        resources = aws.client("cloudformation").list_stack_resources(StackName=stack["StackId"])
        assert [resource["LogicalResourceId"] for resource in resources["StackResourceSummaries"]] == ["Reboot"]

    @pytest.mark.parametrize("steps", [1, 2])
    def test_deleting_the_stack_leaves_it_until_adopt_is_gone(self, move, steps):
        stack = move.create(self.before)
        original = move.seen()
        for step in range(1, steps + 1):
            move.update(stack, page(f"from-aws-{step}.yaml"))

        move.delete(stack)

        assert move.seen() == original

    def test_both_steps_in_one_delete_the_template(self, move):
        stack = move.create(self.before)

        move.update(stack, page("from-aws-2.yaml"))
        assert move.is_gone()

        move.update(stack, without_adopt(page("from-aws-2.yaml")))
        assert owners(move.seen()) == (of(stack, "RebootTemplate"), NOBODY)

    def test_only_what_is_as_declared_is_taken(self, move):
        stack = move.create(self.before)
        move.update(stack, page("from-aws-1.yaml"))
        original = move.seen()

        other = edited(page("from-aws-2.yaml"), ("InMinutes: 60", "InMinutes: 90"), ("Value: fleet", "Value: other"))
        move.update(stack, other, expect="UPDATE_ROLLBACK_COMPLETE")

        assert move.seen() == original
        reason = move.failure(stack, "RebootTemplate")
        assert "TimeoutConfig.InProgressTimeoutInMinutes is 60 there and 90 here" in reason
        assert 'Tags["team"] is "fleet" there and "other" here' in reason


# Every member that a template can have, as AWS::IoT::JobTemplate spells them.
EVERYTHING = {
    "JobTemplateId": "reboot",
    "Description": "Everything",
    "Document": '{"from": "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/my-bucket/key}"}',
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 100,
        "ExponentialRolloutRate": {
            "BaseRatePerMinute": 10,
            "IncrementFactor": 1.5,
            "RateIncreaseCriteria": {"NumberOfSucceededThings": 5},
        },
    },
    "JobExecutionsRetryConfig": {
        "RetryCriteriaList": [
            {"FailureType": "FAILED", "NumberOfRetries": 3},
            {"FailureType": "TIMED_OUT", "NumberOfRetries": 1},
        ]
    },
    "AbortConfig": {
        "CriteriaList": [
            {"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 25, "MinNumberOfExecutedThings": 4},
            {"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 12.5, "MinNumberOfExecutedThings": 8},
        ]
    },
    "PresignedUrlConfig": {"RoleArn": ROLE_ARN, "ExpiresInSec": 600},
    "MaintenanceWindows": [{"StartTime": "cron(0 2 ? * MON *)", "DurationInMinutes": 60}],
    "DestinationPackageVersions": [f"arn:aws:iot:{REGION}:{ACCOUNT}:package/p/version/1"],
    "Tags": [{"Key": "team", "Value": "fleet"}],
}


class TestWhateverATemplateHas:
    def test_comes_from_aws_iot_job_template_as_it_is_written(self, move):
        old = {"Type": "AWS::IoT::JobTemplate", "DeletionPolicy": "Retain", "Properties": EVERYTHING}
        stack = move.create(template({"Old": old}))
        original = move.seen()

        move.update(stack, template({"New": job_template(Adopt=True, **EVERYTHING)}))

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "New"), NOBODY)

    @pytest.mark.parametrize("of_the_document", [{"Document": "{}"}, {"DocumentSource": SOURCE}], ids=str)
    def test_comes_from_a_template_made_by_hand_as_describe_prints_it(self, aws, move, of_the_document):
        without_document = {key: value for key, value in EVERYTHING.items() if key != "Document"}
        move.delete(move.create(template({
            "Made": {
                "Type": "AWS::IoT::JobTemplate",
                "DeletionPolicy": "Retain",
                "Properties": without_document | of_the_document,
            }
        })))
        original = move.seen()
        printed = aws.client("iot").describe_job_template(jobTemplateId="reboot")
        for reported in ("ResponseMetadata", "jobTemplateArn", "createdAt"):
            del printed[reported]

        resource = job_template(Adopt=True)
        del resource["Properties"]["Description"]
        resource["Properties"] |= printed
        stack = move.create(template({"Reboot": resource}))

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "Reboot"), NOBODY)


class TestFromATemplateMadeByHand:
    printed = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])

    def test_the_page_shows_what_describe_prints(self, aws, move):
        move.make_by_hand()

        described = aws.client("iot").describe_job_template(jobTemplateId="reboot")

        del described["ResponseMetadata"]
        assert described | {"createdAt": self.printed["createdAt"]} == self.printed
        assert (ACCOUNT, REGION) == ("123456789012", "us-east-1")

    def test_pasted_as_it_is_printed_names_the_lines_to_drop(self, move):
        original = move.make_by_hand()
        stack = move.create(self.pasted(), expect="ROLLBACK_COMPLETE")

        reason = move.failure(stack, "Reboot")
        said = re.search(r"```text\n(.*?)\n```", PAGE, re.DOTALL)[1]
        for problem in said.split("; "):
            assert problem in reason
        assert move.seen() == original

    def test_cfn_lint_names_the_lines_to_drop(self, tmp_path):
        file = tmp_path / "pasted.yaml"
        file.write_text(self.pasted())

        lint = cfn_lint("--append-rules", "schema/", "--", file)

        assert lint.returncode != 0
        assert "jobTemplateArn" in lint.stdout
        assert "createdAt" in lint.stdout

    def pasted(self):
        kept = page("by-hand-1.yaml")
        return edited(
            kept,
            ('      "Adopt": true,\n', '      "Adopt": true,\n' + "".join(
                f'      "{key}": "{self.printed[key]}",\n' for key in ("jobTemplateArn", "createdAt")
            )),
        )

    def test_without_these_lines_it_is_taken_over(self, move):
        original = move.make_by_hand()

        stack = move.create(page("by-hand-1.yaml"))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "Reboot"), NOBODY)

        move.update(stack, without_adopt(page("by-hand-1.yaml")))
        assert is_same(move.seen(), original)

        move.delete(stack)
        assert move.is_gone()

    def test_without_adopt_the_error_says_what_to_write(self, move):
        original = move.make_by_hand()

        stack = move.create(without_adopt(page("by-hand-1.yaml")), expect="ROLLBACK_COMPLETE")

        assert '"Adopt: true"' in move.failure(stack, "Reboot")
        assert move.seen() == original

    def test_a_stack_that_fails_gives_it_back(self, move):
        original = move.make_by_hand()

        move.create_and_fail_after("Reboot", page("by-hand-1.yaml"))

        assert move.seen() == original

    def test_a_stack_that_is_deleted_gives_it_back(self, move):
        original = move.make_by_hand()
        stack = move.create(page("by-hand-1.yaml"))

        move.delete(stack)

        assert move.seen() == original

    def test_a_later_update_that_fails_leaves_it(self, move):
        original = move.make_by_hand()
        stack = move.create(page("by-hand-1.yaml"))

        move.update_and_fail_after("Reboot", stack, without_adopt(page("by-hand-1.yaml")))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "Reboot"), NOBODY)

        move.delete(stack)
        assert move.seen() == original


class TestAResourceThatHasATemplateAlready:
    """It takes over another by its id, and CloudFormation deletes the one that it had."""

    own = edited(without_adopt(page("by-hand-1.yaml")), ('"jobTemplateId": "reboot"', '"jobTemplateId": "its-own"'))

    def test_takes_the_other(self, aws, move):
        original = move.make_by_hand()
        stack = move.create(self.own)

        move.update(stack, page("by-hand-1.yaml"))

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "Reboot"), NOBODY)
        assert aws.job_template_ids() == ["reboot"]

    def test_has_its_own_back_after_an_update_that_fails_and_gives_the_other_back(self, aws, move):
        original = move.make_by_hand()
        stack = move.create(self.own)
        its_own = aws.job_template("its-own")

        move.update_and_fail_after("Reboot", stack, page("by-hand-1.yaml"))

        assert move.seen() == original
        assert is_same(aws.job_template("its-own"), its_own)


class TestAnotherLogicalId:
    def test_one_update_and_it_is_the_new_ones_own(self, move):
        stack = move.create(FLEET)
        original = move.seen()

        move.update(stack, RENAMED)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootDevice"), NO_TAGS)

        move.update(stack, without_adopt(RENAMED))
        assert is_same(move.seen(), original)

        move.delete(stack)
        assert move.is_gone()

    def test_once_it_has_succeeded_it_is_deleted_with_its_stack_adopt_or_not(self, move):
        stack = move.create(FLEET)
        move.update(stack, RENAMED)

        move.delete(stack)

        assert move.is_gone()

    def test_an_update_that_fails_gives_it_back(self, move):
        stack = move.create(FLEET)
        original = move.seen()

        move.update_and_fail_after("RebootDevice", stack, RENAMED)
        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(stack, "Reboot")

        # And once more, without the sibling.
        move.update(stack, RENAMED)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootDevice"), NO_TAGS)

    def test_without_adopt_the_error_says_what_to_write(self, move):
        stack = move.create(FLEET)
        original = move.seen()

        move.update(stack, without_adopt(RENAMED), expect="UPDATE_ROLLBACK_COMPLETE")

        assert '"Adopt: Reboot"' in move.failure(stack, "RebootDevice")
        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(stack, "Reboot")

    def test_one_that_named_itself_keeps_its_id(self, aws, move):
        stack = move.create(without_line(FLEET, "      JobTemplateId: reboot"))
        [its_id] = aws.job_template_ids()
        original = aws.job_template(its_id)

        move.update(stack, edited(RENAMED, ("JobTemplateId: reboot", f"JobTemplateId: {its_id}")))

        assert is_same(aws.job_template(its_id), original)
        assert owners(aws.job_template(its_id)) == (of(stack, "RebootDevice"), NO_TAGS)

    def test_what_was_nobodys_stays_nobodys_to_give_back_to(self, move):
        original = move.make_by_hand()
        text = edited(FLEET, ("      JobTemplateId", "      Adopt: true\n      JobTemplateId"))
        stack = move.create(text)

        move.update(stack, RENAMED)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootDevice"), NOBODY)

        move.delete(stack)
        assert move.seen() == original

    def test_what_was_nobodys_is_the_stacks_own_once_adopt_is_gone(self, move):
        move.make_by_hand()
        stack = move.create(edited(FLEET, ("      JobTemplateId", "      Adopt: true\n      JobTemplateId")))
        move.update(stack, RENAMED)

        move.update(stack, without_adopt(RENAMED))
        move.delete(stack)

        assert move.is_gone()

    def test_a_move_that_fails_does_not_end_it(self, move):
        original = move.make_by_hand()
        text = edited(FLEET, ("      JobTemplateId", "      Adopt: true\n      JobTemplateId"))
        stack = move.create(text)

        move.update_and_fail_after("RebootDevice", stack, RENAMED)
        move.delete(stack)

        assert move.seen() == original

    def test_and_back(self, move):
        stack = move.create(FLEET)
        original = move.seen()
        move.update(stack, RENAMED)

        back = edited(RENAMED, ("  RebootDevice:\n", "  Reboot:\n"), ("Adopt: Reboot\n", "Adopt: RebootDevice\n"))
        move.update(stack, back)

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "Reboot"), NO_TAGS)


class TestAnotherStack:
    @pytest.mark.parametrize("goes", ["resource", "stack"])
    def test_the_new_stack_first_then_the_old_one_lets_go(self, move, goes):
        old = move.create(FLEET)
        original = move.seen()

        new = move.create(page("another-stack-1.yaml", old))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "Reboot"), of(old, "Reboot"))

        if goes == "resource":
            move.update(old, NOTHING_ELSE)
        else:
            move.delete(old)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "Reboot"), NO_TAGS)

        move.update(new, without_adopt(page("another-stack-1.yaml", old)))
        assert is_same(move.seen(), original)

        move.delete(new)
        assert move.is_gone()

    def test_a_new_stack_that_fails_gives_it_back(self, move):
        old = move.create(FLEET)
        original = move.seen()

        move.create_and_fail_after("Reboot", page("another-stack-1.yaml", old))

        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(old, "Reboot")

    def test_a_new_stack_that_is_deleted_before_the_old_one_lets_go_gives_it_back(self, move):
        old = move.create(FLEET)
        original = move.seen()
        new = move.create(page("another-stack-1.yaml", old))

        move.delete(new)
        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(old, "Reboot")

        # It is the old one's as before: to be changed, and to be deleted.
        move.update(old, edited(FLEET, ("InMinutes: 60", "InMinutes: 90")))
        move.delete(old)
        assert move.is_gone()

    @pytest.mark.parametrize("goes_first", ["old", "new"])
    def test_renamed_in_between_the_move_goes_on(self, move, goes_first):
        old = move.create(FLEET)
        original = move.seen()
        new = move.create(page("another-stack-1.yaml", old))

        move.update(new, RENAMED)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "RebootDevice"), of(old, "Reboot"))

        move.delete(old if goes_first == "old" else new)
        assert is_same(move.seen(), original)
        if goes_first == "old":
            assert owners(move.seen()) == (of(new, "RebootDevice"), NO_TAGS)
        else:
            assert owners(move.seen())[0] == of(old, "Reboot")

        move.delete(new if goes_first == "old" else old)
        assert move.is_gone()

    def test_meanwhile_the_old_stack_changes_nothing(self, move):
        old = move.create(FLEET)
        move.create(page("another-stack-1.yaml", old))
        between = move.seen()

        changed = edited(FLEET, ("InMinutes: 60", "InMinutes: 90"))
        move.update(old, changed, expect="UPDATE_ROLLBACK_COMPLETE")

        assert move.seen() == between

    def test_after_the_move_it_is_deleted_with_the_new_stack_adopt_or_not(self, move):
        old = move.create(FLEET)
        new = move.create(page("another-stack-1.yaml", old))
        move.delete(old)

        move.delete(new)

        assert move.is_gone()

    def test_the_other_way_round_it_is_deleted(self, move):
        old = move.create(FLEET)

        move.update(old, NOTHING_ELSE)

        assert move.is_gone()


class TestAnotherProvider:
    moved = page("another-provider-1.yaml")

    def test_while_the_old_one_is_there(self, second_provider, move):
        stack = move.create(FLEET)
        original = move.seen()

        move.update(stack, self.moved)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootDevice"), NO_TAGS)

        move.delete(stack)
        assert move.is_gone()

    def test_an_update_that_fails_gives_it_back(self, second_provider, move):
        stack = move.create(FLEET)
        original = move.seen()

        move.update_and_fail_after("RebootDevice", stack, self.moved)

        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(stack, "Reboot")

    def test_after_the_old_one_is_gone(self, aws, second_provider, old_provider, move):
        stack = move.create(old_provider.fleet())
        original = move.seen()
        old_provider.delete()

        move.update(stack, self.moved)
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(stack, "RebootDevice"), of(stack, "Reboot"))
        assert "DELETE_FAILED" in [status for resource, status, _ in aws.events(stack) if resource == "Reboot"]

        move.update(stack, without_adopt(self.moved))
        assert is_same(move.seen(), original)

        # MiniStack keeps the resource that it could not delete, and tries it again.
        cloudformation = aws.client("cloudformation")
        move.delete(stack, expect="DELETE_FAILED")
        cloudformation.delete_stack(StackName=stack["StackId"], RetainResources=["Reboot"])
        aws.settled(stack["StackId"], "DELETE_COMPLETE")
        assert move.is_gone()

    def test_while_adopt_is_there_the_template_stays_though_nobody_lets_go(self, second_provider, old_provider, move):
        stack = move.create(old_provider.fleet())
        original = move.seen()
        old_provider.delete()
        move.update(stack, self.moved)

        move.delete(stack, expect="DELETE_FAILED")

        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(stack, "Reboot")

    def test_a_function_of_the_old_name_answers_in_its_place(self, old_provider, move):
        stack = move.create(old_provider.fleet())
        original = move.seen()
        old_provider.delete()
        old_provider.make()

        move.update(stack, edited(old_provider.fleet(), ("Description: Reboot the device", "Description: Reboot")))
        assert move.seen()["description"] == "Reboot"
        assert owners(move.seen()) == owners(original)

        move.delete(stack)
        assert move.is_gone()


@pytest.fixture
def old_provider(aws, function_zip):
    provider = OldProvider(aws, function_zip)
    provider.make()
    yield provider
    provider.delete()


class OldProvider:
    """A function of a name of its own, with the provider's role: what the page makes under the old one's name."""

    name = "iot-job-template-Function-OLD"

    def __init__(self, aws, function_zip):
        self._aws = aws
        self._zip = function_zip
        self._is_there = False

    def make(self):
        template = aws_functions_configuration(self._aws)
        self._aws.client("lambda").create_function(
            FunctionName=self.name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Architectures=template["Architectures"],
            Timeout=template["Timeout"],
            Role=template["Role"],
            Code={"ZipFile": self._zip.read_bytes()},
        )
        self._is_there = True

    def delete(self):
        if self._is_there:
            self._aws.client("lambda").delete_function(FunctionName=self.name)
        self._is_there = False

    def fleet(self):
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"
        return edited(FLEET, (f"!ImportValue {PROVIDER_STACK}-ServiceToken", arn))


def aws_functions_configuration(aws):
    [output] = [output for output in aws.provider["Outputs"] if output["OutputKey"] == "ServiceToken"]
    return aws.client("lambda").get_function_configuration(FunctionName=output["OutputValue"])


class TestAfterRetain:
    def left_behind(self, move):
        """A stack that is gone, and the template that it left."""
        old = move.create(page("out-1.yaml"))
        original = move.seen()
        move.delete(old)
        assert move.seen() == original
        return old, original

    def test_it_is_taken_from_the_owner_that_is_gone(self, move):
        old, original = self.left_behind(move)

        new = move.create(page("after-retain-1.yaml", old))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "RebootAgain"), of(old, "Reboot"))

        move.update(new, without_adopt(page("after-retain-1.yaml", old)))
        assert is_same(move.seen(), original)

        move.delete(new)
        assert move.is_gone()

    def test_without_adopt_the_error_says_what_to_write(self, move):
        old, original = self.left_behind(move)

        text = without_adopt(page("after-retain-1.yaml", old))
        failed = move.create(text, expect="ROLLBACK_COMPLETE")
        line = re.search(r'"(Adopt: .+?)"', move.failure(failed, "RebootAgain"))[1]
        assert move.seen() == original

        assert line in page("after-retain-1.yaml", old)
        new = move.create(edited(text, ("    Properties:\n", f"    Properties:\n      {line}\n")))
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "RebootAgain"), of(old, "Reboot"))

    @pytest.mark.parametrize("ends", ["fails", "is deleted"])
    def test_while_adopt_is_there_it_goes_back_to_the_owner_that_is_gone(self, move, ends):
        old, original = self.left_behind(move)
        text = page("after-retain-1.yaml", old)

        if ends == "fails":
            move.create_and_fail_after("RebootAgain", text)
        else:
            move.delete(move.create(text))

        assert is_same(move.seen(), original)
        assert owners(move.seen())[0] == of(old, "Reboot")

    def test_with_its_tags_removed_it_is_nobodys(self, move):
        old, original = self.left_behind(move)
        move.remove_tags()

        new = move.create(edited(page("after-retain-1.yaml", old), (f"{old['StackId']}/Reboot", "true")))

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "RebootAgain"), NOBODY)

    def test_retain_resources_leaves_it_as_retain_does(self, aws, old_provider, move):
        old = move.create(old_provider.fleet())
        original = move.seen()
        old_provider.delete()
        move.delete(old, expect="DELETE_FAILED")
        aws.client("cloudformation").delete_stack(StackName=old["StackId"], RetainResources=["Reboot"])
        aws.settled(old["StackId"], "DELETE_COMPLETE")
        assert move.seen() == original

        new = move.create(page("after-retain-1.yaml", old))

        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (of(new, "RebootAgain"), of(old, "Reboot"))


class TestOut:
    retained = page("out-1.yaml")

    @pytest.mark.parametrize("goes", ["resource", "stack"])
    def test_retain_and_leave(self, move, goes):
        stack = move.create(without_line(self.retained, "    DeletionPolicy: Retain # this line is new"))
        original = move.seen()
        move.update(stack, self.retained)
        assert is_same(move.seen(), original)

        if goes == "resource":
            move.update(stack, NOTHING_ELSE)
        else:
            move.delete(stack)
        assert is_same(move.seen(), original)

        move.remove_tags()
        assert is_same(move.seen(), original)
        assert owners(move.seen()) == (NO_TAGS, NO_TAGS)

    def test_what_was_nobodys_is_given_back_while_adopt_is_there(self, move):
        original = move.make_by_hand()
        stack = move.create(page("by-hand-1.yaml"))

        move.update(stack, NOTHING_ELSE)

        assert move.seen() == original

    def test_ministack_cannot_import_an_aws_iot_job_template(self, aws, move):
        """Should it learn to, the page says that it was not tried: then try it here, and say so there."""
        move.make_by_hand()
        stack = move.create(NOTHING_ELSE)
        resource = {
            "ResourceType": "AWS::IoT::JobTemplate",
            "LogicalResourceId": "RebootTemplate",
            "ResourceIdentifier": {"JobTemplateId": "reboot"},
        }
        assert json.dumps([resource]) in re.sub(r"\n +", " ", PAGE)
        template = page("out-2.yaml") + NOTHING_ELSE.removeprefix("Resources:\n")
        cloudformation = aws.client("cloudformation")

        with pytest.raises(ClientError):
            change_set = cloudformation.create_change_set(
                StackName=stack["StackId"],
                ChangeSetName="import",
                ChangeSetType="IMPORT",
                TemplateBody=template,
                ResourcesToImport=[resource],
            )
            cloudformation.execute_change_set(ChangeSetName=change_set["Id"])

    def test_what_the_import_declares_is_what_is_there(self, aws, move):
        """What can be tried of the import: AWS::IoT::JobTemplate makes the same template of these properties."""
        move.delete(move.create(page("out-2.yaml")))  # Retained.
        imported = move.seen()
        aws.client("iot").delete_job_template(jobTemplateId="reboot")

        made = move.make_by_hand()

        assert made | {"createdAt": imported["createdAt"], "tags": imported["tags"]} == imported


class TestUninstall:
    def test_the_stacks_first_the_provider_last(self, aws, second_provider, move):
        stack = move.create(without_adopt(page("another-provider-1.yaml")))
        cloudformation = aws.client("cloudformation")
        imports = cloudformation.list_imports(ExportName=f"{SECOND_PROVIDER}-ServiceToken")["Imports"]
        assert imports == [stack["StackName"]]

        with pytest.raises(ClientError, match="imported by"):
            cloudformation.delete_stack(StackName=SECOND_PROVIDER)

        move.delete(stack)
        assert move.is_gone()
        aws.delete_stack(second_provider)
