"""`guard demo`: what does all this look like when real visitors come?"""

import asyncio
import io
import json as jsonlib
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from guard.demo.exporting import Exported
    from guard.demo.log import LogLine
    from guard.demo.scene import Outcome, Stage, Visit
    from guard.demo.table import LiveTable, PlainLines
    from guard.demo.tracing import Traced

QUIET: Final = 1.0
"""Seconds without a request after which a visitor is taken to be done with a page."""


def demo(*, once: bool, json: bool, keep: Path | None, svg: Path | None = None) -> None:
    """Build a gallery, guard it, and send a person and real crawlers through.

    Args:
        once: End afterwards; otherwise the gallery stays open until Ctrl-C, where there is a terminal to press it at.
        json: Print what happened as JSON on standard output, and everything else on standard error.
        keep: Leave configuration, gallery and evidence in this folder; None uses one that is removed.
        svg: Draw the finished table into this file as well.

    Raises:
        SystemExit: 1 if somebody was not treated as expected, the evidence does not hold, a copy that was taken does
            not lead back to its record, or no bundle could be made of it; 130 on Ctrl-C.
        UsageError: `keep` is neither empty nor from an earlier demo.
        ProgramError: The gallery's server or the guard did not start.
    """
    from guard.demo.scene import prepare
    from guard.server.process import has_terminal

    once = once or not has_terminal()
    with ExitStack() as stack:
        if keep is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guard-demo-")))
        else:
            prepare(keep)
            directory = keep
        try:
            outcome = asyncio.run(_play(directory, once=once, json=json, keeps=keep is not None))
        except (asyncio.CancelledError, KeyboardInterrupt):
            print("guard: stopped", file=sys.stderr)  # noqa: T201
            raise SystemExit(130) from None
    if svg is not None:
        from guard.demo.table import as_svg

        svg.write_text(as_svg(outcome), "utf-8")
    if json:
        print(jsonlib.dumps(as_json(outcome), ensure_ascii=False))  # noqa: T201
    if not outcome.ok:
        raise SystemExit(1)


async def _play(directory: Path, *, once: bool, json: bool, keeps: bool) -> "Outcome":
    from rich.console import Console

    from guard.demo.cast import CAST
    from guard.demo.exporting import export_case
    from guard.demo.scene import Outcome, open_gallery, receive, verify
    from guard.demo.table import LiveTable, PlainLines
    from guard.demo.tracing import trace_back
    from guard.demo.words import closing

    me = asyncio.current_task()
    assert me is not None  # noqa: S101 - asyncio.run made it
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, me.cancel)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can not write a letter of a rule's reason shows a question mark instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    console = Console(stderr=json)
    audience = LiveTable(console) if console.is_terminal else PlainLines(console)
    try:
        async with open_gallery(directory, audience) as stage:
            visits = await receive(stage, audience, CAST)
            audience.tracing()
            traced = await trace_back(directory, visits)
            audience.exporting()
            exported = await export_case(directory, traced, stays=keeps or not once)
            if not once:
                evidence = await asyncio.to_thread(verify, directory)
                audience.ended(Outcome(visits=visits, evidence=evidence, traced=traced, exported=exported))
                audience.say(f"\nThe gallery stays open: look at {stage.address}/ in a browser. Ctrl-C ends it.")
                try:
                    await _stay_open(stage, audience)
                except asyncio.CancelledError:
                    me.uncancel()
        # The guard has stopped: now the log is whole.
        evidence = await asyncio.to_thread(verify, directory)
        outcome = Outcome(visits=visits, evidence=evidence, traced=traced, exported=exported)
        if once:
            audience.ended(outcome)
        else:
            audience.say(closing(outcome.evidence))
        return outcome
    finally:
        audience.close()


async def _stay_open(stage: "Stage", audience: "LiveTable | PlainLines") -> None:
    """Say who comes, one line a visitor and look, until the guard ends or somebody ends this."""
    from guard.demo.processes import ProgramError

    waiting: list[LogLine] = []
    quiet = 0.0
    while stage.guard.running:
        lines = stage.tail.read()
        waiting += lines
        quiet = 0.0 if lines else quiet + 0.25
        # Somebody who never stops asking gets a line now and then as well.
        if waiting and (quiet >= QUIET or len(waiting) >= 200):
            for line in visitors(waiting):
                audience.say(line)
            waiting.clear()
        await asyncio.sleep(0.25)
    raise ProgramError("the guard", "ended by itself", stage.guard.said())


def visitors(lines: "list[LogLine]") -> list[str]:
    """Say in one line for each visitor what it asked for and how that was answered."""
    from guard.demo.words import ACTIONS, MARKED, PURPOSES

    seen: dict[tuple[str, str], Counter[str]] = {}
    for line in lines:
        who = (line.claimed, line.purpose)
        words, _ = MARKED if line.is_copy else ACTIONS.get(line.action, (line.action, ""))
        seen.setdefault(who, Counter())[words] += 1
    return [
        f"{claimed or 'somebody'} ({PURPOSES.get(purpose, purpose)}): "
        + ", ".join(f"{words} {count}×" for words, count in counts.most_common())
        for (claimed, purpose), counts in seen.items()
    ]


def as_json(outcome: "Outcome") -> dict[str, object]:
    """Return what `--json` prints."""
    return {
        "ok": outcome.ok,
        "clients": [_client(visit) for visit in outcome.visits],
        "evidence": {"records": outcome.evidence.records, "verified": outcome.evidence.holds},
        "trace": _trace(outcome.traced) if outcome.traced else None,
        "bundle": _bundle(outcome.exported) if outcome.exported else None,
    }


def _trace(traced: "Traced") -> dict[str, object]:
    return {
        "ran": not traced.missing,
        "taken_by": traced.visit.client,
        "picture": traced.download.path,
        "issued_at": traced.download.at,
        "original": traced.original or None,
        "mark_id": traced.mark_id or None,
        "z": traced.z,
        "threshold": traced.threshold,
        "bound": traced.bound,
        "record": traced.record,
        "same_copy": list(traced.others),
        "faults": list(traced.faults),
    }


def _bundle(exported: "Exported") -> dict[str, object]:
    return {
        "ran": not exported.missing,
        "file": str(exported.bundle) if exported.stays else None,
        "report": str(exported.report) if exported.stays else None,
        "requests": exported.requests,
        "proven": exported.proven,
        "faults": list(exported.faults),
    }


def _client(visit: "Visit") -> dict[str, object]:
    return {
        "client": visit.client,
        "kind": visit.kind,
        "stand_in": visit.stand_in,
        "claimed": visit.claimed,
        "identity": visit.identity,
        "purpose": visit.purpose,
        "decisions": dict(visit.decisions),
        "rule": visit.rule,
        "reason": visit.because,
        "pictures_received": visit.pictures,
        "marked_received": len(visit.copies),
        "refusals_received": visit.refusals,
        "bytes": visit.bytes,
        "as_expected": visit.as_expected,
        "faults": list(visit.faults),
    }
