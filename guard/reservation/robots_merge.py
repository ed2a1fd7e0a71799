"""How do the site's own robots.txt and ours become one that weakens neither?

A crawler reads one group: its own, or else that of `*`. So for every name in either file the
merged file has a group that closes what the name's group closes in one file *or* the other, and
repeats our signals:

- A name that we close stays closed, whatever the site's own file opens for it.
- Every other name of the site's own file keeps its Disallow lines, and gets ours for everybody.
- An Allow line stays unless it could win against a Disallow line of the other file: the longest
  path wins, and on a tie Allow does (RFC 9309, section 2.2.2). Where that can not be told by the
  two paths, it goes.
- Of two answers to one signal the reserving one stays, on one line, without a path.

Names and paths stay as they were written, so that each parser reads of them what it read before;
order and form are those of `robots`: Disallow, Allow, other records, signals, no blank line.
urllib and Protego look for a name inside the crawler's; so a name of the site's that has one of
ours inside is closed by ours too, and names keep their order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from guard.errors import ReservationError
from guard.reservation import headers, robots
from guard.reservation.documents import ReservationSet
from guard.reservation.robots_file import MAX_BYTES, SIGNALS, RobotsFile, Rules, parse

_FOR_EVERYBODY: Final = "*"
_OPEN: Final = Rules()
_INTRODUCTION: Final = "# The comments of the site's own robots.txt:"
_CANONICAL: Final = {"content-usage": "Content-Usage", "content-signal": "Content-Signal", "license": "License"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What to serve, and what its owner should know."""

    body: bytes
    findings: tuple[str, ...]
    """One sentence each: what is odd about the site's own file, and what of it could not be kept."""


def merge(ours: bytes, theirs: RobotsFile) -> Merged:
    """Return our file, as `robots.render` made it, with everything that the site's own file closes.

    Raises:
        ReservationError: Together they are longer than what crawlers read.
    """
    text = ours.decode("utf-8")
    mine = parse(text)
    preamble = [line for line in text.partition("\nUser-agent:")[0].split("\n") if line.startswith("#")]
    findings = dict.fromkeys(theirs.findings)
    groups = list(_together(_each(mine, theirs, findings)))
    endings = [
        *(f"{_CANONICAL.get(key, key.capitalize())}: {value}" for key, value in mine.records),
        *(f"Sitemap: {url}" for url in dict.fromkeys((*mine.sitemaps, *theirs.sitemaps))),
    ]
    blocks = [preamble, *groups, endings]
    if theirs.comments:
        body = _bytes([preamble, [_INTRODUCTION, *theirs.comments], *groups, endings])
        if len(body) <= MAX_BYTES:
            return Merged(body=body, findings=tuple(findings))
    body = _bytes(blocks)
    if len(body) > MAX_BYTES:
        raise ReservationError(f"together with ours it has {len(body):,} bytes; crawlers read {MAX_BYTES:,}")
    return Merged(body=body, findings=tuple(findings))


def merge_into(reserved: ReservationSet, theirs: RobotsFile) -> tuple[ReservationSet, tuple[str, ...]]:
    """Return `reserved` with the merged robots.txt in it, so that its digest names the bytes in force, and findings.

    Raises:
        ReservationError: As in `merge`.
    """
    ours = reserved.document(robots.PATH)
    if ours is None:
        raise ReservationError("there is no robots.txt of ours to merge it with")
    merged = merge(ours.body, theirs)
    return reserved.with_document(replace(ours, body=merged.body)), merged.findings


def _bytes(blocks: Iterable[list[str]]) -> bytes:
    return ("\n\n".join("\n".join(block) for block in blocks if block) + "\n").encode("utf-8")


def _each(mine: RobotsFile, theirs: RobotsFile, findings: dict[str, None]) -> Iterator[tuple[str, Rules, bool]]:
    """Yield each name of either file once, ours first and everybody last, with what the merged file says to it.

    The third says that the rules are ours alone.
    """
    names = dict.fromkeys(name.lower() for name, _ in mine.groups)
    written = {name.lower(): name for name, _ in (*theirs.groups, *mine.groups)}
    names |= dict.fromkeys(name.lower() for name, _ in theirs.groups)
    ours = {name.lower(): rules for name, rules in mine.groups}
    everybody = ours.get(_FOR_EVERYBODY, _OPEN)
    unsaid = replace(everybody, allow=tuple(path for path in everybody.allow if path != "/"))  # it goes without saying
    own = {name.lower(): rules for name, rules in theirs.groups}
    named = [name for name in ours if name != _FOR_EVERYBODY]
    for name in (*(n for n in names if n != _FOR_EVERYBODY), _FOR_EVERYBODY):
        inside = [ours[one] for one in named if one in name] if name != _FOR_EVERYBODY else []
        a = inside[0] if inside else (everybody if name == _FOR_EVERYBODY else unsaid)
        for further in inside[1:]:
            a = _stricter(a, further, name, {})
        if name in own:
            b = own[name]
        else:
            around = [rules for one, rules in own.items() if one != _FOR_EVERYBODY and one and one in name]
            b = own.get(_FOR_EVERYBODY, _OPEN) if not around else around[0]
            for further in around[1:]:
                b = _stricter(b, further, name, {})
        if a.closed and name in own and not own[name].closed and (own[name].disallow or own[name].allow):
            findings.setdefault(f"the group of {written[name]} is closed, as your rights reserve what it collects for")
        yield written[name], _stricter(a, b, written[name], findings), not (b.disallow or b.allow)


def _stricter(ours: Rules, theirs: Rules, name: str, findings: dict[str, None]) -> Rules:
    """Return rules that allow nothing that either of the two disallows."""
    records = (*_other(ours), *_other(theirs), *_signals(ours, theirs, findings))
    if ours.closed or theirs.closed:
        return Rules(disallow=("/",), records=tuple(r for r in records if r[0] in SIGNALS or not ours.closed))
    allow = []
    for path, other, is_theirs in (
        *((p, theirs, False) for p in ours.allow),
        *((p, ours, True) for p in theirs.allow),
    ):
        if path in other.allow or not any(_may_beat(path, closed) for closed in other.disallow):
            allow.append(path)
        elif path.rstrip("*") not in ("/", "") and is_theirs:
            findings.setdefault(f"'Allow: {path}' for {name} is left out: it might open what we close")
    disallow = dict.fromkeys((*ours.disallow, *theirs.disallow))
    return Rules(disallow=tuple(disallow), allow=tuple(dict.fromkeys(allow)), records=tuple(dict.fromkeys(records)))


def _may_beat(allow: str, disallow: str) -> bool:
    """Tell whether there may be a path at which `allow` wins against `disallow`; in doubt there is."""
    a, d = _literal(allow), _literal(disallow)
    one_path = allow.endswith("$") and "*" not in allow
    if not (a.startswith(d) or (d.startswith(a) and not one_path)):
        return False
    if _special(allow) or _special(disallow):
        return True
    # Parsers count octets as written or decoded; the Disallow line must be longer by both counts.
    return len(disallow) <= len(allow) or len(unquote(disallow)) <= len(unquote(allow))


def _literal(path: str) -> str:
    """Return what every path that the pattern matches begins with."""
    head = unquote(path.partition("*")[0].partition("$")[0])
    # Protego opens the folder with its index page.
    head = head.removesuffix("index.html") if head.endswith("/index.html") else head
    return head if head.startswith("/") or not head else f"/{head}"


def _special(path: str) -> bool:
    return "*" in path or "$" in path or path.endswith("/index.html") or not path.startswith("/")


def _other(rules: Rules) -> Iterator[tuple[str, str]]:
    return (record for record in rules.records if record[0] not in SIGNALS)


def _signals(ours: Rules, theirs: Rules, findings: dict[str, None]) -> Iterator[tuple[str, str]]:
    """Yield one record for each signal."""
    for key in _CANONICAL:
        mine = [value for name, value in ours.records if name == key]
        own = []
        for name, value in theirs.records:
            if name == key and value.startswith("/") and key != "license":
                findings.setdefault(f"'{_CANONICAL[key]}: {value}' is left out: with a path readers lose all others")
            elif name == key:
                own.append(value)
        if said := next(iter((*mine, *own)), "") if key == "license" else _answers(key, mine, own):
            yield key, said


def _answers(name: str, ours: list[str], theirs: list[str]) -> str:
    """Return the stricter answers as in a header line of the same name."""
    lines = headers.merge([(name, value) for value in theirs], tuple((name, value) for value in ours[:1]))
    return next((value for key, value in lines if key.lower() == name), "")


def _together(each: Iterable[tuple[str, Rules, bool]]) -> Iterator[list[str]]:
    """Yield the lines of the groups; names next to each other that are told the same share one."""
    names: list[str] = []
    said: tuple[Rules, bool] | None = None
    for name, rules, ours in each:
        told = rules, ours and not rules.closed
        if said is not None and (told != said or name == _FOR_EVERYBODY):
            yield _lines(names, *said)
            names = []
        names.append(name)
        said = told
    if said is not None:
        yield _lines(names, *said)


def _lines(names: list[str], rules: Rules, ours: bool) -> list[str]:
    paths = [
        *(("Disallow", path) for path in rules.disallow),
        *(("Allow", path) for path in rules.allow or (() if rules.disallow else ("/",))),
    ]
    if ours:  # in our own order urllib reads our milder paths too; theirs it may have read as closed, and goes on to
        paths.sort(key=lambda line: -len(line[1]))
    return [
        *(f"User-agent: {name}" for name in names),
        *(f"{word}: {path}" for word, path in paths),
        *(f"{_CANONICAL.get(key, key.capitalize())}: {value}" for key, value in rules.records),
    ]
