"""Which keys sign the log, and how is a new one made?"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from guard.errors import LeafError, UsageError
from guard.evidence import record
from guard.evidence.checkpoint import CheckpointError, VerifierKey, parse_verifier_key, verify
from guard.evidence.record import RecordKind
from guard.server.log_line import open_log
from guard.store.log_files import LogFolder, open_folder
from guard.store.record_finder import leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key."""

    key: str
    """Its text form, `<name>+<id>+<base64>`."""
    record: int
    """Index of the record that names it."""
    since: str
    """When that was, in UTC."""
    signs: bool
    """Whether the newest checkpoint has its signature."""
    lost: bool
    """Whether a later record says that it may be in other hands."""


def keys(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The evidence directory.")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key; the old one signs beside it a while.")] = (
        False
    ),
    lost: Annotated[bool, typer.Option("--lost", help="With --rotate: the old key may be in other hands.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Print only the keys, to be given to others.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the keys that sign the log, or make a new one.

    Whoever trusts the first key can follow the log through every later one, for each is vouched for by the one
    before. Give the public key to others when the log begins (a lawyer, an agency): they can tell your log from any
    other. Back up the keys/ folder of the evidence directory, apart from the log: without it the log can not go on. A
    key is encrypted where the guard has a passphrase: a descriptor in GUARD_EVIDENCE_PASSPHRASE_FD, or the systemd
    credential guard-evidence.

    \b
    Examples:
      guard evidence keys /var/lib/guard/evidence
      guard evidence keys /var/lib/guard/evidence --public
      guard evidence keys /var/lib/guard/evidence --rotate
    """
    if lost and not rotate:
        raise UsageError("--lost goes with --rotate: a lost key is replaced")
    folder = open_folder(directory)
    if rotate:
        with open_log(directory) as line:
            typer.echo(f"guard: signed from now on with {line.rotate(lost=lost)}", err=True)
    rows = rows_of(folder)
    if as_json:
        typer.echo(orjson.dumps({"keys": [asdict(row) for row in rows]}, option=orjson.OPT_INDENT_2))
    elif public:
        typer.echo("\n".join(row.key for row in rows))
    else:
        typer.echo("\n".join(line for row in rows for line in _lines(row)))


def rows_of(folder: LogFolder) -> list[Row]:
    """Return the keys of a log, the first one first."""
    note = folder.read("checkpoint") or b""
    found: list[Row] = []
    for index, leaf in leaves(folder):
        if b'"kind":"key"' not in leaf:
            continue
        try:
            one = record.read(leaf)
            key = parse_verifier_key(one.fields.get("vkey", ""))
        except (LeafError, CheckpointError):
            continue
        if one.kind is not RecordKind.KEY:
            continue
        if one.fields.get("lost") and found:
            found[-1] = Row(**{**asdict(found[-1]), "lost": True})
        since = datetime.fromtimestamp(one.at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        found.append(Row(key=str(key), record=index, since=since, signs=_signs(key, note), lost=False))
    return found


def _signs(key: VerifierKey, note: bytes) -> bool:
    try:
        verify(note, (key,))
    except CheckpointError:
        return False
    return True


def _lines(row: Row) -> list[str]:
    state = "signs now" if row.signs else "does not sign any more"
    if row.lost:
        state += "; declared lost"
    return [row.key, f"  since record {row.record}, {row.since}; {state}"]
