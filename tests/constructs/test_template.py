"""The provider that the library makes, beside the one of template.yaml."""

import json

import cfnlint.decode.cfn_yaml
import pytest
import toolchain


@pytest.fixture(scope="module")
def of_the_library(bootstrapped):
    """A stack with whatever a template can need of the provider's role."""
    template = bootstrapped.synthesised(bootstrapped.language.example.read_text())
    return json.loads(template)["Resources"]


@pytest.fixture(scope="module")
def of_template_yaml():
    return cfnlint.decode.cfn_yaml.load(str(toolchain.ROOT / "template.yaml"))["Resources"]


# Of template.yaml's parameters those that the example app has, in its own way, set.
SET = {None, "PassesRoles", "ReadsDocuments"}


def test_the_function_may_do_the_same(of_the_library, of_template_yaml):
    roles_of_others = ("Download", "Operator")
    theirs = statements({name: r for name, r in of_the_library.items() if not name.startswith(roles_of_others)})
    ours = statements({name: r for name, r in of_template_yaml.items() if r.get("Condition") in SET})

    # Which role and which object is for the one to say in parameters, for the other in the app.
    assert sorted(map(granted, theirs)) == sorted(map(granted, ours))


def test_the_function_is_set_up_the_same(of_the_library, of_template_yaml):
    [library] = [r["Properties"] for r in of_the_library.values() if r["Type"] == "AWS::Lambda::Function"]
    ours = of_template_yaml["Function"]["Properties"]

    for name in ("Description", "Handler", "Runtime", "MemorySize"):
        assert library[name] == ours[name]
    assert library["LoggingConfig"]["LogFormat"] == ours["LoggingConfig"]["LogFormat"]
    assert values_of("MaximumEventAgeInSeconds", of_the_library) == values_of("MaximumEventAgeInSeconds", of_template_yaml)


def statements(resources):
    """What the roles and policies among these allow."""
    properties = [r["Properties"] for r in resources.values() if r["Type"] in ("AWS::IAM::Role", "AWS::IAM::Policy")]
    policies = [policy for each in properties for policy in each.get("Policies", [each])]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def values_of(key, value):
    """All that is anywhere under this key."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, each in inner for found in ([each] if name == key else values_of(key, each))]


def granted(statement):
    """A statement in words that can be compared: the actions, the IoT resources, the condition."""
    actions = as_list(statement["Action"])
    resources = [arn(resource) for resource in as_list(statement["Resource"])]
    kinds = sorted(resource if ":iot:" in resource else "one" for resource in resources)
    return json.dumps([statement["Effect"], sorted(actions), kinds, statement.get("Condition")], sort_keys=True)


def as_list(value):
    return value if isinstance(value, list) else [value]


def arn(resource):
    """An ARN as Fn::Sub writes it."""
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return resource["Fn::Sub"]
    if isinstance(resource, dict) and "Fn::Join" in resource:
        separator, parts = resource["Fn::Join"]
        return separator.join(part if isinstance(part, str) else f"${{{part.get('Ref', '?')}}}" for part in parts)
    return json.dumps(resource)
