"""The packages of cdk/dist, installed as the package's README says into an empty folder, on an AWS of this machine."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import constructs
import pytest
import toolchain
from local_aws import ACCOUNT, CREDENTIALS, REGION, LocalAws

README = (constructs.CDK / "README.md").read_text()
EXAMPLES = constructs.CDK / "examples"
ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
# What the registries had on this day, so that no later version can break these tests.
NPM_UNTIL = "2026-11-26T12:00:00Z"


class Language:
    def __init__(self, name, package, app, run, example):
        self.name, self.package, self.app, self.run, self.example = name, package, app, run, example

    @property
    def readme(self):
        """What the README says of it: the app, and the commands."""
        [section] = re.findall(rf"^### {self.name}\n(.*?)(?=^##)", README, re.MULTILINE | re.DOTALL)
        [app, console] = re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        return app, re.findall(r"^\$ (.*)$", console, re.MULTILINE)


LANGUAGES = {
    language.name: language
    for language in (
        Language("TypeScript", constructs.NPM_PACKAGE, "app.ts", ["npx", "tsx", "app.ts"], EXAMPLES / "typescript" / "app.ts"),
        Language("Python", constructs.WHEEL, "app.py", [".venv/bin/python", "app.py"], EXAMPLES / "python" / "app.py"),
    )
}


@pytest.fixture(scope="session")
def aws():
    with LocalAws() as aws:
        aws.start()
        yield aws


@pytest.fixture(scope="session", params=LANGUAGES)
def project(request, aws, tmp_path_factory):
    """A folder in which the README's installing commands were run, and nothing else."""
    return Project(LANGUAGES[request.param], tmp_path_factory.mktemp(request.param), aws)


class Project:
    def __init__(self, language, directory, aws):
        self.language, self.aws = language, aws
        self._templates = {}
        self.home, self.folder = directory / "home", directory / "project"
        self.home.mkdir()
        self.folder.mkdir()
        # What a user has for all of her apps: here the processor of this machine, and that nobody is there to be asked.
        self.context = {"iot-job-template-cdk:architecture": toolchain.ARCHITECTURES[os.uname().machine]}
        (self.home / ".cdk.json").write_text(json.dumps({"context": self.context, "requireApproval": "never"}))
        self.environment = CREDENTIALS | {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": aws.endpoint,
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            # Downloads are those of the user who runs the tests; what they are is as of a day.
            "npm_config_cache": str(Path(os.environ.get("npm_config_cache", Path.home() / ".npm"))),
            "npm_config_before": NPM_UNTIL,
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
            "PIP_CONSTRAINT": str(Path(__file__).with_name("constraints.txt")),
            "PIP_NO_COMPILE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        shutil.copy(language.package, self.folder)
        self.first_app, self.commands = language.readme
        while not self.commands[0].startswith("npx cdk"):
            self.shell(self.commands.pop(0))

    def write(self, app):
        (self.folder / self.language.app).write_text(app)

    def run_app(self, out, check=True):
        # Without the CDK's own look at the template, which takes longer than all the rest.
        variables = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(self.context), "CDK_VALIDATION": "false"}
        return self.program(self.language.run, check, **variables)

    def shell(self, command, **variables):
        return self.program(["bash", "-c", command], **variables)

    def program(self, command, check=True, **variables):
        ran = subprocess.run(command, cwd=self.folder, env=self.environment | variables, capture_output=True, text=True)
        assert not check or ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        return ran.stdout + ran.stderr

    def synthesised(self, app):
        """The template that an app comes to, without the CDK's command, which takes its time; its files are in the bucket."""
        if app not in self._templates:
            self._templates[app] = self._synthesise(app)
        return self._templates[app]

    def _synthesise(self, app):
        self.write(app)
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        self.run_app(out)
        s3 = self.aws.client("s3")
        for file in json.loads((out / "Fleet.assets.json").read_text())["files"].values():
            [destination] = file["destinations"].values()
            key = destination["objectKey"]
            s3.upload_file(str(out / file["source"]["path"]), ASSETS, key)
        return (out / "Fleet.template.json").read_text()


@pytest.fixture(scope="session")
def bootstrapped(aws, project):
    """As `cdk bootstrap` leaves the account."""
    project.shell(f"npx cdk bootstrap aws://{ACCOUNT}/{REGION}")
    # The bucket takes nothing without TLS, and MiniStack has none.
    aws.client("s3").delete_bucket_policy(Bucket=ASSETS)
    return project
