"""Every command of the AWS CLI that the documentation names is one that it takes, as far as that shows without AWS."""

import re
import shlex

from awscli.clidriver import create_clidriver
from toolchain import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [block for page in PAGES for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)]
# To the end of the line, or further where that is inside of quotes.
COMMANDS = sorted(set(re.findall(r"^\$ (aws (?:'[^']*'|[^'\n])+)", "".join(BLOCKS).replace("\\\n", " "), re.MULTILINE)))

# What the CLI ends with when it cannot make sense of a command; what it meets on the way to AWS has other codes.
NO_SUCH_COMMAND = 252
NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def test_each_is_taken(tmp_path, monkeypatch, capfd):
    assert len(COMMANDS) > 20
    for name in set(re.findall(r"[\w-]+\.(?:yaml|json)\b", " ".join(COMMANDS))):
        (tmp_path / name).write_text('{"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}')
    monkeypatch.chdir(tmp_path)
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))

    # The endpoint that one of them names itself may be somebody's.
    ended = {command: create_clidriver().main(shlex.split(re.sub(r"--endpoint-url \S+ ", "", command))[1:]) for command in COMMANDS}

    assert [command for command, code in ended.items() if code in (0, NO_SUCH_COMMAND)] == [], capfd.readouterr().err
