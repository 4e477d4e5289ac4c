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


def test_the_function_may_do_the_same(of_the_library, of_template_yaml):
    role = only(of_the_library, "AWS::IAM::Role", lambda name: name.startswith("Provider"))
    needed = only(of_the_library, "AWS::IAM::Policy", lambda name: name.startswith("IoTJobTemplatePermissions"))
    theirs = statements(role) + needed["PolicyDocument"]["Statement"]
    ours = statements(of_template_yaml["Role"]["Properties"])
    for parameter in ("PassPresignedUrlRoles", "ReadDocuments"):
        ours += of_template_yaml[parameter]["Properties"]["PolicyDocument"]["Statement"]

    # Which role and which object is for the one to say in parameters, for the other in the app.
    assert sorted(map(granted, theirs)) == sorted(map(granted, ours))


def test_the_function_is_set_up_the_same(of_the_library, of_template_yaml):
    library = only(of_the_library, "AWS::Lambda::Function", lambda name: name.startswith("Provider"))
    ours = of_template_yaml["Function"]["Properties"]

    for name in ("Description", "Handler", "Runtime", "MemorySize"):
        assert library[name] == ours[name]
    assert library["LoggingConfig"]["LogFormat"] == ours["LoggingConfig"]["LogFormat"]
    events = only(of_the_library, "AWS::Lambda::EventInvokeConfig", lambda _: True)
    ours = of_template_yaml["FunctionEventInvokeConfig"]["Properties"]
    assert events["MaximumEventAgeInSeconds"] == ours["MaximumEventAgeInSeconds"]


def only(resources, kind, named):
    [found] = [r["Properties"] for name, r in resources.items() if r["Type"] == kind and named(name)]
    return found


def statements(role):
    return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]


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
