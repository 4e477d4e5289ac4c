"""Stacks created, updated, rolled back and deleted; each state read back from IoT."""

import json
import re

import pytest
from conftest import job_template, own_tags, without_request
from local_aws import DOCUMENT, DOCUMENT_BUCKET, EXAMPLE, ROLE_ARN

TOO_LONG = {"InProgressTimeoutInMinutes": 20_000}
AN_HOUR = {"InProgressTimeoutInMinutes": 60}
TWO_HOURS = {"InProgressTimeoutInMinutes": 120}

# What IoT describes of the four job templates of examples/job-templates.yaml, other than id, ARN, time and tags.
EXAMPLES = {
    "device-update-template": {
        "description": "Basic job template for device updates",
        "document": "{}",
        "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
    },
    "maintenance-job-template": {
        "description": "Advanced job template for device maintenance",
        "document": '{"operation":"updateFirmware","version":"1.2.3"}',
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 3}]},
        "abortConfig": {
            "criteriaList": [
                {
                    "failureType": "FAILED",
                    "action": "CANCEL",
                    "thresholdPercentage": 0.01,
                    "minNumberOfExecutedThings": 1,
                }
            ]
        },
        "maintenanceWindows": [{"startTime": "cron(0 0 1 10 ? 2023)", "durationInMinutes": 120}],
    },
    "presigned-url-job-template": {
        "description": "Job template with presigned URL for document access",
        "documentSource": "https://my-bucket.s3.amazonaws.com/job-documents/updateFirmware.json",
        "document": DOCUMENT,
        "presignedUrlConfig": {"roleArn": ROLE_ARN, "expiresInSec": 3600},
    },
    "rollout-job-template": {
        "description": "Job template with rollout configuration",
        "document": "{}",
        "jobExecutionsRolloutConfig": {
            "maximumPerMinute": 10,
            "exponentialRate": {
                "baseRatePerMinute": 1,
                "incrementFactor": 2.0,
                "rateIncreaseCriteria": {"numberOfSucceededThings": 1},
            },
        },
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 5}]},
    },
}


@pytest.fixture(scope="class")
def example_stack(aws):
    stack = aws.create_stack("job-templates", EXAMPLE.read_text())
    yield stack
    aws.delete_stack(stack)


class TestExamples:
    @pytest.mark.parametrize("template_id", EXAMPLES)
    def test_each_becomes_the_job_template_that_it_says(self, aws, example_stack, template_id):
        described = aws.job_template(template_id)

        for different in ("jobTemplateId", "jobTemplateArn", "createdAt", "tags"):
            del described[different]
        assert described == EXAMPLES[template_id]

    def test_there_are_no_others(self, aws, example_stack):
        assert aws.job_template_ids() == sorted(EXAMPLES)

    def test_tags_are_the_users_and_the_owners(self, aws, example_stack):
        tags = aws.job_template("device-update-template")["tags"]

        # When, which request, and the fingerprint of what it was made from.
        assert re.fullmatch(r"(-|\d{8}T\d{6}Z) [0-9a-f]{16} [0-9a-f]{32}", tags.pop("cloudformation:request"))
        assert tags == {
            "Environment": "Production",
            "cloudformation:stack-id": example_stack["StackId"],
            "cloudformation:logical-id": "BasicJobTemplate",
        }

    def test_ref_gives_the_id_and_getatt_the_arn(self, aws, example_stack):
        outputs = {output["OutputKey"]: output["OutputValue"] for output in example_stack["Outputs"]}

        assert outputs == {
            "BasicJobTemplateId": "device-update-template",
            "BasicJobTemplateArn": aws.job_template("device-update-template")["jobTemplateArn"],
        }


class TestCreate:
    def test_names_all_that_is_wrong_in_one_event(self, aws, stacks):
        stack = stacks.create(
            expect="ROLLBACK_COMPLETE",
            Bad=job_template(
                JobTemplateId="no spaces please",
                TimeoutConfig=TOO_LONG,
                AbortConfig={"CriteriaList": [{"FailureType": "BROKEN"}]},
            ),
        )

        [reason] = failures(aws, stack, "Bad", "CREATE_FAILED")
        for path in ("JobTemplateId", "TimeoutConfig.InProgressTimeoutInMinutes", "AbortConfig.CriteriaList[0].FailureType"):
            assert path in reason
        for written in ("no spaces please", "20000", "BROKEN"):
            assert written in reason

    def test_with_bad_properties_makes_nothing(self, aws, stacks):
        stacks.create(expect="ROLLBACK_COMPLETE", Bad=job_template(JobTemplateId="bad", TimeoutConfig=TOO_LONG))

        assert aws.job_template_ids() == []

    def test_is_undone_when_a_sibling_fails(self, aws, stacks):
        stacks.create(
            expect="ROLLBACK_COMPLETE",
            Good=job_template(JobTemplateId="good"),
            Bad=job_template(depends_on=["Good"], TimeoutConfig=TOO_LONG),
        )

        assert aws.job_template_ids() == []

    def test_takes_no_template_of_another_stack(self, aws, stacks):
        stacks.create(First=job_template(JobTemplateId="wanted-by-two", Description="The first"))
        before = aws.job_template("wanted-by-two")

        second = stacks.create(
            expect="ROLLBACK_COMPLETE", Second=job_template(JobTemplateId="wanted-by-two", Description="The second")
        )

        [reason] = failures(aws, second, "Second", "CREATE_FAILED")
        assert before["tags"]["cloudformation:stack-id"] in reason
        assert aws.job_template("wanted-by-two") == before


class TestUpdate:
    def test_changes_tags_in_place(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "1", "removed": "1"}))
        before = aws.job_template("it")

        stacks.update(stack, It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "2", "added": "1"}))

        after = aws.job_template("it")
        assert own_tags(after) == {"kept": "1", "changed": "2", "added": "1"}
        # A template made anew would have a time of its own.
        assert after["createdAt"] == before["createdAt"]

    def test_leaves_tags_that_others_put_there(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", Tags={"ours": "1"}))
        by_hand = [{"Key": "theirs", "Value": "1"}]
        aws.client("iot").tag_resource(resourceArn=aws.job_template("it")["jobTemplateArn"], tags=by_hand)

        stacks.update(stack, It=job_template(JobTemplateId="it", Tags={"ours": "2"}))

        assert own_tags(aws.job_template("it")) == {"ours": "2", "theirs": "1"}

    def test_changes_content_under_a_fixed_id(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", TimeoutConfig=AN_HOUR, Tags={"a": "1"}))

        stacks.update(stack, It=job_template(JobTemplateId="it", TimeoutConfig=TWO_HOURS, Tags={"a": "1"}))

        after = aws.job_template("it")
        assert after["timeoutConfig"] == {"inProgressTimeoutInMinutes": 120}
        assert own_tags(after) == {"a": "1"}
        assert physical_id(aws, stack, "It") == "it"

    def test_changes_what_a_shorthand_stands_for(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", JobExecutionsRetryConfig={"RetryAttempts": 5}))

        stacks.update(stack, It=job_template(JobTemplateId="it", JobExecutionsRetryConfig={"RetryAttempts": 10}))

        assert aws.job_template("it")["jobExecutionsRetryConfig"] == {
            "criteriaList": [{"failureType": "ALL", "numberOfRetries": 10}]
        }

    def test_replaces_a_template_that_names_itself_when_its_content_changes(self, aws, stacks):
        stack = stacks.create(It=job_template(TimeoutConfig=AN_HOUR))
        before = physical_id(aws, stack, "It")

        stacks.update(stack, It=job_template(TimeoutConfig=TWO_HOURS))

        after = physical_id(aws, stack, "It")
        assert after != before
        assert aws.job_template_ids() == [after]

    def test_keeps_a_template_that_names_itself_when_only_tags_change(self, aws, stacks):
        stack = stacks.create(It=job_template(Tags={"a": "1"}))
        before = physical_id(aws, stack, "It")

        stacks.update(stack, It=job_template(Tags={"a": "2"}))

        assert physical_id(aws, stack, "It") == before
        assert own_tags(aws.job_template(before)) == {"a": "2"}

    def test_replaces_a_template_whose_id_changes(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="old-name"))

        stacks.update(stack, It=job_template(JobTemplateId="new-name"))

        assert aws.job_template_ids() == ["new-name"]

    def test_makes_a_template_again_that_someone_deleted(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", Tags={"a": "1"}))
        aws.client("iot").delete_job_template(jobTemplateId="it")

        stacks.update(stack, It=job_template(JobTemplateId="it", Tags={"a": "2"}))

        assert own_tags(aws.job_template("it")) == {"a": "2"}

    def test_puts_back_tags_that_someone_stripped(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "1"}))
        before = aws.job_template("it")
        aws.client("iot").untag_resource(resourceArn=before["jobTemplateArn"], tagKeys=list(before["tags"]))

        stacks.update(stack, It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "2"}))

        after = aws.job_template("it")
        assert without_request(after)["tags"] == without_request(before)["tags"] | {"changed": "2"}
        assert after["createdAt"] == before["createdAt"]

    def test_reads_the_document_again_when_the_revision_changes(self, aws, stacks):
        source = put_document(aws, "first")
        stack = stacks.create(It=job_template(JobTemplateId="it", DocumentSource=source, Revision=1, Tags={"a": "1"}))
        put_document(aws, "second")

        stacks.update(stack, It=job_template(JobTemplateId="it", DocumentSource=source, Revision=2, Tags={"a": "1"}))

        after = aws.job_template("it")
        assert json.loads(after["document"]) == {"document": "second"}
        assert own_tags(after) == {"a": "1"}

    def test_deletes_what_the_stack_no_longer_declares(self, aws, stacks):
        stack = stacks.create(Stays=job_template(JobTemplateId="stays"), Goes=job_template(JobTemplateId="goes"))

        stacks.update(stack, Stays=job_template(JobTemplateId="stays"))

        assert aws.job_template_ids() == ["stays"]


class TestUpdateRolledBack:
    """After a failed update a template is as it was before: what it says, its tags, and its id."""

    def test_for_its_own_bad_properties(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", TimeoutConfig=AN_HOUR, Tags={"a": "1"}))
        before = without_request(aws.job_template("it"))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(JobTemplateId="it", TimeoutConfig=TOO_LONG, Tags={"a": "2"}),
        )

        assert without_request(aws.job_template("it")) == before
        [reason] = failures(aws, stack, "It", "UPDATE_FAILED")
        assert "TimeoutConfig.InProgressTimeoutInMinutes" in reason

    def test_for_a_siblings_when_it_was_changed_under_its_id(self, aws, stacks):
        old = job_template(JobTemplateId="it", TimeoutConfig=AN_HOUR, Tags={"a": "1"})
        stack = stacks.create(It=old)
        before = without_request(aws.job_template("it"))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(JobTemplateId="it", TimeoutConfig=TWO_HOURS, Tags={"a": "2"}),
            Bad=job_template(depends_on=["It"], TimeoutConfig=TOO_LONG),
        )

        # Made anew with the old content, so only the time is another.
        assert without_request(aws.job_template("it")) | {"createdAt": before["createdAt"]} == before

    def test_for_a_siblings_when_only_tags_were_changed(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "1", "removed": "1"}))
        before = without_request(aws.job_template("it"))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(JobTemplateId="it", Tags={"kept": "1", "changed": "2", "added": "1"}),
            Bad=job_template(depends_on=["It"], TimeoutConfig=TOO_LONG),
        )

        assert without_request(aws.job_template("it")) == before

    def test_when_iot_refuses_to_make_it_anew(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it", TimeoutConfig=AN_HOUR, Tags={"a": "1"}))
        before = without_request(aws.job_template("it"))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(JobTemplateId="it", DocumentSource=document_url("job-documents/gone.json"), Tags={"a": "2"}),
        )

        [reason] = failures(aws, stack, "It", "UPDATE_FAILED")
        assert "CreateJobTemplate" in reason
        assert "The old job template was restored" in reason
        assert without_request(aws.job_template("it")) | {"createdAt": before["createdAt"]} == before

    def test_when_its_new_id_is_another_stacks(self, aws, stacks):
        stacks.create(Theirs=job_template(JobTemplateId="theirs"))
        stack = stacks.create(It=job_template(JobTemplateId="it"))
        before, theirs = without_request(aws.job_template("it")), aws.job_template("theirs")

        stacks.update(stack, expect="UPDATE_ROLLBACK_COMPLETE", It=job_template(JobTemplateId="theirs"))

        assert without_request(aws.job_template("it")) == before
        assert aws.job_template("theirs") == theirs
        assert physical_id(aws, stack, "It") == "it"

    def test_for_a_siblings_when_it_was_given_another_id(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="old-name"))
        before = without_request(aws.job_template("old-name"))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(JobTemplateId="new-name"),
            Bad=job_template(depends_on=["It"], TimeoutConfig=TOO_LONG),
        )

        assert aws.job_template_ids() == ["old-name"]
        assert without_request(aws.job_template("old-name")) == before

    def test_for_a_siblings_when_it_was_replaced(self, aws, stacks):
        stack = stacks.create(It=job_template(TimeoutConfig=AN_HOUR))
        old_id = physical_id(aws, stack, "It")
        before = without_request(aws.job_template(old_id))

        stacks.update(
            stack,
            expect="UPDATE_ROLLBACK_COMPLETE",
            It=job_template(TimeoutConfig=TWO_HOURS),
            Bad=job_template(depends_on=["It"], TimeoutConfig=TOO_LONG),
        )

        assert aws.job_template_ids() == [old_id]
        assert without_request(aws.job_template(old_id)) == before


class TestDelete:
    def test_leaves_nothing(self, aws, stacks):
        stack = stacks.create(One=job_template(JobTemplateId="one"), Two=job_template())

        aws.delete_stack(stack)

        assert aws.job_template_ids() == []

    def test_succeeds_when_someone_deleted_the_template_before(self, aws, stacks):
        stack = stacks.create(It=job_template(JobTemplateId="it"))
        aws.client("iot").delete_job_template(jobTemplateId="it")

        assert aws.delete_stack(stack)["StackStatus"] == "DELETE_COMPLETE"

    def test_leaves_a_template_that_someone_made_in_its_place(self, aws, stacks):
        iot = aws.client("iot")
        stack = stacks.create(It=job_template(JobTemplateId="it"))
        iot.delete_job_template(jobTemplateId="it")
        iot.create_job_template(jobTemplateId="it", description="Somebody's", document="{}")

        aws.delete_stack(stack)

        assert aws.job_template("it")["description"] == "Somebody's"
        iot.delete_job_template(jobTemplateId="it")


def put_document(aws, text):
    """A document that a `DocumentSource` can name; its URL."""
    key = "job-documents/test.json"
    aws.client("s3").put_object(Bucket=DOCUMENT_BUCKET, Key=key, Body=json.dumps({"document": text}))
    return document_url(key)


def document_url(key):
    return f"https://{DOCUMENT_BUCKET}.s3.amazonaws.com/{key}"


def physical_id(aws, stack, logical_id):
    resource = aws.client("cloudformation").describe_stack_resource(
        StackName=stack["StackId"], LogicalResourceId=logical_id
    )
    return resource["StackResourceDetail"]["PhysicalResourceId"]


def failures(aws, stack, logical_id, status):
    """The reasons that the stack's events give for each failure of a resource."""
    return [reason for resource, happened, reason in aws.events(stack) if (resource, happened) == (logical_id, status)]
