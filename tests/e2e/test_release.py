"""A release in the hands of a stranger: a folder and the AWS CLI, in an account that has nothing yet."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile

import distribution
import pytest
import yaml_template
from local_aws import CREDENTIALS, LocalAws
from toolchain import ARCHITECTURES, ROOT, environment, zipped

MACHINE = os.uname().machine
BUCKET = "strangers-bucket"


@pytest.fixture(scope="session")
def release(function_zip, tmp_path_factory):
    """As tools/release makes it, for this machine's processor alone."""
    into = tmp_path_factory.mktemp("release") / "dist"
    command = [sys.executable, ROOT / "tools" / "release", "--only", ARCHITECTURES[MACHINE], "--into", into]
    made = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return into


@pytest.fixture
def account():
    """An AWS of its own, with nothing in it."""
    with LocalAws() as aws:
        aws.start()
        yield aws


def console(page, heading):
    """The commands of a section, each on one line."""
    section = (ROOT / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return re.findall(r"^\$ (.+)$", "".join(blocks).replace("\\\n", " "), re.MULTILINE)


def run(command, account, directory):
    """A command of the documentation, for the processor of this machine."""
    command = command.replace("MY-BUCKET", BUCKET).replace("CodeBucket=", f"Architecture={ARCHITECTURES[MACHINE]} CodeBucket=")
    told = environment() | CREDENTIALS | {"AWS_ENDPOINT_URL": account.endpoint, "HOME": str(account.directory)}
    ran = subprocess.run(["bash", "-ec", command], cwd=directory, env=told, capture_output=True, text=True)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


class TestWhatIsInIt:
    def test_all_of_it_is_in_the_sums_and_they_are_right(self, release):
        sums = dict(reversed(line.split("  ")) for line in (release / "SHA256SUMS").read_text().splitlines())

        assert sums == {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in release.iterdir() if file.name != "SHA256SUMS"
        }
        assert set(sums) == {
            "LICENSE",
            "custom-iotjobtemplate.json",
            "custom_iotjobtemplate.py",
            "bill-of-materials.cdx.json",
            distribution.zip_name(MACHINE),
            "template.yaml",
        }

    def test_a_binary_zipped_twice_gives_the_same_bytes(self, release, tmp_path):
        with zipfile.ZipFile(release / distribution.zip_name(MACHINE)) as archive:
            archive.extract("bootstrap", tmp_path)
        binary = tmp_path / "bootstrap"
        first = zipped(binary, tmp_path / "1.zip").read_bytes()
        os.utime(binary, (1, 1))
        binary.chmod(0o600)

        assert zipped(binary, tmp_path / "2.zip").read_bytes() == first

    def test_nothing_in_the_function_names_this_machine(self, release):
        with zipfile.ZipFile(release / distribution.zip_name(MACHINE)) as archive:
            bootstrap = archive.read("bootstrap")

        places = {str(ROOT), os.path.expanduser("~/.cargo"), os.path.expanduser("~/.rustup")}
        assert [place for place in places if place.encode() in bootstrap] == []

    def test_the_bill_of_materials_is_what_cargo_compiles_into_the_function(self):
        bill = json.loads(distribution.bill_of_materials())
        names = {component["name"] for component in bill["components"]}

        assert bill["metadata"]["component"]["version"] == distribution.VERSION
        # What ships, what only tests use, and what only the compiler runs.
        assert {"iot-job-template-core", "aws-sdk-iot", "ring", "rustls"} <= names
        assert names & {"proptest", "rcgen", "serde_derive", "cc"} == set()
        # From a registry, or from this repository, which has no checksum.
        assert {component["name"] for component in bill["components"] if "hashes" not in component} == {"iot-job-template-core"}
        listed = {component["bom-ref"] for component in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
        assert {dependency["ref"] for dependency in bill["dependencies"]} == listed
        assert {needed for dependency in bill["dependencies"] for needed in dependency["dependsOn"]} <= listed

    def test_the_rule_finds_a_mistake_from_there(self, folder, tmp_path):
        file = tmp_path / "template.yaml"
        file.write_text("Resources:\n" + textwrap.indent(first_resource().replace("Description", "Descripton"), "  "))

        found = subprocess.run(["cfn-lint", "--append-rules", folder, "--", file], env=environment(), capture_output=True, text=True)

        assert "did you mean Description?" in found.stdout, found


@pytest.fixture
def folder(release, tmp_path):
    """The release in a folder of its own, as somebody unpacked it."""
    return shutil.copytree(release, tmp_path / "dist")


def test_the_readme_leads_from_nothing_to_a_first_stack_and_back(folder, account):
    account.client("s3").create_bucket(Bucket=BUCKET)
    (folder / "my-job-templates.yaml").write_text("Resources:\n" + textwrap.indent(first_resource(), "  "))

    for command in [*console("README.md", "Deploy it"), *console("README.md", "A first stack")]:
        run(command, account, folder)

    assert account.job_template("reboot")["description"] == "Reboot the device"
    # A provider that stacks use is not deleted under them.
    [leave] = console("docs/deploying.md", "Leaving")
    with pytest.raises(AssertionError, match="ServiceToken"):
        run(leave, account, folder)
    account.delete_stack(account.client("cloudformation").describe_stacks(StackName="my-job-templates")["Stacks"][0])
    assert account.job_template_ids() == []
    run(leave, account, folder)
    account.awaited(lambda: account.client("iam").list_roles()["Roles"] == [], "the provider to be gone")


def test_a_release_is_deployed_as_its_page_says(folder, account):
    for command in console("docs/deploying.md", "From a release"):
        run(command, account, folder)

    [provider] = account.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in provider["Outputs"]}
    assert outputs["ServiceToken"].endswith(":function:iot-job-template")
    assert outputs["Version"] == distribution.VERSION


def first_resource():
    """What the README shows first."""
    return re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]


class TestBadInput:
    """A deployment that cannot work says which parameter is wrong."""

    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ({}, "CodeBucket"),
            ({"CodeBucket": "No Bucket"}, "CodeBucket"),
            ({"CodeBucket": BUCKET, "Architecture": "mips"}, "Architecture"),
            ({"CodeBucket": BUCKET, "FunctionName": "no spaces"}, "FunctionName"),
            ({"CodeBucket": BUCKET, "SubnetIds": "subnet-0123456789abcdef0"}, "SecurityGroupIds"),
            ({"CodeBucket": BUCKET, "AlarmTopicArn": "arn", "LogClass": "INFREQUENT_ACCESS"}, "LogClass"),
            ({"CodeBucket": BUCKET, "Timeout": "901"}, "Timeout"),
        ],
        ids=lambda value: value if isinstance(value, str) else "-".join(value) or "nothing",
    )
    def test_what_no_parameter_takes_is_refused_by_its_name(self, aws, parameters, named):
        with pytest.raises(aws.client("cloudformation").exceptions.ClientError, match=named):
            aws.create_stack("bad-input", distribution.template(), **parameters)

    def test_each_processor_has_a_zip_of_its_own(self):
        code = yaml_template.read(distribution.template())["Resources"]["Function"]["Properties"]["Code"]

        assert code["S3Key"] == {"Fn::Sub": f"${{CodePrefix}}iot-job-template-{distribution.VERSION}-${{Architecture}}.zip"}
        assert distribution.zip_name("aarch64").endswith("-arm64.zip")
        assert distribution.zip_name("x86_64").endswith("-x86_64.zip")


class TestSingleStack:
    """examples/single-stack.yaml: the provider and a job template, in an account that has neither."""

    TEMPLATE = (ROOT / "examples" / "single-stack.yaml").read_text()

    @pytest.fixture
    def parameters(self, account, function_zip):
        account.client("s3").create_bucket(Bucket=BUCKET)
        account.client("s3").upload_file(str(function_zip), BUCKET, "function.zip")
        return {"CodeBucket": BUCKET, "CodeKey": "function.zip", "Architecture": ARCHITECTURES[MACHINE]}

    def test_it_comes_from_nothing_and_leaves_nothing(self, account, parameters):
        stack = account.create_stack("single", self.TEMPLATE, **parameters)
        assert account.job_template_ids() == ["reboot"]

        account.delete_stack(stack)
        assert account.job_template_ids() == []

    def test_it_waits_for_iam_to_know_the_role(self, account, parameters):
        role = yaml_template.read(self.TEMPLATE)["Resources"]["Role"]["Properties"]
        [own_templates] = [policy for policy in role["Policies"] if policy["PolicyName"] == "IoTJobTemplates"]
        template = yaml_template.read(self.TEMPLATE)
        template["Resources"]["Role"]["Properties"]["Policies"].remove(own_templates)
        created = account.client("cloudformation").create_stack(
            StackName="single",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        account.awaited(lambda: "spawned for single-job-templates" in account.log.read_text(), "the function to be called")

        role_name = account.client("cloudformation").describe_stack_resource(StackName="single", LogicalResourceId="Role")[
            "StackResourceDetail"
        ]["PhysicalResourceId"]
        may = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
        account.client("iam").put_role_policy(
            RoleName=role_name, PolicyName="late", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]})
        )

        account.settled(created["StackId"], "CREATE_COMPLETE")
        assert account.job_template_ids() == ["reboot"]

    def test_its_role_may_do_what_template_yaml_allows(self):
        def policies(text):
            return yaml_template.read(text)["Resources"]["Role"]["Properties"]["Policies"]

        assert policies(self.TEMPLATE) == policies((ROOT / "template.yaml").read_text())


def test_the_fleets_stack_makes_a_template_from_which_a_job_is_created(aws):
    stack = aws.create_stack("fleet-example", (ROOT / "examples" / "fleet.yaml").read_text())
    try:
        described = aws.job_template("fleet-example-firmware-update")
        assert described["abortConfig"]["criteriaList"][0]["thresholdPercentage"] == 10
        assert described["jobExecutionsRolloutConfig"]["exponentialRate"]["baseRatePerMinute"] == 10
        document = json.loads(described["document"])
        assert re.fullmatch(r"\$\{aws:iot:s3-presigned-url:https://\S+/firmware/2\.4\.0\.bin\}", document["url"])

        [create_job] = [output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "CreateJob"]
        run(create_job, aws, aws.directory)
        job = aws.client("iot").describe_job(jobId="firmware-update-1")["job"]
        assert job["jobTemplateArn"] == described["jobTemplateArn"]
        aws.client("iot").delete_job(jobId="firmware-update-1", force=True)
    finally:
        aws.delete_stack(stack)
    assert aws.job_template_ids() == []

