#!/usr/bin/env python3
"""Builds the packages of cdk/ into cdk/dist: for npm and for pip, with the function's zips inside.

Their source is what is committed; API.md is written anew with it.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import toolchain
from toolchain import ARCHITECTURES, ROOT, progress

CDK = ROOT / "cdk"
DIST = CDK / "dist"
PACKAGE = json.loads((CDK / "package.json").read_text())
NPM_PACKAGE = DIST / f"{PACKAGE['name']}-{PACKAGE['version']}.tgz"
WHEEL = DIST / f"{PACKAGE['name'].replace('-', '_')}-{PACKAGE['version']}-py3-none-any.whl"
# What the packages that are there were made of.
BUILT = DIST / "sources"
OLDEST_NODE = 20


def lacks():
    """Why the packages cannot be built here; `None` if they can."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no Node.js with npm on the PATH"
    version = subprocess.run(["node", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    if int(re.match(r"v(\d+)", version)[1]) < OLDEST_NODE:
        return f"Node.js is {version}, and it takes {OLDEST_NODE} or newer"
    return None


def build(functions):
    """Builds both packages with the zips of a folder, each of whose names ends in its processor's: `…arm64.zip`."""
    if why := lacks():
        raise toolchain.Failed(why)
    install_node_packages()
    put_functions(functions)
    # Where they do not fit what is there now, npm and pip would take old files along.
    for old in (DIST, CDK / "lib"):
        shutil.rmtree(old, ignore_errors=True)
    DIST.mkdir()
    node("jsii")
    node("jsii-docgen", "--output", "API.md")
    progress(f"Packing {NPM_PACKAGE.name}")
    run("npm", "pack", "--silent", "--pack-destination", DIST)
    node("jsii-pacmak", "--code-only", "--targets", "python", "--outdir", DIST)
    progress(f"Packing {WHEEL.name}")
    module = DIST / "python" / "src" / PACKAGE["jsii"]["targets"]["python"]["module"] / "__init__.py"
    module.write_text(module.read_text() + (CDK / "python" / "none.py").read_text())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", DIST, DIST / "python")


def build_if_changed(functions):
    """As `build`, unless what is there was made of just this."""
    made = (BUILT, NPM_PACKAGE, WHEEL, CDK / "lib")
    if all(file.exists() for file in made) and BUILT.read_text() == sums_of_sources(functions):
        install_node_packages()
        return
    build(functions)
    # Last, so that it is there only if everything worked; and of API.md as it is now.
    BUILT.write_text(sums_of_sources(functions))


def sums_of_sources(functions):
    sources = [file for folder in ("src", "python") for file in (CDK / folder).iterdir()]
    sources += [CDK / name for name in ("package.json", "package-lock.json", "README.md", "API.md")]
    sources += [Path(__file__), *Path(functions).glob("*.zip")]
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(sources, key=lambda it: it.name))


def install_node_packages():
    wanted = (CDK / "package-lock.json").read_text()
    # Written last, so that it is there only if everything before it worked.
    installed = CDK / "node_modules" / "installed"
    if not installed.exists() or installed.read_text() != wanted:
        progress("Setting up cdk/node_modules, once; this downloads about 60 MB")
        run("npm", "ci", "--silent", "--no-audit", "--no-fund")
        installed.write_text(wanted)


def put_functions(functions):
    directory = CDK / "function"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for name in ARCHITECTURES.values():
        match sorted(Path(functions).glob(f"*{name}.zip")):
            case [zip]:
                shutil.copy(zip, directory / f"{name}.zip")
            case []:
                progress(f"The packages have no function for {name}: there is no zip for it in {functions}")
            case several:
                raise toolchain.Failed(f"which one is for {name}: {', '.join(map(str, several))}?")
    if not any(directory.iterdir()):
        raise toolchain.Failed(f"no zip of a function is in {functions}")


def node(program, *arguments):
    """Runs a program of the pinned packages."""
    progress(program)
    run(CDK / "node_modules" / ".bin" / program, *arguments)


def run(*command, **variables):
    variables = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1", "npm_config_update_notifier": "false"} | variables
    with toolchain.started(command, cwd=CDK, env=toolchain.environment() | variables) as process:
        if process.wait() != 0:
            raise toolchain.Failed(f"`{' '.join(map(str, command))}` failed; its output is above.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=Path, required=True, help="the folder with the function's zips, such as a release")
    options = parser.parse_args()
    toolchain.main(lambda: build(options.functions.resolve()))
