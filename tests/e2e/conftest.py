"""What every end-to-end test stands on: one MiniStack with the real template.yaml and the real function."""

import itertools
import json

import pytest
import toolchain
from local_aws import LocalAws, PROVIDER_STACK


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


@pytest.fixture(scope="session")
def bare_aws():
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="session")
def function_zip(bare_aws):
    return toolchain.build_function(bare_aws.directory)


@pytest.fixture(scope="session")
def aws(bare_aws, function_zip):
    bare_aws.start()
    bare_aws.provider = bare_aws.deploy_provider(function_zip)
    return bare_aws


@pytest.fixture
def stacks(aws):
    """Creates stacks of job templates. When the test is over they are deleted, and nothing of them may be left."""
    stacks = Stacks(aws)
    yield stacks
    for stack in stacks.created:
        aws.delete_stack(stack)
    assert aws.job_template_ids() == []


class Stacks:
    _numbers = itertools.count(1)

    def __init__(self, aws):
        self._aws = aws
        self.created = []

    def create(self, expect="CREATE_COMPLETE", **resources):
        stack = self._aws.create_stack(f"test-{next(self._numbers)}", template(resources), expect)
        self.created.append(stack)
        return stack

    def update(self, stack, expect="UPDATE_COMPLETE", **resources):
        return self._aws.update_stack(stack, template(resources), expect)


def template(resources):
    return json.dumps({"Resources": resources})


def job_template(depends_on=(), **properties):
    """A Custom::IoTJobTemplate as a stack declares it, with a description where the test has no word on one."""
    service_token = {"Fn::ImportValue": f"{PROVIDER_STACK}-ServiceToken"}
    return {
        "Type": "Custom::IoTJobTemplate",
        "DependsOn": list(depends_on),
        "Properties": {"ServiceToken": service_token, "Description": "A test", **properties},
    }


def own_tags(described):
    """A job template's tags without the two that say which stack it belongs to."""
    return {key: value for key, value in described["tags"].items() if not key.startswith("cloudformation:")}


def without_request(described):
    """A job template without what is other from request to request: of the words on it only the fingerprint is kept."""
    words = described["tags"]["cloudformation:request"].split(" ")
    return described | {"tags": described["tags"] | {"cloudformation:request": words[2]}}
