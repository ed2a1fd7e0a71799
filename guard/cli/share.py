"""Who gets which picture by another door than the site's, and under which mark?

For each picture, in this order: its copy is made, the register names it (see
`guard.store.shared_copies`), the copy gets its name. What fails on the way fails for that
picture only.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.cli import licence_terms as terms
from guard.cli.image import PRIVATE_WORDS, site_statement
from guard.cli.mark_files import write_new
from guard.cli.terminal import printable, with_progress
from guard.errors import GuardError, PictureError, UsageError
from guard.image import pack
from guard.image.chips import seed_of_signs
from guard.image.mark import copy_for
from guard.image.privacy import Private
from guard.image.rights import rewrite
from guard.image.sniff import media_type
from guard.image.xmp import RightsPacket
from guard.server.picture_rights import packet
from guard.settings import Settings, load_settings
from guard.store.mark_keys import folder_in, load_or_create
from guard.store.picture_files import Found, find
from guard.store.shared_copies import Shared, SharedCopy, append
from guard.store.shared_copies import read as read_register

EXIT_PROBLEMS = 1
_JPEG = "image/jpeg"
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif"}

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What became of one picture."""

    name: str
    why: str = ""
    """Why there is no copy; empty where there is one."""
    given: SharedCopy | None = None
    was: str = ""
    """The format of the original where it is not that of the copy, like PNG."""
    removed: tuple[Private, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """What all pictures of one call have in common."""

    marks: Path
    key: bytes
    mark_id: bytes
    to: str
    note: str
    at: datetime
    out: Path
    says: RightsPacket | None


@app.command()
def share(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Pictures, and folders of JPEG, PNG, WebP and AVIF.")
    ] = None,
    *,
    to: Annotated[str, typer.Option(metavar="WHOM", help="Who gets them, in your words.")] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Names evidence and rights."),
    ] = None,
    site: Annotated[str, typer.Option(metavar="HOST", help="Whose rights of the configuration [the first].")] = "",
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The guard's evidence; without -c no rights are written.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where copies go [shared/WHOM].")] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Your own: an order, a purpose.")] = "",
    list_them: Annotated[bool, typer.Option("--list", help="Show what was given to whom.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Give pictures to somebody, each as a copy that carries, invisibly, the mark of whoever gets it.

    A copy is a JPEG of the same size with your rights in it, and without GPS position, serial numbers, owner's name,
    maker notes and thumbnails. Whom it was made for stands in the register beside the mark keys, guard/marks/ of the
    evidence; 'guard trace --evidence' knows it. Keep the originals as they are: only with them a copy can be traced.
    A picture that can not be marked is named, and not given; then the exit status is 1.

    \b
    Examples:
      guard share sunset.jpg --to 'Acme Agency' -c guard.yaml
      guard share stock/ --to 'Acme Agency' -c guard.yaml --note 'order 17' --out ready
      guard share --list -c guard.yaml
    """
    settings = load_settings(config, os.environ, {}) if config else None
    marks = _marks(settings, evidence)
    if list_them:
        if files or to or note or out or site:
            raise UsageError("--list shows what was given; leave out FILE, --to, --note, --out and --site")
        _list(read_register(marks), as_json=as_json)
        return
    if not files:
        raise UsageError("name the pictures to share, or --list")
    if not to:
        raise UsageError("say who gets them: --to WHOM")
    whom = terms.line("--to", to)
    folder = out or Path("shared") / (re.sub(r"[^\w.-]+", "-", whom).strip(".-") or "copies")
    at = datetime.now(UTC).replace(microsecond=0)
    says = packet(site_statement(settings, site)) if settings else None
    register = read_register(marks)
    _warn(register)
    if settings is None:
        typer.echo("guard: no rights are written into the copies; -c guard.yaml says which", err=True)
    delivery = _Delivery(
        key=load_or_create(marks).newest,
        marks=marks,
        mark_id=register.mark_id_for(whom, at),
        to=whom,
        note=terms.line("--note", note) if note else "",
        at=at,
        out=folder,
        says=says,
    )
    found = list(find(files, without=out or Path("shared")))
    made = [_given(one, delivery) for one in with_progress(found, "pictures", quiet=as_json)]
    typer.echo(_json(made, delivery) if as_json else "\n".join(_lines(made, delivery)))
    if not made or any(one.why for one in made):
        raise typer.Exit(EXIT_PROBLEMS)


def _marks(settings: Settings | None, evidence: Path | None) -> Path:
    if evidence is not None:
        if not evidence.is_dir():
            raise UsageError(f"--evidence: {evidence} is no folder")
        return folder_in(evidence)
    if settings is None:
        raise UsageError("say where the register is: -c guard.yaml, or --evidence DIR")
    return folder_in(settings.evidence.directory)


def _given(one: Found, delivery: _Delivery) -> _Made:
    """Make, register and write the copy of one picture."""
    if one.error:
        return _Made(name=one.name, why=one.error)
    try:
        data = one.path.read_bytes()
        form = media_type(data[:4096])
        copy = _copy(data, delivery)
        target = delivery.out / _target(one, form)
        if target.exists():
            raise UsageError(f"{target} exists; name another folder with --out")
        target.parent.mkdir(parents=True, exist_ok=True)
        given = SharedCopy(
            at=delivery.at,
            to=delivery.to,
            mark_id=delivery.mark_id,
            file=printable(str(one.path.absolute())),
            sha256=sha256(data).hexdigest(),
            copy=printable(str(target.absolute())),
            copy_sha256=sha256(copy).hexdigest(),
            note=delivery.note,
        )
        append(delivery.marks, given)
        write_new(target, copy)
    except OSError as error:
        return _Made(name=one.name, why=(error.strerror or str(error)).lower())
    except GuardError as error:
        return _Made(name=one.name, why=str(error))
    was = "" if form == _JPEG else form.removeprefix("image/").upper()
    return _Made(name=one.name, given=given, was=was, removed=rewrite(data, None, strip=True).removed)


def _copy(data: bytes, delivery: _Delivery) -> bytes:
    """Return the marked copy with its rights.

    The mark is that of the original's bytes, which is what `guard trace --originals` holds a found copy against; the
    rights come afterwards, and touch no pixel.
    """
    rendition = pack.Rendition.of(data)
    built = pack.build(data, rendition, seed_of_signs(delivery.key, rendition.digest))
    made = rewrite(copy_for(built, delivery.key, delivery.mark_id), delivery.says, strip=True)
    if made.why is not None:
        raise PictureError(f"the rights can not be written: {made.why} {made.detail}".strip())
    return made.body


def _target(one: Found, form: str) -> Path:
    name = Path(one.path.name if Path(one.name).is_absolute() or ".." in one.name else one.name)
    if form == _JPEG and name.suffix.lower() in _SUFFIXES:
        return name
    # The whole old name stays in it: a.png and a.webp are two pictures.
    return name.with_name(f"{name.name}.jpg")


def _lines(made: Sequence[_Made], delivery: _Delivery) -> list[str]:
    lines = []
    for one in made:
        lines.append(printable(one.name, 80))
        if one.given is None:
            lines.append(f"  refused    {printable(one.why)}")
            continue
        lines.append(f"  copy       {one.given.copy}")
        if one.was:
            lines.append(f"  format     JPEG, was {one.was}")
        if one.removed:
            lines.append(f"  without    {', '.join(PRIVATE_WORDS[kind] for kind in one.removed)}")
    given = sum(one.given is not None for one in made)
    if not made:
        return ["no picture found"]
    ending = f", {len(made) - given:,} refused" if given < len(made) else ""
    under = f" under mark id {delivery.mark_id.hex()}" if given else ""
    return [*lines, "", f"{given:,} for {delivery.to}{under}{ending}"]


def _json(made: Sequence[_Made], delivery: _Delivery) -> str:
    return json.dumps(
        {
            "to": delivery.to,
            "mark_id": delivery.mark_id.hex(),
            "files": [
                {
                    "file": printable(one.name),
                    "copy": one.given.copy if one.given else None,
                    "copy_sha256": one.given.copy_sha256 if one.given else None,
                    "was": one.was,
                    "removed": [str(kind) for kind in one.removed],
                    "why": one.why,
                }
                for one in made
            ],
        },
        indent=2,
    )


def _list(register: Shared, *, as_json: bool) -> None:
    _warn(register)
    if as_json:
        value: dict[str, Any] = {"copies": [one.value() for one in register.copies]}
        typer.echo(json.dumps(value, indent=2))
        return
    shown = None
    for one in register.copies:
        head = (one.mark_id, one.note)
        if head != shown:
            note = f"  ({printable(one.note)})" if one.note else ""
            typer.echo(f"{one.at:%Y-%m-%d}  {one.mark_id.hex()}  {printable(one.to)}{note}")
            shown = head
        typer.echo(f"  {printable(one.file)}")
    count, whom = len(register.copies), Counter(one.to for one in register.copies)
    if not count:
        typer.echo("no copy was given to anybody", err=True)
        return
    copies, recipients = "copy" if count == 1 else "copies", "recipient" if len(whom) == 1 else "recipients"
    typer.echo(f"{count:,} {copies} for {len(whom):,} {recipients}", err=True)


def _warn(register: Shared) -> None:
    if register.fault:
        typer.echo(f"guard: {printable(register.fault)}", err=True)
