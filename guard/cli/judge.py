"""Whose rules do the commands ask: those of a configuration, or a policy by its name?"""

import os
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from guard.configuration import load_configuration
from guard.core.crawlers import Catalogue, Sighting
from guard.core.facts import RequestFacts
from guard.core.identity import NAMES_OFF, IdentityVerdict, Published, judge
from guard.core.pipeline import Pipeline
from guard.core.policy_file import make_policy, parse_policy_file
from guard.core.range_file import RangeFile
from guard.errors import UsageError
from guard.settings import Settings
from guard.store.range_files import load_lists
from guard.store.rule_files import load_crawler_files, read_policy_file, rules_root
from guard.yaml12 import load

DEFAULT_POLICY = "moderate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What decides, and the settings it came from."""

    pipeline: Pipeline
    settings: Settings | None
    """None where only a policy was named."""
    published: Published
    """Operators' address lists: the shipped snapshot, or a newer copy that the guard of these settings keeps."""

    def identify(self, facts: RequestFacts, sighting: Sighting) -> IdentityVerdict:
        """Hold a claim against the lists, as the proxy does; neither name servers nor keys are asked here."""
        return judge(sighting, facts.client.address, self.published, NAMES_OFF, at=facts.at)


def find_judge(config: Path | None, policy: str) -> Judge:
    """Return the pipeline of a configuration, or of a policy: open, moderate, strict or a file.

    Args:
        policy: Without a configuration empty for the default; with one it takes the place of the policy named there,
            under the owner's own rules.

    Raises:
        ConfigurationError: They have faults.
        UsageError: The configuration can not be read.
    """
    root = rules_root().path
    if config is not None:
        found = load_configuration(config, os.environ, {"policy": policy} if policy else {})
        kept = found.settings.evidence.directory / "guard" / "ranges"
        published = _published(root, load_crawler_files(root)[1], found.catalogue, kept)
        return Judge(pipeline=Pipeline(found.catalogue, found.policy), settings=found.settings, published=published)
    files, ranges = load_crawler_files(root)
    catalogue = Catalogue([crawler for file in files for crawler in file.crawlers])
    data, file = read_policy_file(policy or DEFAULT_POLICY, root)
    shipped = parse_policy_file(load(data, file), catalogue)
    return Judge(
        pipeline=Pipeline(catalogue, make_policy(shipped.name, shipped.rules, catalogue)),
        settings=None,
        published=_published(root, ranges, catalogue, None),
    )


def _published(root: Path, ranges: RangeFile, catalogue: Catalogue, kept: Path | None) -> Published:
    return Published.of(load_lists(ranges.ranges, root / "ranges", kept).lists, catalogue.crawlers)


_Choice = TypeVar("_Choice", bound=StrEnum)


def choose(option: str, text: str, choices: type[_Choice]) -> _Choice:
    """Return the choice that an option names.

    Raises:
        UsageError: There is none of this name.
    """
    if text in {*choices}:
        return choices(text)
    near = get_close_matches(text, [*choices], n=1)
    suggestion = f" (did you mean '{near[0]}'?)" if near else ""
    raise UsageError(f"{option} {text!r} is none of {', '.join(choices)}{suggestion}")
