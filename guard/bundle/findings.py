"""What do the records of a case say, put together, before any language is chosen?

Observation only: each value here stands in a record or a document of the case, or is computed from
one by the rules of its format (which line of a robots.txt decides is RFC 9309's). What a value is
worth is said by its grade, never by a name alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from guard.bundle.seen import Applied, Client, Fetch, Outcome, Registered, Told, Version
from guard.evidence.case import Case, CaseRecord, Role
from guard.evidence.disclosure import target_of
from guard.reservation.read_robots import RobotsFile, matches, read_robots

ROBOTS: Final = "/robots.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that the report tells."""

    case: Case
    fetches: tuple[Fetch, ...]
    """What was asked for, in the order of the log."""
    clients: tuple[Client, ...]
    """Those of the best grade first."""
    versions: tuple[Version, ...]

    def registered(self, fetch: Fetch) -> "Registered | None":
        """Return what the owner has put on record about the picture of this request: by its file, else by its name.

        Of several the first counts: it was said earliest.
        """
        name = fetch.path.rpartition("/")[2]
        all_ = self.case.of_kind("img")
        by_file = [one for one in all_ if fetch.said.get("original") and one.fields["sha256"] == fetch.said["original"]]
        by_name = [one for one in all_ if name and one.fields["name"].rpartition("/")[2] == name]
        if by_file:
            return Registered(record=by_file[0], by_file=True, before=by_file[0].index < fetch.index)
        if by_name and not fetch.said.get("original"):
            return Registered(record=by_name[0], by_file=False, before=by_name[0].index < fetch.index)
        return None

    def clock(self, fetch: Fetch) -> CaseRecord | None:
        """Return the last look at the machine's clock before a request."""
        looks = [one for one in self.case.of_kind("clk") if one.index < fetch.index]
        return looks[-1] if looks else None

    @property
    def pictures(self) -> dict[str, tuple[Fetch, ...]]:
        """Fetches of pictures by path, the most asked for first; those without a path under an empty one."""
        found: dict[str, list[Fetch]] = {}
        for one in self.fetches:
            if one.is_picture:
                found.setdefault(one.path, []).append(one)
        return {path: tuple(all_) for path, all_ in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))}

    @property
    def unseen(self) -> frozenset[str]:
        """Paths that were refused with a picture, though what lies there the guard had not seen yet."""
        refused = {one.path for one in self.fetches if one.said["rendition"] == "card" and one.path}
        return frozenset(refused - self.pictures.keys())

    @property
    def leading(self) -> Fetch:
        """The request that page one is about: a picture before anything else, of the best grade, handed over whole."""
        return min(self.fetches, key=_weight)

    def robots(self, version: Version | None) -> bytes | None:
        """Return the exact robots.txt of a version."""
        return self.case.blobs.get(version.digest_of(ROBOTS)) if version else None

    def applied(self, fetch: Fetch, version: Version | None) -> Applied | None:
        """Return which line of that version's robots.txt was about this URL for this client's name."""
        body = self.robots(version)
        return None if body is None or not fetch.target else applied(body, fetch.said["claimed"], fetch.target)


def _weight(fetch: Fetch) -> tuple[object, ...]:
    handed_over = fetch.outcome in (Outcome.WHOLE, Outcome.PART) and fetch.said["action"] != "refuse"
    return not fetch.is_picture, fetch.is_reservation, fetch.said["grade"] or "F", not handed_over, fetch.index


def findings(case: Case) -> Findings:
    """Put together what the records of a case say."""
    versions = _versions(case)
    ends = {one.fields["req"]: one for one in case.of_kind("end")}
    memory = _Memory(versions)
    fetches = []
    for one in case.of_kind("req"):
        if one.role is Role.RANGE:
            continue
        fetch = _fetch(one, ends.get(one.index), versions)
        fetch = replace(fetch, told=memory.before(fetch))
        memory.add(fetch)
        if one.role is Role.CHOSEN:
            fetches.append(fetch)
    return Findings(case=case, fetches=tuple(fetches), clients=_clients(fetches), versions=versions)


class _Memory:
    """What each client had been sent of the reservation, as the records tell it one after the other."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = versions
        self._by_address: dict[tuple[str, str], Told] = {}
        self._by_name: dict[str, Told] = {}

    def before(self, fetch: Fetch) -> Told | None:
        """Return what the client of this request had been sent last."""
        name = fetch.said["claimed"]
        seen = self._by_address.get((fetch.address, name)) if fetch.address else None
        if (robots := fetch.said.get("robots")) and fetch.said.get("robots_since"):
            # The guard knew its client by more than the log discloses, so its word goes before what is put together.
            version = self._with_robots(robots, fetch.index)
            if seen is None or seen.version is None or version is None or seen.version.digest != version.digest:
                return Told(
                    index=-1, at=fetch.said["robots_since"], path=ROBOTS, version=version, outcome=Outcome.WHOLE,
                    same_client=True,
                )  # fmt: skip
        return seen or (None if fetch.address or not name else self._by_name.get(name))

    def add(self, fetch: Fetch) -> None:
        """Remember what this request was answered with."""
        client = fetch.address, fetch.said["claimed"]
        # robots.txt names single crawlers and paths: it is told of before any other document.
        if fetch.is_reservation and (fetch.path in ("", ROBOTS) or client not in self._by_address):
            self._by_address[client] = self._by_name[client[1]] = Told(
                index=fetch.index, at=fetch.at, path=fetch.path, version=fetch.version, outcome=fetch.outcome,
                same_client=bool(fetch.address),
            )  # fmt: skip

    def _with_robots(self, digest: str, before: int) -> Version | None:
        found = [one for one in self._versions if one.index < before and one.digest_of(ROBOTS).startswith(digest)]
        return found[-1] if found else None


def _fetch(one: CaseRecord, end: CaseRecord | None, versions: Iterable[Version]) -> Fetch:
    person, network = (_mapping(one.values.get(group)) for group in ("person", "network"))
    address, port = person.get("address"), person.get("port")
    version = None
    for candidate in versions:  # the newest before the request that has the digest it names
        if candidate.digest == one.fields["rsv"] and candidate.index < one.index:
            version = candidate
    return Fetch(
        index=one.index,
        at=one.fields["at"],
        said=one.fields,
        end=end.fields if end else {},
        end_index=end.index if end else -1,
        target=target_of(one.values),
        address=address if isinstance(address, str) else "",
        port=port if isinstance(port, int) else 0,
        source=str(person.get("source", "")),
        peer=str(person.get("peer", "")),
        ignored_chain=bool(_forwarded(person)) and person.get("source") == "peer",
        network=str(network.get("prefix", "")),
        system=int(network.get("system") or 0),
        agent=header(one.values, "user-agent"),
        version=version,
        told=None,
    )


def _forwarded(person: Mapping[str, Any]) -> str:
    """Return a forwarding field that came with the request."""
    return next(
        (
            str(line[1])
            for line in person.get("headers", ())
            if str(line[0]).lower() in ("x-forwarded-for", "forwarded")
        ),
        str(person.get("chain", "")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def header(values: Mapping[str, Any], name: str) -> str:
    """Return the first value of a header field, in whichever group it is disclosed."""
    for group in values.values():
        lines = _mapping(group).get("headers")
        for line in lines if isinstance(lines, list) else ():
            if isinstance(line, list) and len(line) == 2 and str(line[0]).lower() == name and line[1] is not None:
                return str(line[1])
    return ""


def _versions(case: Case) -> tuple[Version, ...]:
    found: list[Version] = []
    latest: dict[str, int] = {}
    for one in case.of_kind("rsv"):
        said = one.fields["set"]
        site, digest = said["site"], one.fields["digest"]
        before = latest.get(site)
        if before is not None and found[before].digest == digest:
            continue  # a restart, or a second worker
        if before is not None:
            found[before] = replace(found[before], until=one.fields["at"])
        latest[site] = len(found)
        found.append(
            Version(
                index=one.index,
                since=one.fields["at"],
                until=0,
                site=site,
                digest=digest,
                documents=tuple((doc["path"], doc["sha256"], doc["media_type"]) for doc in said["documents"]),
                headers=_lines(said["headers"]),
                paths=tuple((path, _lines(lines)) for path, lines in said.get("paths", ())),
            )
        )
    return tuple(found)


def _lines(said: Iterable[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in said)


def _clients(fetches: Iterable[Fetch]) -> tuple[Client, ...]:
    found: dict[tuple[str, ...], list[Fetch]] = {}
    for one in fetches:
        key = (one.said["grade"], one.said["identity"], one.said["claimed"], one.said["operator"])
        found.setdefault(key, []).append(one)
    return tuple(
        Client(
            grade=key[0],
            identity=key[1],
            claimed=key[2],
            operator=key[3],
            conducts=tuple(sorted({one.said["conduct"] for one in all_})),
            fetches=tuple(all_),
        )
        for key, all_ in sorted(found.items(), key=lambda item: (item[0][0] or "F", -len(item[1]), item[0]))
    )


def applied(body: bytes, claimed: str, target: str) -> Applied | None:
    """Return the line of a robots.txt that decides about `target` for the product token `claimed`.

    The longest pattern counts and Allow wins a tie (RFC 9309, section 2.2.2); a client without a name has the `*`
    group. None where no group is for it.
    """
    said: RobotsFile = read_robots(body, ROBOTS)
    rows = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    groups = said.for_token(claimed or "*")
    if not groups:
        return None
    best: tuple[int, bool, int] = (-1, True, 0)
    chosen = groups[0]
    for group in groups:
        for allow, pattern, line in group.rules:
            if pattern and matches(pattern, target) and (len(pattern), allow) > best[:2]:
                best, chosen = (len(pattern), allow, line), group
    name = claimed.lower() if claimed and said.names(claimed) else "*"
    at = chosen.line
    for number in range(chosen.line, len(rows) + 1):
        key, _, value = rows[number - 1].partition(":")
        if key.strip().lower() == "user-agent" and value.partition("#")[0].strip().partition("/")[0].lower() == name:
            at = number
            break
    return Applied(
        group=rows[at - 1].strip(),
        group_line=at,
        rule=rows[best[2] - 1].strip() if best[2] else "",
        rule_line=best[2],
        allows=best[1],
    )
