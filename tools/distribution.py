"""What a release consists of, other than the function itself: the template without this folder, and the bill of materials.

Standard library only, like the toolchain.
"""

import json
import re
import subprocess

import toolchain

VERSION = re.search(r'^version = "(.+)"$', (toolchain.ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
NAME = "iot-job-template"

# In template.yaml the code is this folder, which `sam build` compiles. In a release it is a zip in a bucket, chosen by the
# processor, so that no function can get the other one's.
_PARAMETERS = """\
Parameters:
  CodeBucket:
    Description: >-
      The S3 bucket, in the region of this stack, that the zips of this release are in.
    Type: String
    AllowedPattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
    ConstraintDescription: the name of a bucket, such as my-bucket
  CodeBucketPerRegion:
    Description: >-
      true where CodeBucket is only the beginning of the bucket's name, which ends with a hyphen and the region. For a stack
      set over several regions.
    Type: String
    Default: "false"
    AllowedValues: ["true", "false"]
  CodePrefix:
    Description: The folder of the bucket that the zips are in, with a slash at its end. None by default.
    Type: String
    Default: ""
    AllowedPattern: "(.*/)?"
    ConstraintDescription: nothing, or a path that ends with a slash
"""
_CONDITIONS = """\
Conditions:
  HasBucketPerRegion: !Equals [!Ref CodeBucketPerRegion, "true"]
"""
_CODE = f"""\
      Code:
        S3Bucket: !If [HasBucketPerRegion, !Sub "${{CodeBucket}}-${{AWS::Region}}", !Ref CodeBucket]
        S3Key: !Sub ${{CodePrefix}}{NAME}-{VERSION}-${{Architecture}}.zip
"""
_ONLY_TO_BUILD = re.compile(r"      BuildMethod: .*\n      BuildProperties:\n        .*\n      # That `Code: .` .*\n      cfn-lint: .*\n")


def zip_name(machine):
    return f"{NAME}-{VERSION}-{toolchain.ARCHITECTURES[machine]}.zip"


def template():
    """template.yaml as it is released: with the code in a bucket."""
    source = (toolchain.ROOT / "template.yaml").read_text()
    return edited(
        _ONLY_TO_BUILD.sub("", source, count=1),
        ("\nParameters:\n", f"\n{_PARAMETERS}"),
        ("\nConditions:\n", f"\n{_CONDITIONS}"),
        ("      Code: .\n", _CODE),
        ("        Parameters: [Architecture, ", "        Parameters: [CodeBucket, CodeBucketPerRegion, CodePrefix, Architecture, "),
    )


def edited(text, *replacements):
    """The text with each (old, new) replaced; each old must be there just once, so that none is missed unseen."""
    for old, new in replacements:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is there {text.count(old)} times, not once")
        text = text.replace(old, new)
    return text


def bill_of_materials():
    """What is compiled into the function, on either processor, as CycloneDX. It holds no time, for it is of the sources."""
    import tomllib  # Of a Python that require_tools has asked for by now.

    checksums = {
        (package["name"], package["version"]): package["checksum"]
        for package in tomllib.loads((toolchain.ROOT / "Cargo.lock").read_text())["package"]
        if "checksum" in package
    }
    components, needs = {}, {}
    path = []
    for line in filter(None, _tree().splitlines()):
        depth, name, version, license = re.fullmatch(r"(\d+)(\S+) v(\S+?)(?: \(.*\))?\|(.*)", line).groups()
        reference = f"pkg:cargo/{name}@{version}"
        path[int(depth) :] = [reference]
        needs.setdefault(reference, set())
        if len(path) > 1:
            needs[path[-2]].add(reference)
        components[reference] = {
            "type": "library",
            "bom-ref": reference,
            "name": name,
            "version": version,
            "purl": reference,
            # Older packages write a slash where SPDX says OR.
            "licenses": [{"expression": license.replace("/", " OR ")}],
        }
        if checksum := checksums.get((name, version)):
            components[reference]["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    root = components.pop(f"pkg:cargo/{NAME}@{VERSION}") | {"type": "application"}
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": [components[reference] for reference in sorted(components)],
        "dependencies": [{"ref": reference, "dependsOn": sorted(needs[reference])} for reference in sorted(needs)],
    }
    return json.dumps(bill, indent=2) + "\n"


def _tree():
    """Each package that ends up in the function, behind the depth at which it is needed."""
    targets = [word for machine in toolchain.ARCHITECTURES for word in ("--target", f"{machine}-unknown-linux-gnu")]
    tree = ["cargo", "tree", "--locked", "--package", NAME, "--edges", "normal,no-proc-macro", *targets]
    command = [*tree, "--prefix", "depth", "--format", "{p}|{l}"]
    listed = subprocess.run(command, cwd=toolchain.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    # What was listed in full before.
    return re.sub(r" \(\*\)$", "", listed.stdout, flags=re.MULTILINE)
