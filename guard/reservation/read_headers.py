"""What do the header lines of one response reserve, for the readers that exist?

Three readers set the rules. img2dataset cuts each `X-Robots-Tag` line at its first colon and
takes what stands before it for a user agent, so one `max-image-preview:large` in the line
switches `noai` off. datadiligence compares letters as they are: `NoAI`, or a header name
`TDM-Reservation`, is not seen. Whatever reads with `http.client` sees the first line of a name
only.
"""

import re
from collections.abc import Iterable, Sequence

from guard.reservation.read_usage import read_signals, read_usage
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading, permitted, reserved

Line = tuple[str, str]

_NOAI = frozenset({"noai", "noimageai"})
_NO_INDEX = frozenset({"noindex", "noimageindex", "none"})
_AGENT = re.compile(r"[a-z0-9_.-]+")
_WITH_VALUE = frozenset({"max-image-preview", "max-snippet", "max-video-preview", "unavailable_after"})
"""Directives that have a colon themselves."""
_WORDS = re.compile(r"[,;\s]+")
_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]{0,500}\"|[^\s;,\"]{1,500})){0,10})")


def read_headers(lines: Sequence[Line], where: str) -> tuple[Reading, ...]:
    """Read a response's header lines, names in the case in which they came."""
    found = [_robots_tag(lines, where), _noarchive(lines, where), _tdm(lines, where)]
    if usage := _values(lines, "content-usage"):
        found.append(read_usage(usage, where, Carrier.USAGE_HEADER))
    if signals := _values(lines, "content-signal"):
        found.append(read_signals(signals, where))
    return tuple(reading for reading in found if reading is not None)


def no_index(lines: Iterable[Line]) -> bool:
    """Tell whether an `X-Robots-Tag` line keeps the response out of every search index."""
    return any(
        name.lower() == "x-robots-tag" and ":" not in value and _NO_INDEX & set(_WORDS.split(value.lower()))
        for name, value in lines
    )


def links(lines: Iterable[Line], rel: str) -> list[tuple[str, str]]:
    """Return target and type of the `Link` lines with a relation (RFC 8288)."""
    found = []
    for name, value in lines:
        if name.lower() != "link":
            continue
        for target, parameters in _LINK.findall(value[:8000]):
            given = {
                key.strip().lower(): text.strip().strip('"')
                for key, _, text in (part.partition("=") for part in parameters.split(";") if part.strip())
            }
            if rel in given.get("rel", "").lower().split():
                found.append((target, given.get("type", "")))
    return found


def _values(lines: Iterable[Line], name: str) -> list[str]:
    return [value for key, value in lines if key.lower() == name]


def _robots_tag(lines: Sequence[Line], where: str) -> Reading | None:
    """Read `noai`: unscoped, lower case, between commas, in a line without a colon, and that line first."""
    tags = _values(lines, "x-robots-tag")
    flaws: list[Flaw] = []
    works: list[int] = []
    seen = False
    for index, value in enumerate(tags):
        words = set(_WORDS.split(value))
        meant = {word.lower() for word in words} & _NOAI
        if not meant:
            continue
        seen = True
        agent = value.partition(":")[0].strip().lower() if ":" in value else ""
        wrong = (
            "noai-one-agent" if _AGENT.fullmatch(agent) and agent not in _WITH_VALUE else
            "noai-behind-colon" if ":" in value else
            "noai-letters" if not words & _NOAI else
            "noai-separator" if ";" in value or not _NOAI & {part.strip() for part in value.split(",")} else
            ""
        )  # fmt: skip
        if wrong:
            flaws.append(Flaw(id=wrong, where=where, detail=value))
        else:
            works.append(index)
    if works and works[0] > 0:
        flaws.append(Flaw(id="noai-not-first", where=where, detail=tags[0]))
    if not seen:
        return None
    return Reading(
        carrier=Carrier.NOAI_HEADER,
        where=where,
        answers=reserved(Question.TRAIN, Question.AI_USE) if works else {},
        implied=frozenset({Question.AI_USE}),
        flaws=tuple(flaws),
        readable=bool(works),
        value=" | ".join(tags),
    )


def _noarchive(lines: Sequence[Line], where: str) -> Reading | None:
    for value in _values(lines, "x-robots-tag"):
        if "noarchive" in {part.strip().lower() for part in value.split(",")}:
            return Reading(
                carrier=Carrier.NOARCHIVE,
                where=where,
                answers=reserved(Question.TRAIN, Question.AI_USE),
                implied=frozenset({Question.TRAIN, Question.AI_USE}),
                value=value,
            )
    return None


def tdm_answers(reservation: int) -> dict[Question, Answer]:
    """Return what a TDMRep value answers: 1 reserves mining, and 0 lets everybody mine for any purpose."""
    if reservation:
        return reserved(Question.TDM, Question.TRAIN)
    return permitted(Question.TDM, Question.TRAIN, Question.AI_USE)


def _tdm(lines: Sequence[Line], where: str) -> Reading | None:
    names = [(name, value.strip()) for name, value in lines if name.lower() == "tdm-reservation"]
    if not names:
        if policy := _values(lines, "tdm-policy"):
            flaw = Flaw(id="tdm-policy-alone", where=where, detail=policy[0])
            return Reading(carrier=Carrier.TDM_HEADERS, where=where, flaws=(flaw,), readable=False, value=policy[0])
        return None
    flaws = [Flaw(id="tdm-header-letters", where=where, detail=name) for name, _ in names if name != name.lower()]
    values = list(dict.fromkeys(value for _, value in names))
    valid = [value for value in values if value in {"0", "1"}]
    if len(valid) < len(values):
        flaws.append(Flaw(id="tdm-header-value", where=where, detail=", ".join(values)))
    if len(valid) > 1:
        flaws.append(Flaw(id="tdm-header-twice", where=where, detail=", ".join(values)))
    policies = _values(lines, "tdm-policy")
    if policies and not re.fullmatch(r"https?://\S+|/\S*", policies[0].strip()):
        flaws.append(Flaw(id="tdm-policy-url", where=where, detail=policies[0]))
    return Reading(
        carrier=Carrier.TDM_HEADERS,
        where=where,
        answers=tdm_answers(int(max(valid))) if valid else {},
        implied=frozenset({Question.TRAIN}) if "1" in valid else frozenset(),
        flaws=tuple(flaws),
        readable=bool(valid),
        value="; ".join(f"{name}: {value}" for name, value in names),
    )
