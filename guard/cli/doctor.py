"""What goes wrong with an installation although the configuration is right?

Each look returns sentences with the next step. What can not be seen is said to be unknown, never to be well.
"""

import ctypes
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from guard.cli.status import DISK_BYTES, DISK_SHARE, OLD_LISTS, OLD_RULES, size
from guard.core.facts import IPAddress
from guard.server.confinement import Supported
from guard.settings import Settings
from guard.settings_text import endpoint

_LISTENING: Final = "0A"
"""TCP_LISTEN in /proc/net/tcp (Linux, include/net/tcp_states.h)."""
_UNSYNCHRONISED: Final = 0x0040
"""STA_UNSYNC in <sys/timex.h>."""
MANY: Final = 0.5
FEW: Final = 20
"""Requests below which a share means nothing."""


class Health(StrEnum):
    """How something is."""

    WELL = "ok"
    NOTE = "note"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    health: Health
    sentence: str
    advice: str = ""
    """The next step."""


def client_address(settings: Settings, numbers: Mapping[str, float] | None) -> Finding:
    """Say whose address the guard takes for the client's, and why.

    Args:
        numbers: Of a running guard: `requests`, `unbelieved` and `unusable` forwarding headers; None without one.
    """
    what, source = "client address", settings.client_ip.source
    trusted = ", ".join(settings.client_ip.trusted)
    if source == "peer":
        sentence = "the client is whoever opens the connection (client_ip: peer)"
    else:
        name = source.removeprefix("header:")
        sentence = f"the client is read from {name}, from the right, up to the first address that is not in {trusted}"
    if numbers is None:
        return Finding(what, Health.WELL, sentence)
    requests = numbers.get("requests", 0.0)
    unbelieved, unusable = numbers.get("unbelieved", 0.0), numbers.get("unusable", 0.0)
    if requests >= FEW and unbelieved / requests > MANY:
        return Finding(
            what,
            Health.PROBLEM,
            f"{sentence}; but {unbelieved / requests:.0%} of the requests carry a forwarding header from a server that "
            "is not trusted, so all its visitors look like one client",
            "if that server is yours, name it: client_ip: {from: x-forwarded-for, trusted: [127.0.0.1/32]}",
        )
    if unusable:
        return Finding(
            what,
            Health.PROBLEM,
            f"{sentence}; of {unusable:.0f} requests the header could not be read, so the server in front stood in "
            "for the client",
            "see that it sends this field, and once",
        )
    return Finding(what, Health.WELL, sentence)


def open_ports(settings: Settings, listening: Iterable[tuple[IPAddress, int]]) -> Iterator[Finding]:
    """Tell of upstreams on this machine whose port others can reach, so that they go around the guard.

    Args:
        listening: Addresses and ports where something on this machine listens.
    """
    known = tuple(listening)
    for site in settings.sites:
        what = f"way around the guard to {site.host}"
        if site.upstream_socket:
            yield Finding(what, Health.WELL, "the site is behind a unix socket, which nobody outside can reach")
            continue
        split = urlsplit(site.upstream_base)
        port = split.port or (443 if split.scheme == "https" else 80)
        if not _is_here(split.hostname or ""):
            yield Finding(
                what,
                Health.UNKNOWN,
                f"the site is on another machine, {split.hostname}; from here nobody can see who else reaches it",
                f"let its firewall admit only this machine on port {port}",
            )
            continue
        reachable = sorted({str(address) for address, number in known if number == port and not address.is_loopback})
        if reachable:
            where = ", ".join("all addresses" if ip_address(one).is_unspecified else one for one in reachable)
            yield Finding(
                what,
                Health.PROBLEM,
                f"port {port} of the site listens on {where}: whoever asks there gets the pictures without the guard",
                f"let it listen on 127.0.0.1:{port} only, or close the port in the firewall",
            )
        elif any(number == port for _, number in known):
            yield Finding(what, Health.WELL, f"port {port} of the site listens for this machine only")
        else:
            yield Finding(what, Health.PROBLEM, f"nothing listens on port {port}, where the site should be", "start it")


def listeners(folder: Path = Path("/proc/net")) -> list[tuple[IPAddress, int]]:
    """Return where this machine listens for TCP connections; nothing where that can not be read."""
    found: list[tuple[IPAddress, int]] = []
    for name in ("tcp", "tcp6"):
        try:
            rows = (folder / name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[3] == _LISTENING:
                address, _, port = fields[1].partition(":")
                found.append((_kernel_address(address), int(port, 16)))
    return found


def _kernel_address(text: str) -> IPAddress:
    """Read an address as the kernel writes it: words of four bytes, each in the machine's order."""
    data = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    address = ip_address(data)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, IPv4Address) else address


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def clock() -> Finding:
    """Say whether the kernel holds the clock to others', on Linux."""
    what = "clock"
    try:
        buffer = ctypes.create_string_buffer(512)  # struct timex has 208 bytes; modes = 0 only asks
        state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
        status = int.from_bytes(buffer.raw[40:44], "little") if ctypes.sizeof(ctypes.c_long) == 8 else None
    except (OSError, AttributeError):
        state, status = -1, None
    if state < 0 or status is None:
        return Finding(what, Health.UNKNOWN, "this system does not tell whether its clock is right")
    if status & _UNSYNCHRONISED:
        return Finding(
            what,
            Health.NOTE,
            "the clock is not held to a time server; records carry its time",
            "run chrony or systemd-timesyncd, or see that the host of this container does",
        )
    return Finding(what, Health.WELL, "the clock is held to a time server")


def disk(evidence: Path) -> Finding:
    """Say how much room the log has."""
    what = "disk"
    folder = next((one for one in (evidence, *evidence.parents) if one.is_dir()), Path("/"))
    found = os.statvfs(folder)
    free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    if free < DISK_BYTES or free < DISK_SHARE * whole:
        return Finding(what, Health.PROBLEM, f"{folder} has only {size(free)} left", "make room; the log must not stop")
    return Finding(what, Health.WELL, f"{folder} has {size(free)} left")


def confinement(here: Supported) -> Finding:
    """Say what the processes that read strangers' pictures have given up, on this kernel."""
    what = "image workers"
    if here.files and here.calls:
        return Finding(what, Health.WELL, "they have no network, and of the files nothing but the program's own")
    lacking = " and ".join(
        name for name, there in (("landlock (files)", here.files), ("seccomp (network)", here.calls)) if not there
    )
    return Finding(
        what,
        Health.NOTE,
        f"this kernel does not confine them: no {lacking}; memory, time and writing are bounded all the same",
        "a newer Linux has both (5.13, with `landlock` among its lsm=); in a container, see that its seccomp profile "
        "lets landlock_create_ruleset through",
    )


def rules_age(checked: date, lists: Mapping[str, datetime | None], now: datetime) -> Iterator[Finding]:
    """Say how old the catalogue and the lists of addresses are."""
    days = (now.date() - checked).days
    health = Health.NOTE if days > OLD_RULES else Health.WELL
    advice = "take a newer version of the program" if health is Health.NOTE else ""
    yield Finding("rules", health, f"the catalogue of crawlers was checked on {checked}, {days} days ago", advice)
    old = sorted(name for name, at in lists.items() if at is not None and (now - at).days > OLD_LISTS)
    if old:
        yield Finding(
            "lists of addresses",
            Health.PROBLEM,
            f"{len(old)} of {len(lists)} are older than {OLD_LISTS} days: a forged crawler is not found out by them",
            "guard rules update, or identity: {refresh: yes}",
        )
    else:
        yield Finding("lists of addresses", Health.WELL, f"all {len(lists)} are fresh: they confirm and refute claims")


def admin(settings: Settings, state: Mapping[str, object] | None) -> Finding:
    """Say whether the guard runs."""
    if state is not None:
        return Finding("guard", Health.WELL, f"it runs, at {state['url']}")
    if settings.admin == "off":
        return Finding("guard", Health.UNKNOWN, "`admin` is off, so nobody can see whether it runs")
    return Finding("guard", Health.PROBLEM, f"nobody answers at {endpoint_text(settings)}", "guard serve -c FILE")


def endpoint_text(settings: Settings) -> str:
    """Return the admin listener as people type it."""
    place = endpoint(settings.admin)
    return f"unix:{place.socket}" if place.socket else settings.admin


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
