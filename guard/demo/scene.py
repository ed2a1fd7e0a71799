"""What happens in the demo, from the empty folder to the verified log?

A gallery is built, served, and guarded; the clients of the cast come one after another;
the guard stops, and the log that it leaves is checked. Whoever watches is told as it
happens. The guard is the real one, started as its owner would start it.
"""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from guard.demo.answers import Report
from guard.demo.cast import Collection, Member, Stay
from guard.demo.clients import Errand
from guard.demo.log import LogLine, LogTail, decisions, telling
from guard.demo.processes import Program, ProgramError, run
from guard.errors import UsageError
from guard.image import coded
from guard.store.mark_keys import folder_in

if TYPE_CHECKING:
    from guard.demo.exporting import Exported
    from guard.demo.tracing import Traced

MARKER: Final = "# Written by `guard demo`"
"""How the configuration of a demo begins; a folder with another one is left alone."""

POLICY = "moderate"
"""The policy that an owner gets who chooses none."""

START: Final = 30.0
"""Seconds in which the upstream and the guard must be ready."""

LOG_DELAY: Final = 2.0
"""Seconds to wait at most for the log lines of the client that has just left."""

LOG_ROUNDS: Final = 100
"""Times to look for them within `LOG_DELAY`."""

TAKEN: Final = "taken"
"""The folder of what the downloader keeps."""

MARK_DELAY: Final = 10.0
"""Seconds to wait at most for marked copies to be ready; making all of them takes about as long on two cores."""

MARK_ROUNDS: Final = 50
"""Times to look within `MARK_DELAY`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One row of the table: who came, what was decided, what it got, and whether that is right."""

    client: str
    kind: str
    stand_in: bool
    user_agent: str
    claimed: str
    operator: str
    identity: str
    purpose: str
    decisions: tuple[tuple[str, int], ...]
    """Lines of the access log by action, mildest first."""
    because: str
    """The reason of the rule that decided hardest."""
    rule: str
    pictures: int
    refusals: int
    refusal_pictures: int
    skipped: int
    bytes: int
    copies: tuple[LogLine, ...] = ()
    """Its requests that were answered with a marked copy."""
    only_robots: bool
    """It asked for robots.txt and for nothing else."""
    expectation: str
    faults: tuple[str, ...]
    """What was not as expected; empty when everything was."""

    @property
    def as_expected(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What checking the evidence gave."""

    records: int
    holds: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that the demo found out."""

    visits: tuple[Visit, ...]
    evidence: Verified
    traced: "Traced | None" = None
    """None where nobody took a marked copy."""
    exported: "Exported | None" = None
    """The case for a lawyer."""

    @property
    def ok(self) -> bool:
        traced = self.traced is None or not self.traced.faults
        exported = self.exported is None or not self.exported.faults
        return self.evidence.holds and traced and exported and all(visit.as_expected for visit in self.visits)


class Audience(Protocol):
    """Whoever watches the scene."""

    def building(self, done: int, total: int) -> None: ...
    def opened(self, address: str, pictures: int) -> None: ...
    def arriving(self, member: Member, number: int, total: int) -> None: ...
    def left(self, visit: Visit) -> None: ...
    def tracing(self) -> None: ...
    def exporting(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A gallery with its guard in front, open for visitors."""

    address: str
    directory: Path
    collection: Collection
    tail: LogTail
    guard: Program


def prepare(directory: Path) -> None:
    """Make sure that `directory` may be used: new, empty, or an earlier demo's.

    Raises:
        UsageError: It is none of these.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        configuration = directory / "guard.yaml"
        ours = configuration.is_file() and configuration.read_text("utf-8", "replace").startswith(MARKER)
        if not ours and any(directory.iterdir()):
            raise UsageError(f"{directory} is neither empty nor from an earlier demo; choose another folder")
    except OSError as error:
        raise UsageError(f"{directory} can not be used: {error.strerror}") from error


@asynccontextmanager
async def open_gallery(directory: Path, audience: Audience) -> AsyncIterator[Stage]:
    """Build the gallery in `directory`, serve it, and put the guard in front.

    Raises:
        ProgramError: The upstream or the guard did not start.
    """
    gallery = directory / "gallery"
    gallery.mkdir(exist_ok=True)
    # The guard gets ready while the pictures are still being made.
    hanging = asyncio.create_task(_hang(gallery, audience))
    try:
        async with AsyncExitStack() as stack:
            upstream = Program("the gallery's server", "-m", "guard.demo.upstream", str(gallery), "--until-eof")
            behind = await (await stack.enter_async_context(upstream)).address(START)
            configuration = directory / "guard.yaml"
            configuration.write_text(_configuration(behind, _free_port()), "utf-8")
            tail = LogTail(directory / "access.log")
            guard = Program("the guard", "-m", "guard", "serve", "-c", str(configuration), stop_within=60.0)
            address = await (await stack.enter_async_context(guard)).address(START)
            collection = await hanging
            audience.opened(address, len(collection.originals))
            yield Stage(address=address, directory=directory, collection=collection, tail=tail, guard=guard)
    finally:
        hanging.cancel()


async def _hang(directory: Path, audience: Audience) -> Collection:
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():  # a thread can not be ended from outside
            raise InterruptedError
        audience.building(done, total)

    def build_and_read() -> Collection:
        from guard.demo.gallery import build

        gallery = build(directory, progress=progress)
        pictures = [picture for album in gallery.albums for picture in album.pictures]
        paths = {path for picture in pictures for path in (picture.thumbnail, picture.display, picture.original)}
        return Collection(
            thumbnails=tuple(picture.thumbnail for picture in pictures),
            originals=tuple(picture.original for picture in pictures),
            digests={path: coded.digest((directory / path.lstrip("/")).read_bytes()) for path in paths},
        )

    try:
        return await asyncio.to_thread(build_and_read)
    finally:
        stop.set()


def _free_port() -> int:
    # Chosen here and not by the guard, because its documents name its own address.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _configuration(upstream: str, port: int) -> str:
    return f"""{MARKER}: a gallery on this machine, and the guard in front of it.
# To open it again:
#   python -m guard.demo.upstream gallery --port {upstream.rpartition(":")[2]}
#   guard serve -c guard.yaml
listen: 127.0.0.1:{port}
admin: "off"
sites:
  - host: 127.0.0.1
    upstream: {upstream}
    public_url: http://127.0.0.1:{port}
rights:
  holder: Ada Example
  contact: rights@photo.example
policy: {POLICY}
evidence:
  directory: evidence
access_log: access.log
"""


async def receive(stage: Stage, audience: Audience, cast: Sequence[Member]) -> tuple[Visit, ...]:
    """Let everybody in, one after another."""
    visits = []
    for number, member in enumerate(cast, start=1):
        audience.arriving(member, number, len(cast))
        visit = await _receive(stage, member)
        visits.append(visit)
        audience.left(visit)
    return tuple(visits)


async def _receive(stage: Stage, member: Member) -> Visit:
    keep = ""
    if member.keeps:
        keep = str(stage.directory / TAKEN)
        await _marks_made(stage)
    errand = Errand(address=stage.address, known=stage.collection.originals, keep=keep)
    stage.tail.read()  # what came before is not this client's
    try:
        output = await run(
            member.name,
            *("-m", "guard.demo.visit", member.visit),
            given=json.dumps(asdict(errand)).encode(),
            within=member.timeout,
        )
        report, faults = Report.from_json(output.decode()), []
    except (ProgramError, ValueError) as error:
        report, faults = Report(user_agent=""), [f"the client did not finish: {error}"]
    if not stage.guard.running:
        raise ProgramError("the guard", f"ended while {member.name} was there", stage.guard.said())
    lines = await _lines(stage.tail, max(1, len(report.answers)))
    if not lines:
        faults.append("the guard's log does not know of it")
    if not faults:
        faults += member.check(Stay(report=report, lines=lines, collection=stage.collection))
    return describe(member, report, lines, tuple(faults))


async def _marks_made(stage: Stage) -> None:
    """Wait until half of the originals can be sent as marked copies: earlier visitors looked at them."""
    packs = folder_in(stage.directory / "evidence") / "packs"
    for _ in range(MARK_ROUNDS):
        if sum(1 for _ in packs.glob("*/*.pack")) * 2 >= len(stage.collection.originals):
            break
        await asyncio.sleep(MARK_DELAY / MARK_ROUNDS)


async def _lines(tail: LogTail, expected: int) -> tuple[LogLine, ...]:
    """Collect a client's lines: a line is written when its request is finished, which may be after the client."""
    lines = tail.read()
    for _ in range(LOG_ROUNDS):
        if len(lines) >= expected:
            break
        await asyncio.sleep(LOG_DELAY / LOG_ROUNDS)
        lines += tail.read()
    return lines


def describe(member: Member, report: Report, lines: tuple[LogLine, ...], faults: tuple[str, ...]) -> Visit:
    """Make the row of one client."""
    hardest = telling(lines)
    return Visit(
        client=member.stand_in if report.stand_in else member.name,
        kind=member.kind,
        stand_in=bool(report.stand_in),
        user_agent=report.user_agent,
        claimed=_usual(line.claimed for line in lines),
        operator=_usual(line.operator for line in lines),
        identity=_usual(line.identity for line in lines),
        purpose=_usual(line.purpose for line in lines),
        decisions=decisions(lines),
        because=hardest.because if hardest else "",
        rule=hardest.rule if hardest else "",
        pictures=len(report.pictures),
        refusals=len(report.refusals),
        refusal_pictures=sum(answer.is_refusal_picture for answer in report.answers),
        skipped=report.skipped,
        bytes=report.size,
        copies=tuple(line for line in lines if line.is_copy),
        only_robots={answer.path for answer in report.answers} == {"/robots.txt"},
        expectation=member.expectation,
        faults=faults,
    )


def _usual(values: Iterable[str]) -> str:
    return next((value for value, _ in Counter(values).most_common(1)), "")


def verify(directory: Path) -> Verified:
    """Check the evidence log that the guard left in `directory`, as anybody can."""
    from guard.cli.evidence import verify_directory

    report = verify_directory(directory / "evidence")
    return Verified(
        records=report.records, holds=report.holds, problem="; ".join(str(fault) for fault in report.faults[:3])
    )
