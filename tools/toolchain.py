"""What the demo, the benchmark and the tests need before anything of AWS: the virtual environment and the built function.

Standard library only, because it runs before there is a virtual environment.
"""

import contextlib
import fcntl
import importlib.util
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "tests" / "requirements.txt"

# A directory of its own, or else each build of another kind, such as `sam build`, makes the next one there start over.
FUNCTION = ROOT / "target" / "function"

UV = "uv==0.13.9"

# The glibc of provided.al2023. A binary that needs a newer one does not start there.
GLIBC = "2.34"
# cargo-lambda's names for the processors, and Lambda's.
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}

# Handed on from the interpreter that the user started to the one of the virtual environment, so that setting that up counts.
_START = float(os.environ.pop("PROGRESS_STARTED", time.monotonic()))


class Failed(Exception):
    """What a stack trace would not explain any better; the text says what happened and, where it can, what to do."""


def progress(text):
    print(f"[{time.monotonic() - _START:6.1f} s] {text}", flush=True)


def main(command, in_venv=True):
    """Runs `command`, in the virtual environment if it needs one, as a program that cleans up after itself and explains itself.

    `command` returns the exit code. Whether it ends by itself, by Ctrl-C or by being told to, its `finally` blocks and
    context managers run.
    """
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda number, _: sys.exit(128 + number))
    # Containers often set it, and uv compiles nothing: then each start of cfn-lint, SAM, checkov and the AWS CLI compiles for
    # seconds what it imports. What is compiled is kept in .venv and in folders that git ignores.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        require_tools()
        if in_venv:
            enter_venv()
        sys.exit(command())
    except Failed as reason:
        sys.exit(f"{sys.argv[0]}: {reason}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def require_tools():
    missing = []
    if platform.system() != "Linux" or platform.machine() not in ARCHITECTURES:
        missing.append(
            "Linux on x86_64 or aarch64: the function is run on this machine as it would be on Lambda, "
            f"and this is {platform.system()} on {platform.machine()}."
        )
    if sys.version_info < (3, 11):
        missing.append(f"Python 3.11 or newer: this is {platform.python_version()}.")
    if not importlib.util.find_spec("ensurepip"):
        missing.append("Python's venv module: on Debian and Ubuntu, `apt-get install python3-venv`.")
    if not shutil.which("cargo"):
        missing.append("Rust: cargo is not on the PATH. https://rustup.rs says how to install it.")
    if not shutil.which("cc"):
        missing.append("A C compiler: cc is not on the PATH. On Debian and Ubuntu, `apt-get install gcc`.")
    if missing:
        raise Failed("this machine lacks:\n" + "\n".join(f"  - {what}" for what in missing))


def enter_venv():
    """Goes on in the virtual environment, after making it if it is not there or other than the requirements say."""
    if Path(sys.prefix) == VENV:
        return
    make_venv(VENV, REQUIREMENTS)
    python = VENV / "bin" / "python"
    os.environ["PROGRESS_STARTED"] = str(_START)
    os.execv(python, [python, *sys.argv])


def make_venv(venv, requirements):
    """Makes the virtual environment if it is not there or other than the requirements say."""
    with only_one(requirements, f"another process sets up {venv.relative_to(ROOT)}"):
        wanted = f"{platform.python_version()}\n{requirements.read_text()}"
        # Written last, so that it is there only if everything before it worked.
        installed = venv / "installed"
        if installed.exists() and installed.read_text() == wanted:
            return
        progress(f"Setting up {venv.relative_to(ROOT)}, once; this downloads about 150 MB")
        run([sys.executable, "-m", "venv", "--clear", venv])
        python = venv / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        try:
            # Does in seconds what takes pip minutes, but knows nothing of pip's own settings, such as another index.
            run([*pip, "install", "--quiet", UV])
            run([python, "-m", "uv", "pip", "install", "--quiet", "--python", python, "--requirement", requirements])
        except Failed:
            progress("Once more with pip alone")
            run([*pip, "install", "--quiet", "--requirement", requirements])
        installed.write_text(wanted)


def build_function(into, machine=platform.machine(), **variables):
    """Builds the function as it is released, for this machine's processor or another, and copies its zip to `into`."""
    target = f"{machine}-unknown-linux-gnu.{GLIBC}"
    with only_one(ROOT / "Cargo.toml", "another process builds the function"):
        progress(f"Building the function for {target}; the first time takes minutes")
        build = ["cargo", "lambda", "build", "--release", "--locked", "--bin", "bootstrap"]
        run(
            # cargo-lambda's own zip is not what is wanted, but without it it takes the binary away from cargo, which makes it anew.
            [*build, "--target", target, "--output-format", "zip"],
            CARGO_TARGET_DIR=str(FUNCTION),
            CARGO_ENCODED_RUSTFLAGS="\x1f".join(_without_this_machines_paths()),
            **variables,
        )
        # Inside the lock: the next build of another process replaces the file.
        return zipped(function_binary(machine), Path(into) / "bootstrap.zip")


def function_binary(machine=platform.machine()):
    """Where `build_function` leaves the function itself."""
    return FUNCTION / f"{machine}-unknown-linux-gnu" / "release" / "bootstrap"


def zipped(binary, into):
    """The zip that Lambda takes, of the same bytes whenever it is made: one file, without a time.

    Python's own is 3 % larger, for it compresses with zlib; and it takes nothing that is compressed already.
    """
    import deflate  # Of the virtual environment.

    name, contents = b"bootstrap", binary.read_bytes()
    compressed = deflate.deflate_compress(contents, 12)
    oldest, deflated, first_of_1980 = 20, 8, 1 << 5 | 1
    sizes = (zlib.crc32(contents), len(compressed), len(contents), len(name), 0)
    header = struct.pack("<5H3I2H", oldest, 0, deflated, 0, first_of_1980, *sizes)
    file = b"PK\3\4" + header + name + compressed
    unix, mode = 3 << 8, 0o100755 << 16
    entry = b"PK\1\2" + struct.pack("<H", unix | oldest) + header + struct.pack("<3H2I", 0, 0, 0, mode, 0) + name
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), len(file), 0)
    into.write_bytes(file + entry + end)
    return into


def _without_this_machines_paths():
    """Flags with which rustc writes the same bytes wherever the sources, the registry and the toolchain are."""
    toolchain = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    cargo = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
    paths = {toolchain.stdout.strip(): "rust", cargo: "cargo", ROOT: "source"}
    return [f"--remap-path-prefix={path}=/{name}" for path, name in paths.items()]


def environment():
    """This process's environment, with the virtual environment's programs in front: cargo-lambda, zig, sam, cfn-lint."""
    return os.environ | {"PATH": f"{VENV / 'bin'}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}


def run(command, **variables):
    with started(command, cwd=ROOT, env=environment() | variables) as process:
        if process.wait() != 0:
            raise Failed(f"`{' '.join(map(str, command))}` failed; its output is above.")


@contextlib.contextmanager
def started(command, **options):
    """A program that is ended, with all that it started, when the block ends, however the block ends."""
    # A group of its own: so that all of it can be ended, and so that Ctrl-C reaches only us, who end it in order.
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        end(process)


def end(process, patience=10):
    with undisturbed():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def undisturbed():
    """Puts off Ctrl-C and its like until the block is done, so that a second Ctrl-C cannot break off the clean-up."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def only_one(file, instead):
    """Holds a lock that ends with this process, on a file that is there anyway. Says why when it has to wait."""
    with open(file) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"Waiting: {instead}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY: builds the function, and puts its zip there")
    main(lambda: print(build_function(sys.argv[1])))
