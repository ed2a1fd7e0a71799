"""Which header lines say the reservation?

The order and the spelling are chosen for the readers that exist:

- `X-Robots-Tag: noai, noimageai` is a line of its own, lower case, without a colon, and the
  first of its name: img2dataset cuts a line at its first colon and takes what stands before
  it for a user agent; `http.client` and others see the first line only.
- `tdm-reservation` and `tdm-policy` are written in lower case: a reader that keeps headers in
  a plain dict looks for them so.
- `Content-Usage` is an RFC 9651 dictionary (draft-ietf-aipref-attach-05); `content-signal` says
  the same in the words of contentsignals.org, as it is read by agents that fetch single pages.
- `Link` names the RSL file (RSL 1.0, section 4.5).

For training, Bing and Amazon have no product token; they read `noarchive`. Bing also keeps such
content out of its answers, but not out of its search results (Bing Webmaster Blog, 2023-09-22), so
where answers are permitted and training is not the word is `nocache`: training on titles and
snippets only. Both at once are read as `nocache`, so only one is sent.

A reserved search is said by `noindex`, on a line of its own. robots.txt can not say it: a search
engine that may not fetch a page never sees that it must not list it.

All lines together have at most 400 bytes for a host name of up to 33 characters.

The site behind us may send such lines itself. `merge` keeps whatever reserves more.
"""

import re
from collections.abc import Iterable

from guard.reservation.statement import RSL_PATH, Statement

Line = tuple[str, str]

FIELDS = frozenset({"x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal"})
"""Names (lower case) of the fields that `merge` rules over. Whoever sends its lines drops the upstream's.

`Link` is not among them: ours is one more of many, and the upstream's stay.
"""

# One member of a dictionary whose value is `y` or `n` (RFC 9651, section 3.2), parameters ignored.
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=([yn])[ \t]*(?:;.*)?", re.DOTALL)
_SIGNAL = re.compile(r"([a-z][a-z-]*)=(yes|no)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def lines(statement: Statement) -> tuple[Line, ...]:
    """Return the header lines of `statement`, names and values, in the order to send them.

    For a path with answers of its own give its statement (`Statement.at`); a statement with paths speaks for the rest.
    """
    statement = statement.at("")
    sent: list[Line] = [("X-Robots-Tag", ", ".join(line)) for line in directives(statement)]
    sent.append(("tdm-reservation", str(statement.tdm_reservation)))
    if statement.anything_reserved:
        sent.append(("tdm-policy", statement.tdm_policy_url))
    sent.append(("Content-Usage", statement.content_usage))
    sent.append(("content-signal", statement.content_signal))
    sent.append(("Link", f'<{statement.base_url}{RSL_PATH}>; rel="license"; type="application/rsl+xml"'))
    return tuple(sent)


def directives(statement: Statement) -> tuple[tuple[str, ...], ...]:
    """Return the words for crawlers as lines of `X-Robots-Tag`; the robots meta element has all in one."""
    found: list[tuple[str, ...]] = []
    if not statement.train:
        found.append(("noai", "noimageai"))
        found.append(("nocache",) if statement.ai_use else ("noarchive",))
    if not statement.search:
        found.append(("noindex", "noimageindex"))
    return tuple(found)


def merge(upstream: Iterable[Line], ours: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines to send for the fields in `FIELDS`, ours first; of two answers the stricter stays.

    `upstream` is the upstream's header as received, all fields, names in any case. Its `X-Robots-Tag` lines follow ours
    as they came, without those that ours already say, and without a `nocache` that would undo our `noarchive`. One
    `tdm-reservation` is left, with one `tdm-policy`: ours if we reserve, else the upstream's. In `Content-Usage` and
    `content-signal` an `n` or `no` from either side stays; labels that we do not know stay only so. A value with a
    control character is not read. Our `Link` comes last.
    """
    spoken = [(name.lower(), value.strip(" \t")) for name, value in upstream if name.lower() in FIELDS]
    if not spoken:  # nearly always, and then there is nothing to weigh
        return ours
    theirs = [(name, value) for name, value in spoken if not _CONTROL.search(value)]

    def values(name: str) -> list[str]:
        return [value for key, value in theirs if key == name]

    robots = [line for line in ours if line[0].lower() == "x-robots-tag"]
    said = {_squeezed(value) for _, value in robots}
    stricter = any(value == "noarchive" for _, value in robots)
    for value in values("x-robots-tag"):
        if stricter:
            value = _without_nocache(value)  # noqa: PLW2901
        if value and _squeezed(value) not in said:
            said.add(_squeezed(value))
            robots.append(("X-Robots-Tag", value))

    mine = {name.lower(): value for name, value in ours}
    reserved, policy = mine.get("tdm-reservation", "") == "1", mine.get("tdm-policy", "")
    if not reserved and "1" in values("tdm-reservation"):
        reserved, policy = True, next(iter(values("tdm-policy")), "")
    tdm: list[Line] = []
    if reserved or "tdm-reservation" in mine:
        tdm.append(("tdm-reservation", "1" if reserved else "0"))
    if policy:
        tdm.append(("tdm-policy", policy))

    usage = _stricter(_members([mine.get("content-usage", "")]), _members(values("content-usage")), "n")
    signal = _stricter(_signals([mine.get("content-signal", "")]), _signals(values("content-signal")), "no")
    return (
        *robots,
        *tdm,
        *([("Content-Usage", usage)] if usage else []),
        *([("content-signal", signal)] if signal else []),
        *(line for line in ours if line[0].lower() == "link"),
    )


def _stricter(ours: dict[str, str], theirs: dict[str, str], no: str) -> str:
    both = ours | {label: answer for label, answer in theirs.items() if answer == no}
    return ", ".join(f"{label}={answer}" for label, answer in both.items())


def _signals(values: list[str]) -> dict[str, str]:
    """Return the signals that are answered yes or no; one given twice is `no` if it is once."""
    found: dict[str, str] = {}
    for value in values:
        for part in value.split(","):
            signal = _SIGNAL.fullmatch(part.strip().lower())
            if signal and found.get(signal[1]) != "no":
                found[signal[1]] = signal[2]
    return found


def _without_nocache(value: str) -> str:
    """Leave the word out of a line for everybody; a line for one crawler stays as it is."""
    words = value.split(",")
    kept = [word for word in words if word.strip().lower() != "nocache"]
    return value if ":" in value or len(kept) == len(words) else ", ".join(word.strip() for word in kept)


def _members(values: list[str]) -> dict[str, str]:
    """Return the labels with `y` or `n`. A label given twice is `n` if it is once: RFC 9651 would let the last win."""
    found: dict[str, str] = {}
    for value in values:
        for part in _split(value):
            member = _MEMBER.fullmatch(part.strip(" \t"))
            if member and found.get(member[1]) != "n":
                found[member[1]] = member[2]
    return found


def _split(value: str) -> list[str]:
    """Split at commas; one inside a quoted string ends nothing."""
    parts, quoted, escaped = [""], False, False
    for character in value:
        if character == "," and not quoted:
            parts.append("")
            continue
        parts[-1] += character
        if escaped:
            escaped = False
        elif character == "\\" and quoted:
            escaped = True
        elif character == '"':
            quoted = not quoted
    return parts


def _squeezed(value: str) -> str:
    return re.sub(r"\s+", "", value).lower()
