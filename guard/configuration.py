"""What do the settings, the policy and the catalogue come to together?

Everything that a person wrote is read here once, and every fault of all of it is told at
once: a wrong key in the configuration does not hide a wrong address in a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from guard.core.crawlers import Catalogue
from guard.core.policy import Condition, Policy, Rule
from guard.core.policy_file import PolicyFile, combine, make_policy, name_faults, parse_policy_file
from guard.core.search_faults import search_faults
from guard.errors import ConfigurationError, Fault
from guard.rights import read_terms
from guard.settings import Settings, read_settings, settings_of
from guard.settings_text import SHIPPED_POLICIES, policy_name
from guard.settings_warnings import warnings
from guard.store.network_files import Networks, load_networks
from guard.store.profile_files import profile_rules
from guard.store.rule_files import RulesRoot, load_catalogue, owner_rules, read_policy_file, rules_root
from guard.validation import WrongValueError, in_file_order
from guard.visible_marks import visible_mark_of
from guard.yaml12 import Document, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that a guard is started with."""

    settings: Settings
    policy: Policy
    """The owner's rules and the chosen policy's, in one list."""
    catalogue: Catalogue
    rules: RulesRoot
    """Which copy of the shipped rules was taken."""
    networks: Networks | None = None
    """The autonomous systems that the owner supplies."""

    @property
    def warnings(self) -> list[str]:
        """Sentences about what is allowed, but probably not meant or without effect."""
        of_networks = self.networks.warnings if self.networks else ()
        return [*warnings(self.settings), *search_faults(self.policy, self.catalogue), *of_networks]


def load_configuration(
    path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str], *, with_networks: bool = False
) -> Configuration:
    """Read configuration, policy and catalogue; the arguments are those of `load_settings`.

    Args:
        with_networks: Read the file of autonomous systems too, which takes a second or two.

    Raises:
        ConfigurationError: With every fault of all files, file by file.
        UsageError: The file of `path` can not be read.
    """
    faults: list[Fault] = []
    document: Document | None = None
    settings: Settings | None = None
    catalogue: Catalogue | None = None
    shipped: PolicyFile | None = None
    try:
        reading = read_settings(path, environ, overrides)
        document = reading.document
        settings = settings_of(reading, environ)
    except ConfigurationError as error:
        faults += error.faults
    faults += _faults_of_files(settings) if settings is not None else []
    faults += _folder_faults(settings, document)
    faults += _cluster_faults(settings, document)
    root = rules_root()
    try:
        catalogue = load_catalogue(root.path)
    except ConfigurationError as error:
        faults += error.faults
    if document is not None:
        faults += name_faults(document, ("rules",), catalogue)
    try:
        shipped = _policy_file(settings.policy if settings else _policy_named_in(document), root, catalogue)
    except ConfigurationError as error:
        faults += error.faults
    own: list[Rule] | None = None
    try:
        own = owner_rules(settings.rules) if settings is not None else None
    except ConfigurationError as error:
        faults += error.faults
    if document is not None and settings is not None and shipped is not None and own is not None:
        profiles = profile_rules(((site.host, site.profile) for site in settings.sites), root.path)
        rules = combine(own, (*profiles, *shipped.rules))
        if rules[-1].when != Condition() or rules[-1].monitor:
            index = next(index for index, entry in enumerate(settings.rules) if entry.id == rules[-1].id)
            message = f"the default is not stated any more: rule '{rules[-1].id}' must match always, without 'monitor'"
            faults.append(document.fault(("rules", index), message))
    networks: Networks | None = None
    if with_networks and settings is not None and settings.behaviour.networks is not None:
        try:
            networks = load_networks(settings.behaviour.networks)
        except ConfigurationError as error:
            faults += error.faults
    if faults or settings is None or catalogue is None or shipped is None:
        raise ConfigurationError(in_file_order(faults))
    return Configuration(
        settings=settings,
        policy=make_policy(shipped.name, rules, catalogue),
        catalogue=catalogue,
        rules=root,
        networks=networks,
    )


def _policy_named_in(document: Document | None) -> str:
    """Return the policy that a faulty configuration names, so that its faults are told as well."""
    value = document.value.get("policy") if document is not None and isinstance(document.value, dict) else None
    try:
        named = policy_name(value) if isinstance(value, str) else "moderate"
    except WrongValueError:
        return "moderate"
    return named if document is None or named in SHIPPED_POLICIES else str(Path(document.file).parent / named)


def _faults_of_files(settings: Settings) -> list[Fault]:
    """Return what is wrong with the files that the settings name."""
    faults: list[Fault] = []
    for rights in (settings.rights, *(site.rights for site in settings.sites if site.rights)):
        try:
            read_terms(rights)
        except ConfigurationError as error:
            faults += error.faults
    try:
        visible_mark_of(settings.visible_mark, settings.rights)
    except ConfigurationError as error:
        faults += error.faults
    return faults


def _folder_faults(settings: Settings | None, document: Document | None) -> list[Fault]:
    folder = settings.canaries if settings is not None else None
    if document is None or folder is None or folder.is_dir():
        return []
    return [document.fault(("canaries",), f"{folder} is no folder; name one with pictures in it")]


def _cluster_faults(settings: Settings | None, document: Document | None) -> Iterator[Fault]:
    if settings is not None and document is not None:
        for part, module in (("valkey", "redis"), ("postgresql", "asyncpg"), ("s3", "boto3")):
            if getattr(settings.cluster, part) is not None and find_spec(module) is None:
                message = f"needs {module}, which is not installed; pip install 'crawler-guard[cluster]'"
                yield document.fault(("cluster", part), message)


def _policy_file(name: str, root: RulesRoot, catalogue: Catalogue | None) -> PolicyFile:
    data, file = read_policy_file(name, root.path)
    return parse_policy_file(load(data, file), catalogue)
