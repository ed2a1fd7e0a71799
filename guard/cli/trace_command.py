"""`guard trace`: what is asked for?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from guard.cli import licence_terms as terms
from guard.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def trace(
    found: Annotated[
        list[Path],
        typer.Argument(metavar="FOUND…", help="Pictures, folders, .tar, .tar.gz, .zip, .parquet, .tfrecord."),
    ],
    *,
    originals: Annotated[Path, typer.Option(metavar="DIR", help="The pictures as your site serves them.")],
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The guard's evidence: it names the ids and holds the keys.")
    ] = None,
    mark_ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Without it: the ids that were issued, one a line,")
    ] = None,
    key_file: Annotated[Path | None, typer.Option(metavar="KEY", help="and the mark key.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR|FILE.html", help="Write a report that can be printed.")
    ] = None,
    source: Annotated[
        str, typer.Option("--from", metavar="URL|TEXT", help="Where you have the found files from, for the report.")
    ] = "",
    retrieved: Annotated[str, typer.Option(metavar="TIME", help="When you got them: 2026-11-24T23:00Z.")] = "",
    record_only: Annotated[
        bool, typer.Option("--record-only", help="Only put on record what was found, to have it time-stamped.")
    ] = False,
    stamp: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Have a time-stamp authority put its time to that record first."),
    ] = None,
    stamp_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates to trust it by [those of this machine].")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or de.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find whom a found copy was issued to.

    The copy may be cropped, shrunk, turned, mirrored and encoded anew. The exit status is 0 if at least one copy was
    identified, 1 if none. Needs the extra 'trace'.

    --report writes trace.html and, before anything is compared, found.json: SHA-256, size and origin of every found
    file. With --stamp an authority (RFC 3161) puts its time to that first; of several the first that answers. Its
    token is found.tsr. A found.json that is there is kept, so a time stamp over it stays good. For a single file,
    PICTURE.jpg.found.json with "from" and "retrieved" says more than the options do. Times without a zone are UTC.

    JSON: "results", for each found file "file" (behind a ! the member, row or record of a shard), "sha256", "original",
    "mark_id", "z", "threshold", "identified", "bound" (the chance of a coincidence, at most), "records" (requests in
    the log that got a copy under this id), "shared" (copies that 'guard share' made) and "canary" (the record that
    names the original as a picture that no page shows); "together", the same for all
    of them at once; and the numbers of "mark_ids", "originals" and "pairs" compared.

    \b
    Examples:
      guard trace found/ --originals gallery --evidence /var/lib/guard/evidence
      guard trace found/ --originals gallery --evidence evidence --report case \\
          --from https://data.example/00012.tar --retrieved 2026-11-24T23:00Z \\
          --stamp https://tsa.example/tsr
      guard trace a.tar --originals gallery --mark-ids IDS --key-file KEY --json
    """
    if lang not in ("en", "de"):
        raise UsageError(f"--lang: '{lang}' is neither en nor de")
    if report is None and (source or retrieved or record_only or stamp or stamp_ca):
        raise UsageError(
            "--from, --retrieved, --record-only and --stamp say something about a report; name it with --report"
        )
    try:
        from guard.cli.issued_marks import issued_from
        from guard.cli.trace import Wanted
        from guard.cli.trace import trace as run_trace
    except ModuleNotFoundError as error:
        if error.name != "cv2":
            raise
        raise UsageError("this needs the extra 'trace': pip install 'crawler-guard[trace]'") from None

    wanted = Wanted(
        report=report,
        record_only=record_only,
        source=terms.line("--from", source) if source else "",
        retrieved=moment(retrieved, datetime.now(UTC)) if retrieved else "",
        stamp=tuple(stamp or ()),
        stamp_ca=stamp_ca,
        lang="de" if lang == "de" else "en",
        as_json=as_json,
    )
    given = issued_from(evidence, mark_ids, key_file)
    raise typer.Exit(run_trace(found, originals=originals, given=given, wanted=wanted))


def moment(text: str, now: datetime) -> str:
    """Return when something was retrieved as it goes on record: a time in UTC, or a day where no more was said.

    Raises:
        UsageError: It is no time, or lies in the future.
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--retrieved: '{text}' is no time; write it like 2026-11-24T23:00Z or 2026-11-24") from None
    said = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    if said > now:
        raise UsageError(f"--retrieved: {text} lies in the future")
    return f"{said:%Y-%m-%d}" if len(text) <= len("2026-11-24") else f"{said:%Y-%m-%dT%H:%M:%SZ}"
