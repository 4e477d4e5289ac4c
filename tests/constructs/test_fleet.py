"""The example app of each language: deployed, changed, and removed."""

import json

import pytest
from distribution import edited

# What is other in the app, in the words of each language.
CHANGES = {
    "TypeScript": {
        "another tag": [("'team', 'fleet'", "'team', 'devices'")],
        "adopting": [
            ("import { AbortAction", "import { Adopt, AbortAction"),
            ("jobTemplateId: 'reboot',", "jobTemplateId: 'by-hand',\n  adopt: Adopt.unowned(),"),
        ],
    },
    "Python": {
        "another tag": [('"team", "fleet"', '"team", "devices"')],
        "adopting": [
            ("    AbortAction,\n", "    AbortAction,\n    Adopt,\n"),
            ('job_template_id="reboot",', 'job_template_id="by-hand",\n    adopt=Adopt.unowned(),'),
        ],
    },
}
LONGER = ("Duration.hours(1)", "Duration.minutes(90)")

DOCUMENT = json.dumps({"operation": "update", "version": "1.2.4"})


@pytest.fixture(scope="module")
def firmware(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="firmware")
    s3.put_object(Bucket="firmware", Key="jobs/update.json", Body=DOCUMENT)


@pytest.fixture
def fleet(aws, bootstrapped, firmware):
    """The example's stack, and how to deploy the app with some of its words changed."""
    fleet = Fleet(aws, bootstrapped)
    yield fleet
    fleet.remove()


class Fleet:
    def __init__(self, aws, project):
        self._aws, self._project = aws, project
        self._app = project.language.example.read_text()
        self.changes = CHANGES[project.language.name]
        self._stack = None

    def deploy(self, *changes):
        template = self._project.synthesised(edited(self._app, *changes))
        cloudformation = self._aws.client("cloudformation")
        arguments = {"StackName": "Fleet", "TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"]}
        if self._stack is None:
            stack_id = cloudformation.create_stack(**arguments)["StackId"]
            self._stack = self._aws.settled(stack_id, "CREATE_COMPLETE")
        else:
            cloudformation.update_stack(**arguments)
            self._stack = self._aws.settled(self._stack["StackId"], "UPDATE_COMPLETE")
        return self._stack

    def remove(self):
        if self._stack is not None:
            self._aws.delete_stack(self._stack)
            self._stack = None


def test_it_is_deployed_changed_in_place_adopts_and_is_removed(aws, fleet):
    fleet.deploy()
    [update_id] = [template_id for template_id in aws.job_template_ids() if template_id != "reboot"]
    reboot, update = aws.job_template("reboot"), aws.job_template(update_id)
    assert reboot["document"] == '{"operation":"reboot","delaySeconds":30,"force":false}'
    assert reboot["maintenanceWindows"] == [{"startTime": "cron(0 2 ? * SUN *)", "durationInMinutes": 120}]
    assert update["document"] == DOCUMENT
    assert update["abortConfig"]["criteriaList"][0]["thresholdPercentage"] == 12.5
    assert reboot["tags"]["team"] == update["tags"]["team"] == "fleet"

    # A tag, in place; and what needs a template made anew, under its own id.
    fleet.deploy(*fleet.changes["another tag"])
    assert aws.job_template("reboot")["tags"]["team"] == "devices"
    assert aws.job_template("reboot")["createdAt"] == reboot["createdAt"]
    fleet.deploy(LONGER)
    assert aws.job_template("reboot")["timeoutConfig"] == {"inProgressTimeoutInMinutes": 90}
    assert aws.job_template(update_id)["createdAt"] == update["createdAt"]

    fleet.remove()
    assert aws.job_template_ids() == []


def test_what_is_adopted_is_given_back(aws, fleet):
    aws.client("iot").create_job_template(
        jobTemplateId="by-hand",
        description="Reboot the device",
        document='{"operation":"reboot","delaySeconds":30,"force":false}',
        timeoutConfig={"inProgressTimeoutInMinutes": 60},
        maintenanceWindows=[{"startTime": "cron(0 2 ? * SUN *)", "durationInMinutes": 120}],
        tags=[{"Key": "team", "Value": "fleet"}],
    )
    before = aws.job_template("by-hand")

    fleet.deploy(*fleet.changes["adopting"])
    assert aws.job_template("by-hand")["createdAt"] == before["createdAt"]
    assert aws.job_template("by-hand")["tags"]["cloudformation:former-stack-id"] == "none"
    fleet.remove()

    assert aws.job_template("by-hand") == before
    aws.client("iot").delete_job_template(jobTemplateId="by-hand")
