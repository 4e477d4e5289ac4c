"""What template.yaml asks an account for: which permissions, under which parameter, and that nothing is on by itself."""

import json
import tomllib

import distribution
import pytest
from toolchain import ROOT
from yaml_template import conditions_of, read, rendered

TEMPLATE = read((ROOT / "template.yaml").read_text())
RESOURCES = TEMPLATE["Resources"]
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]

# For a role whose parameters are all left alone. src/aws_iot/permissions.rs holds the first to the calls that the code makes.
ALWAYS = {
    "iot:CreateJobTemplate",
    "iot:DeleteJobTemplate",
    "iot:DescribeJobTemplate",
    "iot:ListTagsForResource",
    "iot:TagResource",
    "iot:UntagResource",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
UNDER_A_CONDITION = {
    "PassesRoles": {"iam:PassRole"},
    "ReadsDocuments": {"s3:GetObject"},
    "KeepsFailedEvents": {"sqs:SendMessage"},
    "KeepsFailedEventsUnderKey": {"kms:Decrypt", "kms:GenerateDataKey"},
    "Traces": {"xray:PutTelemetryRecords", "xray:PutTraceSegments"},
}


def statements(resource):
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in document["Statement"]]


def actions(resource, effect="Allow"):
    listed = [statement["Action"] for statement in statements(resource) if statement["Effect"] == effect]
    return {action for some in listed for action in ([some] if isinstance(some, str) else some)}


def policies():
    return {name: it for name, it in RESOURCES.items() if it["Type"] == "AWS::IAM::Policy"}


def test_the_role_may_do_what_the_code_does_and_nothing_else():
    assert actions(RESOURCES["Role"]) == ALWAYS


def test_whatever_else_it_may_do_is_asked_for_by_a_parameter():
    allowed = {it["Condition"]: actions(it) for it in policies().values() if actions(it)}

    assert allowed == UNDER_A_CONDITION


def test_nothing_is_allowed_everywhere_where_aws_knows_a_narrower_resource():
    everywhere = {
        action
        for resource in RESOURCES.values()
        for statement in statements(resource)
        if statement["Effect"] == "Allow" and statement["Resource"] == "*"
        for action in statement["Action"]
    }
    assert everywhere == UNDER_A_CONDITION["Traces"]


def test_no_policy_holds_a_condition_of_cloudformations():
    # Scanners read policies as they are written, and take an Fn::If for a statement of its own.
    assert [it for it in RESOURCES.values() if conditions_of(statements(it))] == []


def test_all_that_is_in_another_partition_is_named_by_it():
    assert "arn:aws:" not in str(RESOURCES)


def test_each_parameter_says_what_it_is_for_and_is_off_by_default():
    without_word = [name for name, parameter in TEMPLATE["Parameters"].items() if not parameter.get("Description")]
    without_default = [name for name, parameter in TEMPLATE["Parameters"].items() if "Default" not in parameter]

    assert (without_word, without_default) == ([], [])
    assert {name: it["Type"] for name, it in rendered(TEMPLATE, {})["Resources"].items()} == {
        "Function": "AWS::Lambda::Function",
        "FunctionEventInvokeConfig": "AWS::Lambda::EventInvokeConfig",
        "LogGroup": "AWS::Logs::LogGroup",
        "Role": "AWS::IAM::Role",
    }


def test_the_console_shows_each_parameter_in_a_group():
    for template in (TEMPLATE, read(distribution.template())):
        groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

        assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])


def test_the_version_is_cargos():
    assert TEMPLATE["Outputs"]["Version"]["Value"] == VERSION
    assert json.loads((ROOT / "cdk" / "package.json").read_text())["version"] == VERSION
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("template", [TEMPLATE, read(distribution.template())], ids=["source", "release"])
def test_no_transform_is_needed(template):
    assert "Transform" not in template
    assert not any(it["Type"].startswith("AWS::Serverless") for it in template["Resources"].values())


def test_a_release_differs_in_nothing_but_where_the_code_is():
    released = read(distribution.template())
    for name in ("CodeBucket", "CodeBucketPerRegion", "CodePrefix"):
        del released["Parameters"][name]
    del released["Conditions"]["HasBucketPerRegion"]
    assert released["Resources"]["Function"]["Properties"] | {"Code": "."} == RESOURCES["Function"]["Properties"]
    assert {**released["Resources"], "Function": {}} == {**RESOURCES, "Function": {}}
    assert released["Parameters"] == TEMPLATE["Parameters"]
    assert released["Conditions"] == TEMPLATE["Conditions"]
    assert released["Outputs"] == TEMPLATE["Outputs"]
