"""What does the owner hand to a lawyer, when it comes to that?

The requests for the copies under the mark that was found again, as one file; without a trace
those of a crawler that was refused. The bundle is written by the command that an owner would type,
and checked by the one that an expert would.
"""

import asyncio
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from guard.demo.processes import run
from guard.demo.tracing import Traced
from guard.errors import GuardError

BUNDLE: Final = "case.asice"
REPORTS: Final = ("report.en.pdf", "report.de.pdf")
REFUSED: Final = "GPTBot"
WITHIN: Final = 60.0
"""Seconds: one of CPU time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What became of the bundle."""

    bundle: Path
    report: Path
    """The one to open."""
    stays: bool
    """Whether the files are still there when this is said."""
    missing: bool = False
    """`guard evidence export` can not run here."""
    requests: int = 0
    proven: int = 0
    """Records that are proven one by one."""
    faults: tuple[str, ...] = ()


async def export_case(directory: Path, traced: Traced | None, *, stays: bool) -> Exported:
    """Export the case from the evidence in `directory`, check the bundle, and lay its reports beside it."""
    bundle = directory / BUNDLE
    made = Exported(bundle=bundle, report=directory / REPORTS[0], stays=stays)
    if find_spec("typst") is None or find_spec("warcio") is None:
        return Exported(bundle=bundle, report=made.report, stays=stays, missing=True)
    wanted = ("--mark", traced.mark_id) if traced and traced.record is not None else ("--crawler", REFUSED)
    try:
        await run(
            "guard evidence export",
            *("-m", "guard", "evidence", "export", str(directory / "evidence"), *wanted),
            *("--originals", str(directory / "gallery"), "-o", str(bundle)),
            given=b"",
            within=WITHIN,
        )
        output = await run(
            "guard evidence verify",
            *("-m", "guard", "evidence", "verify", str(bundle), "--json"),
            given=b"",
            within=WITHIN,
            # A bundle that does not hold is an answer as well.
            answers=(0, 1),
        )
        found = json.loads(output)
        faults = tuple(f"{place}: {why}" for place, why in found["faults"])
        requests = await asyncio.to_thread(_lay_open, bundle, directory) if not faults else 0
    except (GuardError, OSError, ValueError) as error:
        return Exported(bundle=bundle, report=made.report, stays=stays, faults=(f"no bundle: {error}",))
    proven = found["facts"].get("proofs", 0)
    return Exported(
        bundle=bundle, report=made.report, stays=stays, requests=requests, proven=proven, faults=faults
    )  # fmt: skip


def _lay_open(bundle: Path, directory: Path) -> int:
    """Copy the reports out of the bundle, and count its requests."""
    from guard.verifier.verify import unpack

    files = unpack(bundle.read_bytes())
    for name in REPORTS:
        (directory / name).write_bytes(files[f"data/{name}"])
    return files["data/requests.csv"].count(b"\r\n") - 1
