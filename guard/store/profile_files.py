"""Which rules do the gallery programs of the sites bring along?"""

from collections.abc import Iterable
from pathlib import Path

from guard.core.policy import Rule
from guard.core.profile_file import parse_profile
from guard.yaml12 import load

FOLDER = "profiles"
WITHOUT = "static"
"""The profile of files in folders, which have no apps."""


def profile_rules(sites: Iterable[tuple[str, str]], root: Path) -> tuple[Rule, ...]:
    """Return the rules of all profiles that sites name, each for its sites alone.

    Args:
        sites: Host, or `*` for every one, and profile of each.

    Raises:
        ConfigurationError: A shipped file has faults.
    """
    hosts: dict[str, list[str]] = {}
    for host, profile in sites:
        if profile != WITHOUT:
            hosts.setdefault(profile, []).append(host)
    rules: list[Rule] = []
    for name, known in hosts.items():
        path = root / FOLDER / f"{name}.yaml"
        rules += parse_profile(load(path.read_bytes(), str(path)), () if "*" in known else known)
    return tuple(rules)
