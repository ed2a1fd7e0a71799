"""What do `Content-Usage` and `Content-Signal` values say to one who reads them by the letter?

`Content-Usage` is an RFC 9651 dictionary with the labels `train-ai`, `ai-use` and `search` and
the tokens `y` and `n` (draft-ietf-aipref-vocab-08). A value that does not parse says nothing at
all; `"n"`, `?0` or a label of an older draft are not `n`. In robots.txt a path may stand before
it (draft-ietf-aipref-attach-05), but a reader that joins all lines of a group and parses them
as one dictionary loses every line by a single path.

`Content-Signal` is Cloudflare's: `search`, `ai-input`, `ai-train`, each `yes` or `no`
(contentsignals.org). The words are turned around (`ai-train`, not `train-ai`), and mixing them
up is the commonest mistake.
"""

from collections.abc import Iterable
from typing import Any

import http_sf

from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading, strictest

_USAGE = {"train-ai": Question.TRAIN, "ai-use": Question.AI_USE, "search": Question.SEARCH}
_SIGNALS = {"ai-train": Question.TRAIN, "ai-input": Question.AI_USE, "search": Question.SEARCH}
_RETIRED = frozenset({"tdm", "all", "bots", "train-genai", "ai-output", "genai", "inference"})
"""Labels of drafts before vocab-07; readers of today ignore them."""


def read_usage(values: Iterable[str], where: str, carrier: Carrier) -> Reading:
    """Read `Content-Usage` values that belong together: the lines of one header, or of one robots.txt group."""
    kept: list[str] = []
    scoped: list[str] = []
    flaws: list[Flaw] = []
    for value in values:
        path, _, rest = value.strip().partition(" ") if value.strip().startswith("/") else ("", "", value)
        if path:
            scoped.append(rest)
            flaws.append(Flaw(id="usage-with-path", where=where, detail=value))
        else:
            kept.append(rest.strip())
    joined = ", ".join(value for value in (*kept, *scoped) if value)
    try:
        parsed: dict[str, Any] = http_sf.parse(joined.encode("ascii"), tltype="dictionary") if joined else {}  # type: ignore[assignment]
    except (ValueError, UnicodeEncodeError):
        flaws.append(Flaw(id="usage-unreadable", where=where, detail=joined))
        return Reading(carrier=carrier, where=where, flaws=tuple(flaws), readable=False, value=joined)
    answers: dict[Question, Answer] = {}
    for label, item in parsed.items():
        value = item[0] if isinstance(item, tuple) else item
        if label not in _USAGE:
            wrong = "usage-old-label" if label in _RETIRED else "usage-swapped-label" if label in _SIGNALS else ""
            if wrong:
                flaws.append(Flaw(id=wrong, where=where, detail=label))
        elif isinstance(value, http_sf.Token) and str(value) in {"y", "n"}:
            answers[_USAGE[label]] = Answer.PERMITTED if str(value) == "y" else Answer.RESERVED
        else:
            flaws.append(Flaw(id="usage-not-y-or-n", where=where, detail=joined))
    if not answers and not flaws:
        flaws.append(Flaw(id="usage-says-nothing", where=where, detail=joined))
    return Reading(
        carrier=carrier, where=where, answers=answers, flaws=tuple(flaws), readable=bool(answers), value=joined
    )


def read_signals(values: Iterable[str], where: str) -> Reading:
    """Read `Content-Signal` values that belong together; the stricter of two answers stays."""
    found: dict[Question, list[Answer]] = {}
    flaws: list[Flaw] = []
    joined = ", ".join(value.strip() for value in values if value.strip())
    for value in joined.split(","):
        words = value.split()
        part = words[-1] if len(words) == 2 and words[0].startswith("/") else value.strip()
        key, _, said = (word.strip().lower() for word in part.partition("="))
        if key in _SIGNALS and said in {"yes", "no"}:
            found.setdefault(_SIGNALS[key], []).append(Answer.PERMITTED if said == "yes" else Answer.RESERVED)
        elif key in _SIGNALS:
            flaws.append(Flaw(id="signal-not-yes-or-no", where=where, detail=part))
        elif key in _USAGE:
            flaws.append(Flaw(id="signal-swapped-label", where=where, detail=part))
        elif key == "use":
            flaws.append(Flaw(id="signal-use", where=where, detail=part))
        elif key:
            flaws.append(Flaw(id="signal-unknown", where=where, detail=part))
    answers = {question: answer for question, all_said in found.items() if (answer := strictest(all_said))}
    return Reading(
        carrier=Carrier.CONTENT_SIGNAL,
        where=where,
        answers=answers,
        flaws=tuple(flaws),
        readable=bool(answers),
        value=joined,
    )
