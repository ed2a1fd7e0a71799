"""What can be set, what does each value mean, and what holds when nothing is set?

One YAML file, `GUARD_` variables over it, command line options over both. The models
below are the published schema as well, so their descriptions are written for owners.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from guard.core.policy_file import RuleEntry
from guard.errors import ConfigurationError, Fault
from guard.settings_cluster import Cluster
from guard.settings_console import Console
from guard.settings_evidence import DEFAULT_EVIDENCE, Evidence
from guard.settings_fronts import ClientAddressSource, Decisions
from guard.settings_licences import Licences
from guard.settings_notify import Notify
from guard.settings_pictures import InImage, SiteInImage, VisibleMark
from guard.settings_rights import Rights, TermsFiles, needless_offers
from guard.settings_sections import (
    Behaviour,
    Challenges,
    IdentityChecks,
    Images,
    Marks,
    SearchCheck,
    Section,
    Tickets,
    Timeouts,
    UpstreamRobots,
)
from guard.settings_source import interpolate, read_file, with_environment, with_overrides
from guard.settings_text import (
    ANY_HOST,
    SHIPPED_POLICIES,
    UNIX_PREFIX,
    Line,
    admin_listener,
    endpoint,
    host_name,
    leads_to,
    listener,
    policy_name,
    upstream_url,
    visitors_url,
)
from guard.validation import WrongValueError, in_file_order, validate
from guard.yaml12 import Document, load

NO_FILE = "no configuration file"
LICENCES = Path("guard") / "licences"
"""In the evidence directory, where nothing else is set."""


_WORKERS_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 64}, {"const": "auto"}], "default": 1}


def _workers(value: Any) -> Any:
    if value == "auto":
        return 0
    digits = str(value)
    if not re.fullmatch("[0-9]{1,2}", digits, re.ASCII) or not 1 <= int(digits) <= 64:
        raise WrongValueError("must be a whole number from 1 to 64, or auto")
    return value


class Site(Section):
    """One guarded site."""

    host: Annotated[str, AfterValidator(host_name)] = Field(description="Its name without port, or * for every name.")
    upstream: Annotated[str, AfterValidator(upstream_url)] = Field(
        description="Where the site itself answers: http://host:port, https://host or unix:/path."
    )
    public_url: Annotated[str, AfterValidator(visitors_url)] = Field(
        default="", description="How visitors reach it; https://<host> where it is not given."
    )
    profile: Literal["static", "wordpress", "nextgen", "lychee", "piwigo", "immich", "photoprism", "nextcloud"] = Field(
        default="static", description="The gallery software: what its own pages and apps fetch is left alone."
    )
    rights: Rights | None = Field(default=None, description="What differs from the rights of all sites.")
    in_image: SiteInImage | None = Field(default=None, description="What differs inside this site's pictures.")

    @property
    def base_url(self) -> str:
        """How visitors reach the site; empty for a wildcard site that does not say."""
        return self.public_url or ("" if self.host == ANY_HOST else f"https://{self.host}")

    @property
    def upstream_socket(self) -> str:
        """Path of the upstream's unix socket, or empty."""
        return self.upstream.removeprefix(UNIX_PREFIX) if self.upstream.startswith(UNIX_PREFIX) else ""

    @property
    def upstream_base(self) -> str:
        """`http://host:port` or `https://…`, without a slash at the end."""
        return "http://localhost" if self.upstream_socket else self.upstream


class Settings(Section):
    """Everything that can be set."""

    listen: Annotated[str, BeforeValidator(listener)] = Field(
        default="127.0.0.1:8700",
        description="Where visitors' requests arrive: address:port, [address]:port, unix:/path or systemd.",
    )
    admin: Annotated[str, AfterValidator(admin_listener)] = Field(
        default="127.0.0.1:8701", description="Metrics, health and console: an address, a unix socket, or off."
    )
    console: Console = Console()
    # 0 stands for `auto`.
    workers: Annotated[
        int,
        BeforeValidator(_workers),
        PlainSerializer(lambda number: number or "auto", return_type=int | str),
        WithJsonSchema(_WORKERS_SCHEMA, mode="validation"),
    ] = Field(default=1, description="Processes that serve; auto is one a core.")
    fast_lane: bool = Field(
        default=True, description="Plain requests for pictures and pages go past the HTTP library, which costs less."
    )
    sites: tuple[Site, ...] = Field(min_length=1, description="The guarded sites.")
    rights: Rights = Rights()
    client_ip: ClientAddressSource = ClientAddressSource()
    decisions: Decisions = Decisions()
    identity: IdentityChecks = IdentityChecks()
    behaviour: Behaviour = Behaviour()
    challenge: Challenges = Challenges()
    licences: Licences = Licences()
    policy: Annotated[str, AfterValidator(policy_name)] = Field(
        default="moderate", description="open, moderate, strict, or the path of a policy file."
    )
    rules: tuple[RuleEntry, ...] = Field(default=(), description="Your own rules; they come before the policy's.")
    evidence: Evidence = Evidence()
    images: Images = Images()
    in_image: InImage = InImage()
    marks: Marks = Marks()
    visible_mark: VisibleMark = VisibleMark()
    canaries: Path | None = Field(
        default=None, description="A folder with works of yours that no person is shown; decoys lead programs to them."
    )
    tickets: Tickets = Tickets()
    search_check: SearchCheck = SearchCheck()
    upstream_robots: UpstreamRobots = UpstreamRobots()
    timeouts: Timeouts = Timeouts()
    notify: Notify = Notify()
    cluster: Cluster = Cluster()
    access_log: Line = Field(default="off", description="A file, - for standard output, or off.")

    @model_validator(mode="after")
    def _hints_have_a_source(self) -> "Settings":
        if self.behaviour.hints.fields() and not self.client_ip.trusted:
            raise WrongValueError(
                "hints are believed only from the servers in front of us; name them in client_ip.trusted",
                at=("behaviour", "hints"),
            )
        return self

    @model_validator(mode="after")
    def _canaries_have_decoys(self) -> "Settings":
        if self.canaries is not None and not (self.behaviour.decoys and self.marks.copies):
            missing = "behaviour.decoys: yes" if self.marks.copies else "marks.copies: yes"
            raise WrongValueError(
                f"decoys lead to canaries, and each copy of one is marked; set {missing}", at=("canaries",)
            )
        return self

    @model_validator(mode="after")
    def _others_need_a_password(self) -> "Settings":
        if self.admin != "off" and not endpoint(self.admin).loopback and not self.console.password:
            raise WrongValueError(
                "without a password only this machine may reach it: a loopback address or a unix socket, or set "
                "console.password (guard console password makes one)",
                at=("admin",),
            )
        return self

    def rights_of(self, site: Site) -> Rights:
        """Return the rights in force for `site`: its own where it states them, else those of all sites."""
        if site.rights is None:
            return self.rights
        return self.rights.model_copy(
            update={name: getattr(site.rights, name) for name in site.rights.model_fields_set}
        )

    def in_image_of(self, site: Site) -> SiteInImage:
        """Return what happens inside the pictures of `site`, likewise."""
        return site.in_image.over(self.in_image) if site.in_image else self.in_image


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was written, before it is settings: callers with more to check need its places."""

    document: Document
    faults: tuple[Fault, ...]
    """Keys given twice, references that lead nowhere, and variables that name no key."""


def from_upstream(upstream: str, listen: str = "", *, environ: Mapping[str, str]) -> Settings:
    """Return safe defaults for one upstream that answers for every host name.

    Raises:
        ConfigurationError: `upstream`, `listen` or a `GUARD_` variable is wrong.
    """
    return load_settings(None, environ, upstream_overrides(upstream, listen))


def upstream_overrides(upstream: str, listen: str = "") -> dict[str, str]:
    """Return the `overrides` that make up a whole configuration, for a start without a file."""
    overrides = {"sites.0.host": ANY_HOST, "sites.0.upstream": upstream}
    return {**overrides, "listen": listen} if listen else overrides


def load_settings(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str]) -> Settings:
    """Read the configuration: the file, `GUARD_` variables over it, and `overrides` over both.

    Args:
        path: The file; None for no file.
        environ: The environment: `GUARD_` variables, what `${NAME}` stands for, and where home is.
        overrides: Values by key path, as options gave them: `{"listen": …, "sites.0.upstream": …}`.

    Raises:
        ConfigurationError: With every fault, in file order.
        UsageError: The file can not be read.
    """
    return settings_of(read_settings(path, environ, overrides), environ)


def read_settings(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str]) -> Reading:
    """Return what `load_settings` makes settings of (arguments as there).

    Raises:
        ConfigurationError: The file is not YAML.
        UsageError: It can not be read.
    """
    twice: list[Fault] = []
    if path is None:
        document = load(b"", NO_FILE).changed({}, {(): NO_FILE})
    else:
        document = load(read_file(path), str(path), faults=twice)
        if document.value is None:  # an empty file, or comments only
            document = document.changed({}, {})
    document, unset = interpolate(document, environ)
    document, unknown = with_environment(document, environ, Settings)
    document, misplaced = with_overrides(document, overrides)
    return Reading(document=document, faults=(*twice, *unset, *unknown, *misplaced))


def settings_of(reading: Reading, environ: Mapping[str, str]) -> Settings:
    """Make settings of what was read, with every path whole; ConfigurationError as in `load_settings`."""
    document = reading.document
    faults = [*reading.faults, *_same_hosts(document)]
    try:
        settings = validate(Settings, document)
    except ConfigurationError as error:
        # A reference that leads nowhere leaves an unusable text behind; that is no second fault.
        known = {(fault.file, fault.line, fault.column) for fault in reading.faults if fault.line}
        faults += [fault for fault in error.faults if (fault.file, fault.line, fault.column) not in known]
    else:
        faults += [
            document.fault(
                ("sites", index, "upstream"), "this is where the guard itself listens; name the site behind it"
            )
            for index, site in enumerate(settings.sites)
            if leads_to(site.upstream, settings.listen)
        ]
    if faults:
        raise ConfigurationError(in_file_order(faults))
    return _with_whole_paths(settings, document, environ)


def _same_hosts(document: Document) -> Iterator[Fault]:
    """Look at the raw value, so that two sites of one name are told together with every other fault."""
    sites = document.value.get("sites") if isinstance(document.value, dict) else None
    seen: dict[str, int] = {}
    for index, site in enumerate(sites if isinstance(sites, list) else []):
        host = site.get("host") if isinstance(site, dict) else None
        if isinstance(host, str) and (first := seen.setdefault(host.lower(), index)) != index:
            yield document.fault(("sites", index, "host"), f"site {first} has the same host; keep one of the two")


def _with_whole_paths(settings: Settings, document: Document, environ: Mapping[str, str]) -> Settings:
    """Paths in the file are relative to its folder, paths from elsewhere to the working directory.

    A site's rights are made whole as well: settings are handed to other processes as JSON, and there nobody could
    tell any more which of them the site had stated.
    """
    faults: list[Fault] = []

    def whole(text: str, *key: str | int) -> Path:
        if text == "~" or text.startswith("~/"):
            if not environ.get("HOME"):
                faults.append(document.fault(key, "there is no home directory (HOME is not set); give a whole path"))
            return Path(environ.get("HOME", "/"), text[2:])
        from_file = not any(key[:length] in document.origins for length in range(len(key) + 1))
        return (Path(document.file).parent if from_file else Path()).absolute() / text

    directory = settings.evidence.directory
    if directory == DEFAULT_EVIDENCE and environ.get("XDG_STATE_HOME"):
        directory = Path(environ["XDG_STATE_HOME"]) / "crawler-guard" / "evidence"

    def rights(stated: Rights, place: tuple[str | int, ...], written: Rights) -> Rights:
        faults.extend(
            document.fault((*place, "offer", use), f"{use} is permitted, so there is nothing to license; take it away")
            for use in needless_offers(stated)
        )
        of_files = place if "terms_file" in written.model_fields_set else ("rights",)
        files = {
            language: whole(str(file), *of_files, "terms_file", language)
            for language, file in stated.terms_file
            if file is not None
        }
        return stated.model_copy(update={"terms_file": TermsFiles(**files)})

    in_image = settings.in_image.with_folder(lambda text: whole(text, "in_image", "certificate"))
    changes: dict[str, Any] = {
        "rights": rights(settings.rights, ("rights",), settings.rights),
        "in_image": in_image,
        "visible_mark": settings.visible_mark.with_logo(lambda text: whole(text, "visible_mark", "logo")),
        "sites": tuple(
            site.model_copy(
                update={
                    "rights": site.rights and rights(settings.rights_of(site), ("sites", index, "rights"), site.rights),
                    "in_image": site.in_image and site.in_image.over(in_image),
                }
            )
            for index, site in enumerate(settings.sites)
        ),
        "rules": tuple(_with_whole_list(entry, whole) for entry in settings.rules),
        "evidence": settings.evidence.with_whole_paths(
            whole(str(directory), "evidence", "directory"), lambda text, *key: whole(text, "evidence", *key)
        ),
    }
    kept = settings.licences.directory
    kept = changes["evidence"].directory / LICENCES if kept is None else whole(str(kept), "licences", "directory")
    changes["licences"] = settings.licences.model_copy(update={"directory": kept})
    if (networks := settings.behaviour.networks) is not None:
        whole_path = whole(str(networks), "behaviour", "networks")
        changes["behaviour"] = settings.behaviour.model_copy(update={"networks": whole_path})
    if settings.canaries is not None:
        changes["canaries"] = whole(str(settings.canaries), "canaries")
    if settings.policy not in SHIPPED_POLICIES:
        changes["policy"] = str(whole(settings.policy, "policy"))
    if settings.access_log not in {"-", "off"}:
        changes["access_log"] = str(whole(settings.access_log, "access_log"))
    taken = {endpoint(settings.listen): "listen"}
    for place, text in (
        (("admin",), settings.admin),
        (("decisions", "listen"), settings.decisions.listen),
        (("decisions", "spoe"), settings.decisions.spoe),
    ):
        where, name = None if text == "off" else endpoint(text), ".".join(place)
        if where and (where.port or where.socket) and (first := taken.setdefault(where, name)) != name:
            faults.append(document.fault(place, f"is the same as {first}; give each an address of its own"))
    if faults:
        raise ConfigurationError(in_file_order(faults))
    return settings.model_copy(update=changes)


def _with_whole_list(entry: RuleEntry, whole: Callable[..., Path]) -> RuleEntry:
    if not entry.when.paths_file:
        return entry
    when = entry.when.model_copy(update={"paths_file": str(whole(entry.when.paths_file, "rules"))})
    return entry.model_copy(update={"when": when})


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a configuration file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema(by_alias=True)}
