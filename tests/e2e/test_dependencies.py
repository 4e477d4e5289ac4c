"""What the function is compiled from keeps to deny.toml.

cargo-deny does the same and more, but compiling it takes longer than all other tests together; the workflow runs it.
"""

import json
import re
import subprocess
import tomllib

import distribution
from toolchain import ROOT

DENY = tomllib.loads((ROOT / "deny.toml").read_text())


def shipped():
    """Each package of the function, and what compiles it, as cargo resolves them for both processors: name and version."""
    targets = [word for target in DENY["graph"]["targets"] for word in ("--target", target)]
    tree = ["cargo", "tree", "--locked", "--package", distribution.NAME, "--edges", "normal,build", *targets]
    listed = subprocess.run([*tree, "--prefix", "none"], cwd=ROOT, check=True, capture_output=True, text=True)
    return {tuple(line.split()[:2]) for line in listed.stdout.splitlines() if line}


def metadata():
    """What cargo knows of each package, by name and version."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {(package["name"], "v" + package["version"]): package for package in json.loads(listed.stdout)["packages"]}


def allowed(expression):
    """Whether deny.toml allows one licence of each part of an SPDX expression. A slash is an older form of OR."""
    parts = expression.replace("/", " OR ").split(" AND ")
    return all(set(DENY["licenses"]["allow"]) & set(part.strip("() ").split(" OR ")) for part in parts)


def test_every_licence_is_allowed():
    known = metadata()

    assert {package: known[package]["license"] for package in shipped() if not allowed(known[package]["license"] or "")} == {}


def test_no_allowed_licence_is_without_use():
    known = metadata()
    used = {word for package in shipped() for word in re.split(r"[\s()/]+", known[package]["license"])}

    assert set(DENY["licenses"]["allow"]) - used == set()


def test_all_is_from_crates_io_or_from_here():
    known = metadata()
    here = "path+file"
    crates_io = "registry+https://github.com/rust-lang/crates.io-index"

    assert {known[package]["source"] or here for package in shipped()} == {here, crates_io}


def test_nothing_is_banned_and_there_is_one_tls_stack():
    names = [name for name, _ in shipped()]

    assert set(names) & set(DENY["bans"]["deny"]) == set()
    assert names.count("rustls") == names.count("ring") == 1
