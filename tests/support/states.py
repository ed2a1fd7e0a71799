"""A guard's state as a test wants it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from guard.core.day_book import DayBook
from guard.server.reload import first
from guard.server.state import Disk, State

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()

EVIDENCE: dict[str, int | float | str] = {
    "records": 5210, "signed": 5210, "checkpoints": 310, "segments": 1, "bytes": 3_400_000, "gaps": 0,
    "repaired_bytes": 0, "last_sync_seconds": 0.004, "failing": "", "queued": 0,
}  # fmt: skip


def a_day() -> DayBook:
    """Return a day on which three crawlers came."""
    book = DayBook()
    book.people, book.undeclared, book.undeclared_refused = 840, 31, 12
    gptbot = book.row(
        site="photo.example", name="GPTBot", crawler="openai-gptbot", operator="OpenAI", purpose="ai_training"
    )
    gptbot.requests, gptbot.refused, gptbot.asked, gptbot.verified, gptbot.robots = 830, 812, 812, 830, 4
    gptbot.withheld = 1_900_000_000
    google = book.row(
        site="photo.example", name="Googlebot-Image", crawler="google-googlebot-image", operator="Google",
        purpose="search_engine",
    )  # fmt: skip
    google.requests, google.asked, google.full, google.verified, google.bytes = 240, 200, 200, 240, 90_000_000
    for number in range(50):
        google.taken.add(f"/{number}.jpg")
    forged = book.row(
        site="photo.example", name="ClaudeBot", crawler="anthropic-claudebot", operator="Anthropic",
        purpose="ai_training",
    )  # fmt: skip
    forged.requests, forged.impostor, forged.refused, forged.asked = 2, 2, 2, 2
    for number in range(3):
        book.picture("photo.example", "/alps/ridge.jpg", given=number == 0)
    return book


def a_state(**changes: Any) -> State:
    """Return the state of a guard that is well, but for `changes`."""
    state = State(
        version="0.1.0",
        now=NOW,
        started=NOW - 3 * 86_400,
        url="http://127.0.0.1:8700",
        sites=("photo.example",),
        workers=2,
        workers_ready=2,
        restarts={"worker": 0, "recorder": 0},
        outcome=first(NOW - 3 * 86_400),
        policy="moderate",
        policy_digest="f9dfe44c99e121c2b1b1b95b45529efef2ee9eaf0dca7089393aa131cf1a9c27",
        paused_until=0.0,
        learning_until=0.0,
        rules_checked=date(2026, 11, 22),
        lists={"openai-gptbot": datetime(2026, 11, 20, tzinfo=UTC), "qwant": None},
        evidence=EVIDENCE,
        checkpoint_at=NOW - 20,
        disk=Disk(free=80_000_000_000, size=250_000_000_000),
        pictures={"photo.example": 400},
        today=a_day(),
        month=a_day(),
    )
    return replace(state, **changes)
