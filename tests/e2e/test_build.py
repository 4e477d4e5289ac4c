"""What is deployed: that the templates are sound, and what the function is built from."""

import re
import subprocess
import tomllib
import zipfile

from cfn_lint import cfn_lint
from toolchain import GLIBC, ROOT, environment


def test_sam_finds_nothing_wrong_with_the_template():
    command = ["sam", "validate", "--lint", "--region", "us-east-1", "--template", "template.yaml"]
    validated = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)

    assert validated.returncode == 0, validated.stdout + validated.stderr


def test_cfn_lint_and_our_rule_find_nothing_wrong_with_the_examples():
    examples = sorted((ROOT / "examples").glob("*.yaml"))
    assert examples

    lint = cfn_lint("--append-rules", "schema/", "--regions", "us-east-1", "--", *examples)

    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_the_function_needs_no_newer_glibc_than_lambda_has(function_zip):
    bootstrap = zipfile.ZipFile(function_zip).read("bootstrap")
    needed = {tuple(map(int, version.split(b"."))) for version in re.findall(rb"GLIBC_([\d.]+\d)", bootstrap)}

    assert max(needed) <= tuple(map(int, GLIBC.split(".")))


def test_the_functions_file_may_be_executed(function_zip):
    [bootstrap] = zipfile.ZipFile(function_zip).infolist()

    assert (bootstrap.filename, bootstrap.external_attr >> 16 & 0o777) == ("bootstrap", 0o755)


def test_the_function_survives_a_panic():
    # cargo-lambda makes a release build abort on a panic, unless the profile says that it does not.
    assert tomllib.loads((ROOT / "Cargo.toml").read_text())["profile"]["release"]["panic"] == "unwind"
