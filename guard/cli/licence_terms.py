"""Which licence does the command line ask for?

Every function takes what an option was given and returns what the licence says, or raises
UsageError with a sentence that shows the right form.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from guard.core.licence_token import LONGEST_TEXT, MOST_ITEMS, licensee_key
from guard.core.target import canonical_path
from guard.errors import LicenceError, UsageError
from guard.settings import Settings
from guard.settings_text import ANY_HOST, host_name
from guard.store.rule_files import load_catalogue, rules_root
from guard.validation import WrongValueError, suggest

LONGEST_DAYS: Final = 3650
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400}


def line(option: str, text: str) -> str:
    """Return a name or a reference."""
    if not text.strip() or not text.isprintable() or len(text) > LONGEST_TEXT:
        raise UsageError(f"{option} must be one line of at most {LONGEST_TEXT} characters")
    return text.strip()


def items(option: str, given: list[str] | None) -> list[str]:
    """Return what was given to an option, each once."""
    items = list(dict.fromkeys(given or []))
    if len(items) > MOST_ITEMS:
        raise UsageError(f"{option} can be given {MOST_ITEMS} times")
    return items


def hosts(settings: Settings, given: list[str]) -> tuple[str, ...]:
    """Return the sites that a licence is for, which the guard must have."""
    configured = [site.host for site in settings.sites]
    if not given:
        if len(configured) == 1 and configured[0] != ANY_HOST:
            return tuple(configured)
        raise UsageError("--host is needed: the name of the site that the licence is for")
    hosts = []
    for one in items("--host", given):
        try:
            host = host_name(one)
        except WrongValueError as error:
            raise UsageError(f"--host {one!r} {error.message}") from None
        if host == ANY_HOST:
            raise UsageError("--host must be one whole name")
        if host not in configured and ANY_HOST not in configured:
            near = suggest(host, configured)
            meant = f" (did you mean '{near}'?)" if near else ""
            raise UsageError(f"--host {one!r} is no configured site{meant}")
        hosts.append(host)
    return tuple(hosts)


def path(text: str) -> str:
    """Return a path as requests for it are compared."""
    if not text.startswith("/") or not text.isprintable() or "?" in text or "*" in text or len(text) > LONGEST_TEXT:
        raise UsageError(f"--path {text!r} must begin with '/', without '*' and '?'")
    canonical = canonical_path(text)
    if canonical != text:
        raise UsageError(f"--path {text!r} must be written as {canonical!r}")
    return text


def crawler(text: str) -> str:
    """Return the id of a catalogue entry."""
    catalogue = load_catalogue(rules_root().path)
    if catalogue.get(text) is None:
        by_token = {one.token.casefold(): one.id for one in catalogue.crawlers}
        near = by_token.get(text.casefold()) or suggest(text, [one.id for one in catalogue.crawlers])
        meant = f" (did you mean '{near}'?)" if near else "; 'guard rules list' names all"
        raise UsageError(f"there is no crawler '{text}'{meant}")
    return text


def public_key(file: Path) -> dict[str, str]:
    """Return what of a key file is public and needed."""
    try:
        with file.open("rb") as opened:
            said = orjson.loads(opened.read(16 << 10))
    except OSError as error:
        raise UsageError(f"{file}: can not be read: {(error.strerror or str(error)).lower()}") from None
    except orjson.JSONDecodeError:
        raise UsageError(f"{file}: not a JSON Web Key") from None
    keys = said.get("keys") if isinstance(said, dict) else None
    if isinstance(keys, list):
        if len(keys) != 1:
            raise UsageError(f"{file}: holds {len(keys)} keys; give a file with one")
        said = keys[0]
    if not isinstance(said, dict):
        raise UsageError(f"{file}: not a JSON Web Key")
    try:
        licensee_key(said)
    except LicenceError as error:
        raise UsageError(f"{file}: {error}") from None
    return {name: said[name] for name in ("crv", "e", "kty", "n", "x", "y") if isinstance(said.get(name), str)}


def thumbprint(text: str) -> str:
    """Return the thumbprint of a key (RFC 7638); empty stays empty."""
    if text and not re.fullmatch("[A-Za-z0-9_-]{43}", text, re.ASCII):
        raise UsageError("--key-thumbprint must be 43 characters of base64url, the SHA-256 thumbprint of a key")
    return text


def seconds(pictures: int, per: str) -> int:
    """Return the time that a limit is for; 0 without one."""
    if not pictures and not per:
        return 0
    if not pictures or per not in _SECONDS:
        raise UsageError("a limit is a number and a time, like --pictures 1000 --per day")
    return _SECONDS[per]


def end(now: datetime, days: int | None, until: str) -> datetime:
    """Return when the licence ends."""
    if days is not None and until:
        raise UsageError("take one of them: --days, or --until")
    end = now + timedelta(days=365)
    if days is not None:
        if not 1 <= days <= LONGEST_DAYS:
            raise UsageError(f"--days must be from 1 to {LONGEST_DAYS}")
        end = now + timedelta(days=days)
    elif until:
        try:
            end = datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
        except ValueError:
            raise UsageError(f"--until {until!r} must be a day like 2027-03-31") from None
    if not now < end <= now + timedelta(days=LONGEST_DAYS):
        raise UsageError(f"--until must be within the next {LONGEST_DAYS} days")
    return end
