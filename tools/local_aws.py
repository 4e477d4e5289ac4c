"""An AWS of its own for the demo and the tests: MiniStack, with template.yaml deployed as it would be on AWS."""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import boto3
import botocore.config
import distribution
import toolchain

ACCOUNT = "123456789012"
REGION = "us-east-1"
PROVIDER_STACK = "iot-job-template"
EXAMPLE = toolchain.ROOT / "examples" / "job-templates.yaml"

CODE_BUCKET = "code"

# What the example's DocumentSource and RoleArn name.
DOCUMENT_BUCKET = "my-bucket"
DOCUMENT_KEY = "job-documents/updateFirmware.json"
DOCUMENT = json.dumps({"operation": "updateFirmware", "version": "1.2.4"})
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/service-role/IoTJobRole"

# MiniStack takes an account's number as the access key of its root user.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


class LocalAws:
    """A MiniStack on a port of its own, with all that it writes in a directory of its own."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="iot-job-template-"))
        self.log = self.directory / "ministack.log"
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process:
            toolchain.end(self._process)
        shutil.rmtree(self.directory)

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        # The port can be taken between the look and the start, so the answer to a health check has to come from the
        # MiniStack that was started here: it gives back a name that only this one was given.
        name = uuid.uuid4().hex
        port = _free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        environment = CREDENTIALS | {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory),
            "MINISTACK_EDITION": name,
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            # Checks signatures and the policies of roles, so that what the function's role lacks fails here too.
            "AUTH": "true",
            # Runs the function as a process of this machine, with this environment and the one that Lambda would give.
            "LAMBDA_EXECUTOR": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            # Listens on a fixed port otherwise, which two MiniStacks cannot share.
            "IOT_MTLS_ENABLED": "0",
        }
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=environment,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.awaited(lambda: self._is_up(name), "MiniStack to start")

    def _is_up(self, name):
        if self._process.poll() is not None:
            raise toolchain.Failed(f"MiniStack did not start:\n{self.log.read_text()}")
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with without_proxy.open(f"{self.endpoint}/_ministack/health", timeout=5) as answer:
                return json.load(answer)["edition"] == name
        return False

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            # Nothing here fails for a passing reason; a retry would only hide what does fail. And whatever proxy the user
            # has does not know this address.
            config=botocore.config.Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def awaited(self, condition, what, patience=120):
        deadline = time.monotonic() + patience
        while not (result := condition()):
            if time.monotonic() > deadline:
                log = "\n".join(self.log.read_text().splitlines()[-20:])
                raise toolchain.Failed(f"Waited {patience} s for {what}. The end of MiniStack's log:\n{log}")
            time.sleep(0.05)
        return result

    # Stacks

    def deploy_provider(self, function_zip):
        """Deploys the template of a release, with the zip of this machine's processor in a bucket."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=CODE_BUCKET)
        s3.upload_file(str(function_zip), CODE_BUCKET, distribution.zip_name(os.uname().machine))
        s3.create_bucket(Bucket=DOCUMENT_BUCKET)
        s3.put_object(Bucket=DOCUMENT_BUCKET, Key=DOCUMENT_KEY, Body=DOCUMENT)
        parameters = {
            "CodeBucket": CODE_BUCKET,
            "Architecture": toolchain.ARCHITECTURES[os.uname().machine],
            "PresignedUrlRoleArns": f"{ROLE_ARN},arn:aws:iam::{ACCOUNT}:role/iot-jobs/*",
            "DocumentArns": f"arn:aws:s3:::{DOCUMENT_BUCKET}/job-documents/*",
        }
        return self.create_stack(PROVIDER_STACK, distribution.template(), **parameters)

    def create_stack(self, name, template, expect="CREATE_COMPLETE", **parameters):
        stack = self.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=template,
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        return self.settled(stack["StackId"], expect)

    def update_stack(self, stack, template, expect="UPDATE_COMPLETE"):
        self.client("cloudformation").update_stack(StackName=stack["StackId"], TemplateBody=template)
        return self.settled(stack["StackId"], expect)

    def delete_stack(self, stack, expect="DELETE_COMPLETE"):
        self.client("cloudformation").delete_stack(StackName=stack["StackId"])
        return self.settled(stack["StackId"], expect)

    def settled(self, stack_id, expect):
        """The stack's description once its operation is over; an error with its events if it is not as expected."""
        cloudformation = self.client("cloudformation")

        def description():
            stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        stack = self.awaited(description, f"the operation on {stack_id}")
        if stack["StackStatus"] != expect:
            events = "\n".join(" ".join(event) for event in self.events(stack))
            raise toolchain.Failed(f"{stack['StackName']} is {stack['StackStatus']}, not {expect}. Its events:\n{events}")
        return stack

    def events(self, stack):
        """The stack's events, oldest first: logical id, status, reason."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack["StackId"])
        events = [event for page in pages for event in page["StackEvents"]]
        return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", "")) for e in reversed(events)]

    # Job templates, as IoT has them

    def job_template_ids(self):
        pages = self.client("iot").get_paginator("list_job_templates").paginate()
        return sorted(t["jobTemplateId"] for page in pages for t in page["jobTemplates"])

    def job_template(self, template_id):
        """A job template as IoT describes it, with its tags as a map, and without what is not set."""
        iot = self.client("iot")
        described = iot.describe_job_template(jobTemplateId=template_id)
        del described["ResponseMetadata"]
        tags = iot.list_tags_for_resource(resourceArn=described["jobTemplateArn"])["tags"]
        return {k: v for k, v in described.items() if v} | {"tags": {tag["Key"]: tag["Value"] for tag in tags}}


def _free_port():
    # Below those that the system hands out by itself, of which the tests that run beside this take hundreds in a moment.
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
