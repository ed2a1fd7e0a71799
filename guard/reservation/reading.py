"""What does one carrier of a reservation say, and what is wrong with it?

A reader of a live site answers with `Reading`s: which carrier, where it stands, what it
answers to the four questions, and which `Flaw`s it has. The parsers that make them share no
code with what renders our own documents: they are written from the specifications, so that a
fault of ours does not hide from ourselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Question(StrEnum):
    """What is asked of every carrier; the same four as in `statement.Statement`."""

    TRAIN = "train"
    AI_USE = "ai_use"
    SEARCH = "search"
    TDM = "tdm"


class Answer(StrEnum):
    """From the strictest to the mildest; no answer is no entry."""

    RESERVED = "reserved"
    SOME = "some"
    """Reserved against some crawlers only, which is no answer to the others."""
    PERMITTED = "permitted"


class Carrier(StrEnum):
    """The twenty places where a reservation can stand, in the order in which they are shown."""

    ROBOTS = "robots"
    ROBOTS_USAGE = "robots_content_usage"
    USAGE_HEADER = "content_usage_header"
    CONTENT_SIGNAL = "content_signal"
    RSL = "rsl"
    TDMREP = "tdmrep_file"
    TDM_HEADERS = "tdm_headers"
    TDM_META = "tdm_meta"
    TDM_POLICY = "tdm_policy"
    NOAI_HEADER = "noai_header"
    NOARCHIVE = "noarchive"
    NOAI_META = "noai_meta"
    XMP_MINING = "xmp_data_mining"
    XMP_RIGHTS = "xmp_rights"
    C2PA = "c2pa"
    AI_TXT = "ai_txt"
    TRUST_TXT = "trust_txt"
    TERMS = "terms"
    JSON_LD = "json_ld"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is wrong, or missing, or worth knowing; the words for it are made by whoever shows it."""

    id: str
    """Stable, such as `noai-behind-colon`."""
    where: str
    """A URL, with `:line` behind it where there is one."""
    detail: str = ""
    """What was found there, from the site: a stranger's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one carrier says at one place."""

    carrier: Carrier
    where: str
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    implied: frozenset[Question] = frozenset()
    """Answers that follow from a wider one (mining is reserved, so training is); they contradict nothing."""
    flaws: tuple[Flaw, ...] = ()
    readable: bool = True
    """False where readers drop it: then it has no answers."""
    value: str = ""
    """What stands there, for a person; a stranger's text."""


def reserved(*questions: Question) -> dict[Question, Answer]:
    """Return answers that reserve `questions`."""
    return dict.fromkeys(questions, Answer.RESERVED)


def permitted(*questions: Question) -> dict[Question, Answer]:
    """Return answers that permit `questions`."""
    return dict.fromkeys(questions, Answer.PERMITTED)


def strictest(answers: list[Answer]) -> Answer | None:
    """Return the strictest of several answers, or None of none (draft-ietf-aipref-vocab-08, section 5.1)."""
    return min(answers, key=list(Answer).index, default=None)
