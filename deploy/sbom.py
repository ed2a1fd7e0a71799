#!/usr/bin/env python3
"""What is the program made of? Prints requirements.lock as a software bill of materials (CycloneDX 1.6, JSON).

Run it in the environment of the project: what a package needs is read from its metadata there. `scope` is `required`
for what is always installed, `optional` for what an extra brings or another system needs, and `excluded` for what
only the tests use and nobody is given. The same lock gives the same bytes.
"""

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def locked(text: str) -> list[dict[str, Any]]:
    """Return the components of a lock in its order; a name is there twice where versions of Python need their own."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        if match := ENTRY.match(line):
            name, version = canonicalize_name(match["name"]), match["version"]
            purl = f"pkg:pypi/{name}@{version}"
            component = {
                "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": [],
            }  # fmt: skip
            if match["marker"]:
                component["properties"] = [{"name": "python:marker", "value": match["marker"]}]
            found.append(component)
        elif digest := HASH.search(line):
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest[1]})
    return found


def needed(requirements: Iterable[str]) -> set[str]:
    """Return what these requirements bring on this system, by name, as far as it is installed."""
    found: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in map(Requirement, requirements)]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) in found:
                continue
            try:
                needs = distribution(name).requires or []
            except PackageNotFoundError:
                continue
            found.add((name, wanted))
            waiting += [(Requirement(one), wanted) for one in needs]
    return {name for name, _ in found}


def bill(lock: str, project: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the bill of materials of a lock."""
    components = locked(lock)
    always = needed(project["dependencies"])
    extras = project["optional-dependencies"]
    by_choice = needed(one for name, some in extras.items() if name != "test" for one in some)
    tests_only = needed(extras["test"]) - always - by_choice
    for component in components:
        part = component["name"]
        component["scope"] = "required" if part in always else "excluded" if part in tests_only else "optional"
    name = project["name"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name} {version} {lock}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": name, "name": name, "version": version,
                "licenses": [{"expression": project["license"]}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": name, "dependsOn": [one["bom-ref"] for one in components if one["scope"] == "required"]}
        ],
    }  # fmt: skip


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = re.findall(r'__version__ = "(.+)"', (ROOT / "guard" / "__init__.py").read_text("utf-8"))[0]
    json.dump(bill(LOCK.read_text("utf-8"), project, version), sys.stdout, indent=2)
    sys.stdout.write("\n")
