"""tests/facts against MiniStack: what it sees there is as expected, but for what is listed here."""

import json
import os
import signal
import subprocess
import sys

import botocore.exceptions
import facts
import pytest
import toolchain
from local_aws import CREDENTIALS

COMMAND = [sys.executable, str(toolchain.ROOT / "tests" / "facts")]
PAGE = toolchain.ROOT / "docs" / "facts.md"

# Where MiniStack 1.5.33 is other than the service, or than what is expected of it: what it says, and why that is its own.
# What it no longer does has to go from here.
DIFFERENCES = {
    "rollout-both-counts": ("accepted", "checks it on UpdateJob only"),
    "rollout-without-maximum": ("accepted", "checks it on UpdateJob only"),
    "description-joiner": ("accepted", "checks no description but whether there is one"),
    "description-2029": ("accepted", "checks no description but whether there is one"),
    "list-tags-of-absent": ("accepted", "lists the tags of any ARN; not measured on the service"),
    "quota-of-templates": (
        "could not be asked: ClientError: An error occurred (400) when calling the GetServiceQuota operation: ",
        "has no Service Quotas",
    ),
    "response-url": ("no date, but nothing", "hands out a URL of its own, which is not signed"),
    "failed-create": ("Create -", "sends no Delete after a Create that failed"),
    "cancelled-create": ("0 Deletes, none of it", "cancels nothing: one resource after the other"),
    "retried-update": (
        "could not be asked: ClientError: An error occurred (ValidationError) when calling the UpdateStack operation: "
        "Stack [ID-stack] is in UPDATE_FAILED state and cannot be updated",
        "takes no update after a preserved failure",
    ),
}


def ask(aws, *options, **more):
    environment = os.environ | CREDENTIALS
    return subprocess.Popen(
        [*COMMAND, "--endpoint-url", aws.endpoint, *options],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.waits
def test_ministack_is_as_expected_or_as_listed_and_nothing_is_left_behind(aws, tmp_path):
    """One test, so that all is asked once, however many work."""
    with ask(aws, "--yes", "--stacks", "--json", str(tmp_path / "seen.json")) as process:
        process.communicate()

    probes = {fact.name: fact for fact in facts.all_facts() if fact.probe}
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert list(seen) == list(probes)
    different = {name: saw for name, saw in seen.items() if not probes[name].is_as(saw)}
    assert different == {name: saw for name, (saw, _) in DIFFERENCES.items()}
    assert aws.job_template_ids() == []
    assert aws.client("iot").list_things()["things"] == []
    for names in (
        [stack["StackName"] for stack in aws.client("cloudformation").describe_stacks()["Stacks"]],
        [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]],
        [role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]],
    ):
        assert [name for name in names if name.startswith("facts-")] == []


def test_nothing_is_made_without_a_yes(aws):
    with ask(aws, "--only", "conflict") as process:
        table, said = process.communicate("no\n")

    assert process.returncode == 1
    assert "Go on? [y/N]" in said
    assert table == ""


def test_ctrl_c_takes_away_what_was_made(aws):
    # Over and over the one that is at work for longest; it is broken off at the first sign of life.
    # Where tests run in the background, they ignore Ctrl-C, and what they start would.
    heeds = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with ask(aws, "--yes", "--only", *["tags-visible"] * 50, **heeds) as process:
        heading = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        process.communicate()

    assert heading[2], "nothing was asked"
    assert process.returncode == 128 + signal.SIGINT
    assert aws.job_template_ids() == []


def test_what_cannot_be_taken_away_is_told():
    refused = botocore.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteBucket")

    def undo():
        raise refused

    with facts.Account(None) as account:
        account.afterwards("bucket b", undo)

    assert account.left_behind == [f"bucket b: {refused}"]


def test_names_are_short_enough_for_all_that_is_named_after_them():
    names = [fact.name for fact in facts.all_facts()]

    assert len(set(names)) == len(names)
    # A job template has 64 characters, a bucket 63; in front is facts-01234567-, at the end up to -equipment.
    assert max(map(len, names)) <= 63 - 15 - 10


def test_the_page_lists_the_facts():
    assert facts.page() in PAGE.read_text(), "tests/facts --write writes it anew"
