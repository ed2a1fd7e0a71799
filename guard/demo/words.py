"""In which words does a photographer read what happened?

What a purpose or an action is called in rules and logs stays there; here it is said as
one would say it. A name without words of its own is shown as it is.
"""

import re
from math import log10
from typing import Final

from guard.demo.exporting import Exported
from guard.demo.scene import Outcome, Verified, Visit
from guard.demo.tracing import QUALITY, SIDE, Traced

PURPOSES: Final = {
    "ai_training": "collects to train AI",
    "ai_dataset": "collects data sets for AI",
    "image_dataset": "collects pictures for data sets",
    "ai_search": "answers questions with AI",
    "ai_assistant": "an AI assistant, sent by somebody",
    "ai_agent": "an AI agent, sent by somebody",
    "search_engine": "a search engine",
    "social_preview": "shows a link in a chat or a feed",
    "scraper_platform": "a scraping program",
    "http_library": "a program that copies",
    "unknown_declared_bot": "a robot that nobody knows",
    "browser": "a browser",
    "unknown": "does not say what it is",
}
IDENTITIES: Final = {
    "verified": "proven",
    "impostor": "refuted by its operator's list",
    "unverifiable": "can not be proven",
    "unknown": "unproven",
    "none_claimed": "",
}
ACTIONS: Final = {
    "allow": ("served", "green"),
    "mark": ("given smaller", "cyan"),
    "preview": ("given smaller", "yellow"),
    "throttle": ("slowed down", "yellow"),
    "challenge": ("asked to prove itself", "yellow"),
    "charge": ("offered a licence", "yellow"),
    "refuse": ("refused", "red"),
    "drop": ("dropped", "red"),
}
MARKED: Final = ("given marked copies", "cyan")
"""What `mark` is called where there was a copy to give; without one a smaller picture is given."""

BROWSER: Final = re.compile(r"(Firefox|Chrome)/([0-9]+)")


def claim(visit: Visit) -> str:
    """Say what the client claims to be, and what the claim is worth."""
    purpose = PURPOSES.get(visit.purpose, visit.purpose.replace("_", " "))
    if not visit.claimed:
        browser = BROWSER.search(visit.user_agent)
        return f"comes as {browser[1]} {browser[2]}" if browser else f"comes as {purpose or 'nobody in particular'}"
    # Programs that anybody can run have no operator worth naming.
    operator = f" of {visit.operator}" if visit.operator and "(tool)" not in visit.operator else ""
    worth = IDENTITIES.get(visit.identity, visit.identity)
    return "; ".join(part for part in (f"claims to be {visit.claimed}{operator}", purpose, worth) if part)


def doings(visit: Visit) -> list[tuple[str, str, int]]:
    """Return what the guard did as words, style and count, hardest first."""
    done = []
    for action, count in reversed(visit.decisions):
        copies = min(len(visit.copies), count) if action == "mark" else 0
        words, style = ACTIONS.get(action, (action, ""))
        done += [(*MARKED, copies), (words, style, count - copies)]
    return [one for one in done if one[2]]


def reason(visit: Visit) -> str:
    """Say in whole sentences why the guard did what it did."""
    because = visit.because[:1].upper() + visit.because[1:]
    sentences = [because if because.endswith(".") else f"{because}."] if because else []
    if visit.skipped:
        sentences.append("The header of each answer says that the pictures are reserved.")
    return " ".join(sentences)


def haul(visit: Visit) -> list[str]:
    """Say what the client took home, the pictures first."""
    if visit.only_robots:
        return ["nothing", "read robots.txt", size(visit.bytes)]
    lines = [_count(visit.pictures, "picture")]
    if visit.copies and visit.pictures:
        lines.append(f"{len(visit.copies)} of them marked")
    if visit.skipped:
        lines.append(f"left {visit.skipped} alone")
    if visit.refusals:
        lines.append(_count(visit.refusals, "refusal"))
    if visit.refusal_pictures:
        lines.append(f"{visit.refusal_pictures} with a picture")
    return [*lines, size(visit.bytes)]


def size(count: int) -> str:
    """Write a number of bytes for people."""
    if count < 1000:
        return f"{count} B"
    # From 999,500 the kilobytes would round to 1000.
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1_000_000:.1f} MB"


def closing(evidence: Verified) -> str:
    """Return the last line of the demo."""
    if evidence.holds:
        return f"evidence verified: {evidence.records} records, unchanged since recording"
    return f"evidence NOT verified: {evidence.problem or 'the log contradicts what was signed'}"


def trace_words(traced: Traced) -> list[str]:
    """Say in sentences what was found where, whom it was issued to, how sure that is, and what it does not show."""
    name = traced.download.path
    taker = f"the {traced.visit.client}"
    made = f"cropped to its square, shrunk to {SIDE} pixels and encoded anew at quality {QUALITY}"
    if traced.missing:
        return [
            f"Here {name}, which {taker} took, would be {made}, and traced back to the record of its download; "
            "that needs the extra 'trace': pip install 'crawler-guard[trace]'"
        ]
    if traced.faults:
        return [f"A copy of {name} that {taker} took was {made}. It was NOT traced back: {'; '.join(traced.faults)}"]
    when = f"{traced.download.at[:10]} {traced.download.at[11:19]} UTC"
    who = (
        f"called itself {traced.download.claimed}"
        if traced.download.claimed
        else claim(traced.visit).replace("comes", "came", 1)
    )
    again = f" (the same copy also went out under {', '.join(map(str, traced.others))})" if traced.others else ""
    return [
        f"Found again: a picture that {taker} took, {made}.",
        f"guard trace: it shows {traced.original}, and is the copy of evidence record {traced.record}{again}, issued "
        f"on {when} to a client that {who}.",
        f"Its mark {traced.mark_id} is read with z {traced.z:.1f}, where {traced.threshold:.1f} is enough. "
        f"By coincidence that happens at most {odds(traced.bound)}.",
        "It does not show who passed the copy on, and whoever holds the original and the key could make such a copy.",
    ]


def export_words(exported: Exported) -> list[str]:
    """Say in sentences what was handed over, how it was checked, and what to open."""
    if exported.missing:
        return [
            "Here one file for a lawyer would be written; that needs the extra 'evidence': "
            "pip install 'crawler-guard[evidence]'"
        ]
    if exported.faults:
        return [f"The file for a lawyer was NOT made: {'; '.join(exported.faults)}"]
    lines = [
        f"For a lawyer: {_count(exported.requests, 'request')} in one file, {exported.proven} records proven one by "
        "one; its own verifier accepts it."
    ]
    if exported.stays:
        return [*lines, f"Open {exported.report} (or {exported.report.with_name('report.de.pdf').name} in German)."]
    return [*lines, "With --keep DIR it stays: open DIR/report.en.pdf, or DIR/report.de.pdf in German."]


def odds(bound: float) -> str:
    """Say a chance in words."""
    if not 0 < bound < 1:
        return "once in any number of such searches" if bound <= 0 else "always"
    return f"once in 10^{int(-log10(bound))} such searches"


def summary(outcome: Outcome) -> str:
    """Say in one line whether everybody was treated as expected."""
    wrong = [visit.client for visit in outcome.visits if not visit.as_expected]
    if not wrong:
        return f"{_count(len(outcome.visits), 'visitor')}, each treated as expected"
    return f"{len(wrong)} of {len(outcome.visits)} visitors not treated as expected: {', '.join(wrong)}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
