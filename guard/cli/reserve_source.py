"""Whose reservation does a command speak of: that of a configuration, or of a host without one?"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from guard.configuration import load_configuration
from guard.errors import ConfigurationError, UsageError
from guard.reservation.documents import ReservationSet, render
from guard.reservation.statement import Statement
from guard.rights import read_terms, stated_since, statement_of
from guard.settings import Settings, Site
from guard.settings_rights import Rights
from guard.settings_text import ANY_HOST, host_name
from guard.store.rule_files import load_catalogue, rules_root
from guard.validation import WrongValueError, suggest

DEFAULT_FILE = Path("guard.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A statement, and what its documents need besides."""

    statement: Statement
    crawlers: tuple[tuple[str, str], ...]
    """The catalogue, as (token, purpose)."""
    as_of: date
    """The day since which the statement holds."""
    disallow: tuple[str, ...] = ()
    """Paths that no crawler may fetch."""

    def render(self) -> ReservationSet:
        """Return everything that is said."""
        return render(self.statement, self.crawlers, as_of=self.as_of, disallow=self.disallow)


def source_of(config: Path | None, host: str, say: Callable[[str], None]) -> Source:
    """Return the source for the site `host` of a configuration, or for a host on safe defaults.

    Args:
        config: The file; without one `guard.yaml` in the working directory if `host` is empty.
        host: The site meant, the first one if empty; without a configuration, the host to speak for.
        say: Takes sentences about what the documents can not show.

    Raises:
        ConfigurationError: The configuration has faults.
        UsageError: There is neither, or the configuration has no such site.
    """
    if config is None and not host and DEFAULT_FILE.is_file():
        config = DEFAULT_FILE
    if config is not None:
        return _of_configuration(config, host, say)
    if not host:
        raise UsageError("name a configuration with -c guard.yaml, or a site without one with --host photo.example")
    crawlers = tuple((one.token, one.purpose) for one in load_catalogue(rules_root().path).crawlers)
    statement = statement_of(Rights(), _base_url(host))
    return Source(statement=statement, crawlers=crawlers, as_of=datetime.now(UTC).date())


def _of_configuration(config: Path, host: str, say: Callable[[str], None]) -> Source:
    configuration = load_configuration(config, os.environ, {})
    settings = configuration.settings
    site = _site(settings, host)
    rights = settings.rights_of(site)
    base_url = site.base_url or (_base_url(host) if host and host != ANY_HOST else "")
    if not base_url:
        say("the site is for every host, so addresses are written without one; --host photo.example names it")
    return Source(
        statement=statement_of(rights, base_url, read_terms(rights)),
        crawlers=tuple((one.token, one.purpose) for one in configuration.catalogue.crawlers),
        as_of=stated_since(config, settings),
        disallow=_decoys(settings, site, say),
    )


def _site(settings: Settings, host: str) -> Site:
    if not host:
        return settings.sites[0]
    by_host = {site.host: site for site in settings.sites}
    found = by_host.get(host.lower(), by_host.get(ANY_HOST))
    if found is None:
        meant = suggest(host, by_host)
        raise UsageError(
            f"the configuration has no site {host}; it has {', '.join(by_host)}"
            + (f" (did you mean '{meant}'?)" if meant else "")
        )
    return found


def _decoys(settings: Settings, site: Site, say: Callable[[str], None]) -> tuple[str, ...]:
    """Return the folder that the server disallows for its decoys, once it has been started with them."""
    if not settings.behaviour.decoys:
        return ()
    from guard.server.decoys import Decoys
    from guard.store import decoy_secret

    secret = decoy_secret.file_in(settings.evidence.directory)
    if not secret.is_file():
        say("decoys are on: robots.txt will have one more Disallow line from the first start on")
        return ()
    return (Decoys(decoy_secret.load_or_create(secret)).directory(site.host),)


def _base_url(host: str) -> str:
    scheme, found, rest = host.partition("://")
    name, colon, port = (rest if found else host).partition(":")
    try:
        base_url = f"{scheme if found else 'https'}://{host_name(name)}{colon}{port}"
        Statement(base_url=base_url)
    except (WrongValueError, ConfigurationError):
        raise UsageError(f"--host {host[:60]}: expected a host name like photo.example") from None
    return base_url
