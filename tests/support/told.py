"""What clients were told, held against what the evidence log says afterwards.

A refusal shows a reference code; that record is in the log, or one of the gaps that the log admits. A picture
that an assistant got was on record before its first byte, without exception.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from guard.evidence import record
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_finder import leaves
from tests.support.causes import Failure, how_it_failed
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE, GPTBOT, Reply, ask


@dataclass
class Told:
    """What clients saw; belongs to no thread."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    """By who asked; 0 where the connection broke off."""
    references: set[str] = field(default_factory=set)
    previews: int = 0
    """Pictures that assistants got."""
    failures: list[Failure] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds until a person was answered."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, reply: Reply | None, seconds: float = 0.0, error: OSError | None = None) -> None:
        """Take note of one answer, or of none."""
        with self._lock:
            if how := how_it_failed(reply, error):
                self.failures.append(Failure(time.monotonic(), seconds, who, how))
            status = reply.status if reply is not None and reply.whole else 0
            self.statuses.setdefault(who, Counter())[status] += 1
            if reply is not None and (reference := reply.get("Guard-Reference")):
                self.references.add(reference)
            if reply is not None and who == "assistant" and reply.status == 200 and reply.body:
                self.previews += 1
            if who == "person":
                self.slowest = max(self.slowest, seconds)

    def against(self, evidence: Path) -> "Found":
        """Hold it against the log of a guard that has ended."""
        references: set[str] = set()
        kinds: Counter[str] = Counter()
        previews = admitted = 0
        for _, leaf in leaves(open_folder(evidence)):
            one = record.read(leaf)
            kinds[one.kind.value] += 1
            if one.kind is record.RecordKind.REQUEST:
                references.add(one.fields.get("ref", ""))
                previews += one.fields["purpose"] == "ai_assistant"
            elif one.kind is record.RecordKind.GAP:
                admitted += one.fields["count"]
        report = verify_directory(evidence)
        return Found(
            holds=report.holds,
            faults=tuple(map(str, report.faults)),
            kinds=kinds,
            unknown=len(self.references - references),
            admitted=admitted,
            unrecorded_previews=max(0, self.previews - previews),
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the log says to it."""

    holds: bool
    faults: tuple[str, ...]
    kinds: Counter[str]
    unknown: int
    """Reference codes that clients were shown and the log does not have."""
    admitted: int
    """Records that the log says are missing."""
    unrecorded_previews: int

    @property
    def nothing_lost(self) -> bool:
        """Whether the log is whole, and what it does not have it admits."""
        return self.holds and self.unknown <= self.admitted and not self.unrecorded_previews


BELIEVED = {"client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]}}
"""Settings by which each of the people below is somebody else: one who asks a hundred times a minute is none."""

BROWSER_LINES = (
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Referer", "http://photo.example/album/"),
)


class Crowd:
    """People, a training crawler, an assistant and a search engine, each asking again and again until `end`."""

    def __init__(self, port: int, told: Told, pause: float = 0.02) -> None:
        self._port = port
        self._told = told
        self._pause = pause
        self._ended = threading.Event()
        asking = (
            ("person", CHROME, "/thumb.jpg"), ("person", CHROME, "/display.jpg"), ("training", GPTBOT, "/original.jpg"),
            ("assistant", CHATGPT_USER, "/original.jpg"), ("search", GOOGLEBOT_IMAGE, "/display.jpg"),
        )  # fmt: skip
        self._threads = [threading.Thread(target=self._ask, args=one, daemon=True) for one in asking]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop asking, and wait for the last answers."""
        self._ended.set()
        for thread in self._threads:
            thread.join(40)

    def _ask(self, who: str, agent: str, path: str) -> None:
        chance = random.Random(path)
        while not self._ended.is_set():
            started = time.monotonic()
            error = None
            try:
                lines = (("X-Forwarded-For", str(IPv4Address(chance.randrange(1 << 24, 1 << 31)))), *BROWSER_LINES)
                reply = ask(self._port, path, *(lines if who == "person" else ()), agent=agent)
            except OSError as failed:
                reply, error = None, failed
            self._told.note(who, reply, time.monotonic() - started, error)
            time.sleep(self._pause)
