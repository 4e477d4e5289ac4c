"""examples/demo, as a user runs it, beside the MiniStack of the other tests."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toolchain import ROOT

pytestmark = pytest.mark.usefixtures("function_zip")  # Built before, so that none of these waits for a compiler.


@pytest.fixture
def demo(tmp_path):
    """Starts the demo with a directory of its own for all that it writes."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [sys.executable, ROOT / "examples" / "demo", *options],
            env=os.environ | {"TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Where tests run in the background, they ignore Ctrl-C, and what they start would.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return process

    yield start
    for pid in processes_that_write_to(tmp_path):
        os.kill(pid, signal.SIGKILL)
    for process in started:
        process.wait()
        process.stdout.close()


def test_it_goes_from_nothing_to_nothing(demo, tmp_path):
    process = demo()
    output, _ = process.communicate()

    assert process.returncode == 0, output
    assert re.search(r"timeoutConfig\.inProgressTimeoutInMinutes +60 -> 90", output)
    *_, left, what_next = output.splitlines()
    assert left.endswith("Job templates left in IoT: none")
    named = re.findall(r"\S+\.(?:md|yaml)\b", what_next)
    assert named and all((ROOT / file).exists() for file in named)
    assert what_is_left(tmp_path) == []


def test_its_clock_counts_from_the_very_start():
    tools = ROOT / "tools"
    show = f"import sys; sys.path.insert(0, {str(tools)!r}); import toolchain; toolchain.progress('now')"
    started = str(time.monotonic() - 1000)

    shown = subprocess.run(
        [sys.executable, "-c", show], env=os.environ | {"PROGRESS_STARTED": started}, capture_output=True, text=True
    )

    assert shown.stdout.startswith("[100"), shown


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_what_it_started_when_it_is_told_to_end(demo, tmp_path, sign):
    process = demo()
    for line in process.stdout:
        if "Creating the stack" in line:
            break
    process.send_signal(sign)
    process.communicate()

    assert process.returncode == 128 + sign
    assert what_is_left(tmp_path) == []


def test_what_it_keeps_is_there_until_the_command_that_it_names_ends_it(demo, tmp_path):
    output, _ = demo("--keep").communicate()
    endpoint = re.search(r"AWS_ENDPOINT_URL=(\S+)", output)[1]
    to_stop = re.search(r"^  (kill .+)$", output, re.MULTILINE)[1]

    port = int(endpoint.rsplit(":", 1)[1])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    subprocess.run(to_stop, shell=True, check=True)
    until(lambda: what_is_left(tmp_path) == [])


def what_is_left(directory):
    return [*directory.iterdir(), *processes_that_write_to(directory)]


def processes_that_write_to(directory):
    """The processes that were told to write their files there."""
    told = f"TMPDIR={directory}".encode()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if told in environment_of(pid)]


def environment_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # It has ended since, or is another user's.
        return b""


def until(condition, patience=30):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
