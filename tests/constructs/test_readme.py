"""The package's README, followed word for word."""

import pytest
from conftest import README
from distribution import edited

REBOOT = {
    "jobTemplateId": "reboot",
    "description": "Reboot the device",
    "document": '{"operation":"reboot","delaySeconds":30}',
    "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
}


def test_the_first_stack_is_synthesised_and_deployed(aws, bootstrapped):
    bootstrapped.write(bootstrapped.first_app)
    for command in bootstrapped.commands:
        bootstrapped.shell(command)

    described = aws.job_template("reboot")
    assert {name: described[name] for name in REBOOT} == REBOOT
    [stack] = aws.client("cloudformation").describe_stacks(StackName="Fleet")["Stacks"]
    assert described["tags"]["cloudformation:stack-id"] == stack["StackId"]
    aws.delete_stack(stack)
    assert aws.job_template_ids() == []


def test_a_mistake_shows_as_the_readme_shows_it(bootstrapped):
    bootstrapped.write(edited(bootstrapped.first_app, ("Duration.hours(1)", "Duration.days(14)")))

    said = bootstrapped.run_app("wrong", check=False)

    [shown] = [line for line in README.splitlines() if line.startswith("Fleet/Reboot is no")]
    assert shown in said


def test_none_is_not_dropped_without_a_word(bootstrapped):
    if bootstrapped.language.name != "Python":
        pytest.skip("of Python only")
    bootstrapped.write(NONES)

    said = bootstrapped.run_app("none")

    for path in ("Document.wait", "Document.steps[1].wait", "Document"):
        assert f"{path}: is None, which could mean null as well as nothing" in said


NONES = """
from iot_job_template_cdk import JobDocument

for content in ({"operation": "reboot", "wait": None}, {"steps": [{}, {"wait": None}]}, None):
    try:
        JobDocument.from_object(content)
    except ValueError as error:
        print(error)
"""
