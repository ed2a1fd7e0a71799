"""What is a crawler taken for that nobody has catalogued yet?

An entry of the catalogue is forgotten, or all entries of its operator, and its published strings are asked for. *As AI*
means that the purpose is one of AI, or that the fact `says_ai` holds. The words by which it does were chosen while
half of the names (by a hash) were looked at; the other half is told apart, though its strings were not unknown
to whoever chose. Whatever the source does not call AI must not be called so.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from guard.core.classification import PERSON_LIKE
from guard.core.crawlers import AI_PURPOSES, Catalogue, Crawler, Purpose, Sighting, TokenMatch
from tests.bench.accuracy_intervals import Data, Result, Row, Sense

SOURCES = ("monperrus/crawler-user-agents", "ai-robots-txt/ai.robots.txt", "arcjet/well-known-bots",
           "matomo-org/device-detector")  # fmt: skip
SECTION = "unseen AI strings"
_MANY = "bytedance-bytespider"


def measure(
    crawlers: Sequence[Crawler], cases: dict[str, tuple[str, ...]], published: Sequence[dict[str, Any]],
    ai_strings: Sequence[str],
) -> Result:  # fmt: skip
    """Ask catalogues that have forgotten something.

    Args:
        crawlers: All entries.
        cases: The strings of the catalogue's own tests, by id.
        published: The source's entries.
        ai_strings: Those of its strings that it calls AI.
    """
    catalogue = Catalogue(crawlers)
    real: dict[str, list[str]] = defaultdict(list)
    for text in ai_strings:
        found = catalogue.find(text).crawler
        if found is not None:
            real[found.id].append(text)
    entries = [one for one in crawlers if one.purpose in AI_PURPOSES and one.match is not TokenMatch.NONE]
    parts = (
        _forgotten(crawlers, entries, cases, real),
        _sources(crawlers, entries, cases, real),
        _others(catalogue, published),
    )
    lexer = Counter(_what(Catalogue([]).find(text)) for text in ai_strings)
    rows = [row for part in parts for row in part.rows]
    rows += _rows("no catalogue at all, published strings", lexer)
    return Result(rows=tuple(rows), misses=tuple(miss for part in parts for miss in part.misses), notes=(
        "unseen: as AI is a purpose of AI or the fact says_ai; an entry, or all of its operator's, is forgotten, and "
        f"with it the names by which its next crawler would be known. {len(real[_MANY])} of the strings are one name, "
        "Bytespider, in dresses of telephones, and all but one say nothing but that name",
        "what one source alone knows: sources are noted by operator, not by token, so an operator whom several sources "
        "know loses nothing when one is forgotten: that line flatters us, without a goal",
    ))  # fmt: skip


def _forgotten(
    crawlers: Sequence[Crawler], entries: Sequence[Crawler], cases: dict[str, tuple[str, ...]],
    real: dict[str, list[str]],
) -> Result:  # fmt: skip
    own, strings, operators = Counter[str](), Counter[str](), Counter[str]()
    names: dict[int, list[bool]] = {0: [], 1: []}
    silent, misses = [], []
    for entry in entries:
        token_less = Catalogue([one for one in crawlers if one is not entry])
        operator_less = Catalogue([one for one in crawlers if one.operator != entry.operator])
        for text in cases.get(entry.id, ()):
            what = _what(token_less.find(text))
            own[what] += 1
            if what == "person":
                misses.append(f"unseen and taken for no bot: {text!r} ({entry.id})")
        found = [_what(token_less.find(text)) for text in real.get(entry.id, ())]
        strings.update(found)
        operators.update(_what(operator_less.find(text)) for text in real.get(entry.id, ()))
        if found:
            names[half(entry.token)].append("ai" in found)
            if "ai" not in found:
                silent.append(entry.token)
    rows = [
        *_rows("entry forgotten, published strings", strings, bot=0.97, ai=0.70),
        *_rows("entry forgotten, our own cases", own, bot=0.97),
        _row("entry forgotten, each name once: as AI", sum(map(sum, names.values())), sum(map(len, names.values()))),
        _row("… the half of the names that the words were chosen on", sum(names[0]), len(names[0])),
        _row("… the other half", sum(names[1]), len(names[1])),
        *_rows("operator forgotten, published strings", operators),
    ]
    misses.append(f"unseen names that do not say AI: {', '.join(sorted(silent, key=str.lower))}")
    return Result(rows=tuple(rows), misses=tuple(misses))


def _sources(
    crawlers: Sequence[Crawler], entries: Sequence[Crawler], cases: dict[str, tuple[str, ...]],
    real: dict[str, list[str]],
) -> Result:  # fmt: skip
    gone = Counter[str]()
    for source in SOURCES:
        only = {one.id for one in entries if set(one.references) & set(SOURCES) == {source}}
        without = Catalogue([one for one in crawlers if one.id not in only])
        for entry in entries:
            if source in entry.references:
                gone.update(_what(without.find(text)) for text in {*cases.get(entry.id, ()), *real.get(entry.id, ())})
    return Result(rows=tuple(_rows("what one source alone knows forgotten", gone)))


def _others(catalogue: Catalogue, published: Sequence[dict[str, Any]]) -> Result:
    """Ask for everything that the source does not call AI, and that the catalogue does not know better."""
    texts = [
        text
        for text in _distinct(one["instances"] for one in published if "ai-crawler" not in one.get("tags", ()))
        if catalogue.find(text).purpose not in AI_PURPOSES
    ]
    mixed = {one.operator for one in catalogue.crawlers if one.purpose not in AI_PURPOSES}
    nothing = Catalogue([one for one in catalogue.crawlers if one.operator not in mixed])
    known = [text for text in texts if catalogue.find(text).says_ai]
    unknown = [text for text in texts if nothing.find(text).says_ai]
    rows = (
        _row("crawlers that are not AI, called AI", len(known), len(texts), goal=0.02, sense=Sense.AT_MOST),
        _row(
            "… if the catalogue knew only operators whose every crawler is AI",
            len(unknown),
            len(texts),
            goal=0.02,
            sense=Sense.AT_MOST,
        ),
    )
    return Result(rows=rows, misses=tuple(f"called AI: {text!r} ({catalogue.find(text).says_ai})" for text in known))


def _distinct(groups: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(text for group in groups for text in group))


def half(name: str) -> int:
    """Return 0 or 1 for a name, evenly."""
    return hashlib.sha256(name.encode()).digest()[0] & 1


def _what(sighting: Sighting) -> str:
    if sighting.purpose in PERSON_LIKE:
        return "person"
    if sighting.purpose in AI_PURPOSES or sighting.says_ai:
        return "ai"
    return "unknown" if sighting.purpose is Purpose.UNKNOWN_DECLARED_BOT else "other"


def _rows(what: str, count: Counter[str], *, bot: float | None = None, ai: float | None = None) -> list[Row]:
    total = count.total()
    return [
        _row(f"{what}: as a bot", total - count["person"], total, goal=bot),
        _row(f"{what}: as AI", count["ai"], total, goal=ai),
    ]


def _row(what: str, hits: int, total: int, *, goal: float | None = None, sense: Sense = Sense.AT_LEAST) -> Row:
    return Row(section=SECTION, what=what, data=Data.DEVELOPMENT, hits=hits, total=total, goal=goal, sense=sense)
