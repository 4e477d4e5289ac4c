"""What README.md says of AWS::IoT::JobTemplate is in the registry's schema of that type, which cfn-lint carries."""

import re

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from toolchain import ROOT

SCHEMA = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::IoT::JobTemplate").schema
[ROWS] = re.findall(r"^\| \| AWS::IoT::JobTemplate \|.*?\n\|[-| ]*\n(.*?)\n\n", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def replaces(name):
    """Whether a change of this property needs a new resource, which its id, always a custom name, keeps from being made."""
    return f"/properties/{name}" in SCHEMA["createOnlyProperties"] and "update" not in SCHEMA["handlers"]


IS_NAMED_BY_HAND = "JobTemplateId" in SCHEMA["required"] and SCHEMA["primaryIdentifier"] == ["/properties/JobTemplateId"]

# By the first cell of each row that says anything of it.
PROVEN = {
    "change a timeout under a fixed id": replaces("TimeoutConfig") and IS_NAMED_BY_HAND,
    "change a tag": replaces("Tags") and IS_NAMED_BY_HAND and not SCHEMA["tagging"]["tagUpdatable"],
    "no JobTemplateId": IS_NAMED_BY_HAND,
    "`jobExecutionsRetryConfig`, `ExponentialRate`": not SCHEMA["additionalProperties"]
    and "jobExecutionsRetryConfig" not in SCHEMA["properties"]
    and not SCHEMA["properties"]["JobExecutionsRolloutConfig"]["additionalProperties"]
    and "ExponentialRate" not in SCHEMA["properties"]["JobExecutionsRolloutConfig"]["properties"],
    # What import needs: an identifier, and a way to read.
    "a template that is in use already": IS_NAMED_BY_HAND and "read" in SCHEMA["handlers"],
}


def test_no_row_says_more_than_is_proven():
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in ROWS.splitlines()]

    assert [first for first, theirs, _ in cells if theirs] == list(PROVEN)


@pytest.mark.parametrize("row", PROVEN)
def test_each_row_is_in_the_schema(row):
    assert PROVEN[row]
