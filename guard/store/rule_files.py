"""Where are the rules, and what do they say?

A wheel carries them as `guard/rules`; a checkout has `rules/` beside the package. Both
are read the same way, and the program says which copy it took, because a person who
edits the other one would wonder for an hour.
"""

import difflib
from dataclasses import dataclass
from pathlib import Path

import guard
from guard.core.behaviour_file import parse_behaviour
from guard.core.crawler_file import CrawlerFile, check_together, parse
from guard.core.crawlers import Catalogue
from guard.core.range_file import RangeFile, parse_ranges
from guard.core.signals import BehaviourRules
from guard.errors import ConfigurationError, Fault
from guard.settings_text import SHIPPED_POLICIES
from guard.yaml12 import MAX_BYTES, load


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


def _read(path: Path, shown: str = "") -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError((_file_fault(shown or str(path), f"can not be read: {reason}"),)) from None
    if len(data) > MAX_BYTES:
        raise ConfigurationError((_file_fault(shown or str(path), f"has more than {MAX_BYTES} bytes; split it"),))
    return data


def _shown(root: Path, name: str) -> str:
    """Return the name that faults carry: `rules/crawlers/openai.yaml`."""
    return f"{root.name}/{name}"


def _file_fault(file: str, message: str) -> Fault:
    return Fault(file=file, line=0, column=0, where="", message=message)
