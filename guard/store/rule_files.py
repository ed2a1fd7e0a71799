"""Where are the rules, and what do they say?

A wheel carries them as `guard/rules`; a checkout has `rules/` beside the package. Both
are read the same way, and the program says which copy it took, because a person who
edits the other one would wonder for an hour.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import guard
from guard.core.behaviour_file import parse_behaviour
from guard.core.crawler_file import CrawlerFile, check_together, parse
from guard.core.crawlers import Catalogue
from guard.core.policy import PathList, Rule
from guard.core.policy_file import RuleEntry
from guard.core.range_file import RangeFile, parse_ranges
from guard.core.signals import BehaviourRules
from guard.core.target import canonical_path
from guard.errors import ConfigurationError, Fault
from guard.settings_text import SHIPPED_POLICIES
from guard.yaml12 import MAX_BYTES, load

LARGEST_PATH_LIST: Final = 32 * 1024 * 1024
"""Bytes: half a million paths."""
MOST_LIST_FAULTS: Final = 20
_IN_PATHS: Final = "/%!$&'()*+,;=:@~-._"
"""What stands in a path as it is (RFC 3986, section 3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesRoot:
    """A folder with `crawlers/`, `policies/` and `ranges.yaml`."""

    path: Path
    description: str
    """Which copy it is, to be shown to a person."""


def rules_root(package: Path | None = None) -> RulesRoot:
    """Find the rules of this installation; `package` is the folder of the package, by default this one's.

    Raises:
        ConfigurationError: Neither copy is there: the installation is damaged.
    """
    package = package or Path(guard.__file__).resolve().parent
    packaged, checkout = package / "rules", package.parent / "rules"
    if (packaged / "crawlers").is_dir():
        return RulesRoot(path=packaged, description=f"the rules inside the installed package, {packaged}")
    if (checkout / "crawlers").is_dir():
        return RulesRoot(path=checkout, description=f"the rules of the checkout, {checkout}")
    raise ConfigurationError((_file_fault(str(packaged), f"the rules are missing here and in {checkout}; reinstall"),))


def load_catalogue(root: Path) -> Catalogue:
    """Read every crawler file.

    Raises:
        ConfigurationError: With all faults of all files.
    """
    files, _ = load_crawler_files(root)
    return Catalogue([crawler for file in files for crawler in file.crawlers])


def load_behaviour(root: Path) -> BehaviourRules:
    """Read how clients that do not name themselves are judged.

    Raises:
        ConfigurationError: With all faults of the file.
    """
    return parse_behaviour(load(_read(root / "behaviour.yaml"), _shown(root, "behaviour.yaml")))


def load_crawler_files(root: Path) -> tuple[tuple[CrawlerFile, ...], RangeFile]:
    """Read the catalogue with its cases, and the address lists that it names.

    Raises:
        ConfigurationError: With all faults of all files.
    """
    faults: list[Fault] = []
    files: list[CrawlerFile] = []
    ranges: RangeFile | None = None
    try:
        ranges = parse_ranges(load(_read(root / "ranges.yaml"), _shown(root, "ranges.yaml")))
    except ConfigurationError as error:
        faults += error.faults
    paths = sorted((root / "crawlers").glob("*.yaml"))
    if not paths:
        faults.append(_file_fault(_shown(root, "crawlers"), "there is no crawler file; reinstall"))
    for path in paths:
        try:
            files.append(parse(load(_read(path), _shown(root, f"crawlers/{path.name}"))))
        except ConfigurationError as error:
            faults += error.faults
    # Without the address lists every name of one would be a fault, which would bury the real one.
    faults += check_together(files, ranges.ranges if ranges else None)
    if faults or ranges is None:
        raise ConfigurationError(tuple(faults))
    return tuple(files), ranges


def read_policy_file(name: str, root: Path) -> tuple[bytes, str]:
    """Return the bytes of a policy and the name of its file: a shipped one (open, moderate, strict) or a path.

    Raises:
        ConfigurationError: There is no such policy.
    """
    if name in SHIPPED_POLICIES:
        return _read(root / "policies" / f"{name}.yaml"), _shown(root, f"policies/{name}.yaml")
    path = Path(name)
    if not path.is_file() and "/" not in name and path.suffix not in {".yaml", ".yml"}:
        near = difflib.get_close_matches(name, SHIPPED_POLICIES, n=1)
        message = f"there is no policy '{name}'; take {', '.join(SHIPPED_POLICIES)} or a file"
        fault = Fault(file="", line=0, column=0, where="policy", message=message, suggestion=near[0] if near else "")
        raise ConfigurationError((fault,))
    return _read(path, name), name


def owner_rules(entries: Sequence[RuleEntry]) -> list[Rule]:
    """Return the rules of a configuration, with the lists of paths that they name.

    Raises:
        ConfigurationError: A list can not be read, or a line of it is no path.
    """
    lists: dict[str, PathList] = {}
    for entry in entries:
        name = entry.when.paths_file
        if name and name not in lists:
            lists[name] = read_path_list(Path(name))
    return [entry.rule(lists.get(entry.when.paths_file)) for entry in entries]


def read_path_list(path: Path) -> PathList:
    """Read whole paths, one a line; empty lines and those that begin with # say nothing.

    Raises:
        ConfigurationError: The file can not be read, is too large, or names no path.
    """
    data = _read(path, largest=LARGEST_PATH_LIST)
    faults: list[Fault] = []
    paths: set[str] = set()
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        text = line.strip().decode("utf-8", "replace")
        if not text or text.startswith("#"):
            continue
        if not text.startswith("/"):
            message = "is no path: it must begin with '/', without a host in front"
            faults.append(Fault(file=str(path), line=number, column=1, where="", message=message))
            if len(faults) == MOST_LIST_FAULTS:
                break
        else:
            paths.add(canonical_path(quote(text, safe=_IN_PATHS)))
    if not paths and not faults:
        faults.append(_file_fault(str(path), "names no path"))
    if faults:
        raise ConfigurationError(tuple(faults))
    return PathList(path.name, frozenset(paths))


def _read(path: Path, shown: str = "", largest: int = MAX_BYTES) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError((_file_fault(shown or str(path), f"can not be read: {reason}"),)) from None
    if len(data) > largest:
        raise ConfigurationError((_file_fault(shown or str(path), f"has more than {largest} bytes; split it"),))
    return data


def _shown(root: Path, name: str) -> str:
    """Return the name that faults carry: `rules/crawlers/openai.yaml`."""
    return f"{root.name}/{name}"


def _file_fault(file: str, message: str) -> Fault:
    return Fault(file=file, line=0, column=0, where="", message=message)
