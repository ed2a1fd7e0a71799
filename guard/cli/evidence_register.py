"""How does a photographer put her pictures on record before anybody asks whose they are?"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from os import environ, urandom
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from guard.cli.terminal import complain, printable, with_progress
from guard.errors import PictureError, UsageError
from guard.evidence import disclosure
from guard.evidence.disclosure import Group
from guard.evidence.picture_record import Registration, picture
from guard.image.camera import camera
from guard.image.codes import Pixels, pixels
from guard.server.log_line import LogLine, open_log
from guard.settings import load_settings
from guard.store.picture_files import Found, find

_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of one file."""

    name: str
    record: int = -1
    """Index in the log; -1 where it could not be registered."""
    sha256: str = ""
    raw: str = ""
    """Name of the RAW file that belongs to it."""
    serial: bool = False
    """Whether its camera's serial number was committed to."""
    why: str = ""
    """Why it could not be registered."""


def register(
    files: Annotated[list[Path], typer.Argument(metavar="FILE|DIR…", help="Your original pictures.")],
    *,
    author: Annotated[str, typer.Option(metavar="NAME", help="Who took them.")] = "",
    chain: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="How the rights passed on, a step each, oldest first [the author has them]."),
    ] = None,
    raw: Annotated[
        Path | None, typer.Option(metavar="FILE|DIR", help="The RAW file; in a folder the one of the same name.")
    ] = None,
    first_published: Annotated[str, typer.Option(metavar="DAY", help="When first published, like 2026-05-01.")] = "",
    where: Annotated[str, typer.Option(metavar="URL", help="Where that was.")] = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="What the work is called.")] = "",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Names the evidence.")
    ] = None,
    evidence: Annotated[Path | None, typer.Option(metavar="DIR", help="The evidence directory.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Put pictures on record: hashes of file, pixels and RAW, author, chain of title, first publication.

    Do it before a dispute: with the log's time stamps it shows that you had the picture, and the RAW file, then. The
    pictures stay where they are; only hashes and your words are recorded. The camera's serial number is kept beside the
    log, where it can be erased. A file that can not be registered is named; then the exit status is 1.

    \b
    Examples:
      guard evidence register best/ --author 'Jane Doe' --raw raw/ -c guard.yaml
      guard evidence register 17.jpg --author 'Jane Doe' --raw 17.NEF \\
        --first-published 2026-05-01 --where https://photo.example/17 -c guard.yaml
      guard evidence register 18.jpg --author 'Max Roe' --chain 'employed by Studio Doe' \\
        --chain 'Studio Doe to Jane Doe, contract of 2025-03-01' --evidence evidence
    """
    if not author.strip():
        raise UsageError("say who took them: --author NAME")
    if first_published:
        _check_time(first_published)
    said = _Said(author, tuple(chain or ()), title, first_published, where)
    directory, host = _directory(config, evidence)
    raws = _raws(raw)
    found = list(find(files))
    with open_log(directory, host=host) as line:
        done = [
            _registered(one, line, said, raws, alone=raw is not None and raw.is_file() and len(found) == 1)
            for one in with_progress(found, "pictures", quiet=as_json)
        ]
    if as_json:
        typer.echo(orjson.dumps({"pictures": done}, option=orjson.OPT_INDENT_2))
    else:
        typer.echo("\n".join(_lines(done)))
    for one in done:
        if one.why:
            complain(f"{printable(one.name)}: {one.why}")
    if not done or any(one.why for one in done):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Said:
    author: str
    chain: tuple[str, ...]
    title: str
    published: str
    where: str

    def __post_init__(self) -> None:
        for text in (self.author, self.title, self.published, self.where, *self.chain):
            if len(text) > _LONGEST:
                raise UsageError(f"a text of {len(text):,} characters; at most {_LONGEST:,} are recorded")


def _registered(one: Found, line: LogLine, said: _Said, raws: dict[str, Path], *, alone: bool) -> Registered:
    if one.error:
        return Registered(name=one.name, why=one.error)
    raw = next(iter(raws.values())) if alone else raws.get(one.path.stem.lower())
    try:
        data = one.path.read_bytes()
        seen = pixels(data)
        raw_digest, raw_size = _digest(raw) if raw is not None else ("", 0)
    except PictureError as error:
        return Registered(name=one.name, why=str(error))
    except OSError as error:
        return Registered(name=one.name, why=(error.strerror or str(error)).lower())
    values = camera(data)
    groups = [disclosure.commit(Group.CAMERA.value, values, urandom(disclosure.SALT_SIZE))] if values else []
    registration = _registration(one, data, seen, said, (raw.name if raw else "", raw_digest, raw_size))
    leaf = picture(at=time.time_ns() // 1000, said=registration, sd=[group.commitment for group in groups])
    return Registered(
        name=one.name,
        record=line.append(leaf, groups),
        sha256=registration.sha256,
        raw=raw.name if raw else "",
        serial="body_serial" in values,
    )


def _registration(one: Found, data: bytes, seen: Pixels, said: _Said, raw: tuple[str, str, int]) -> Registration:
    return Registration(
        name=one.path.name,
        sha256=sha256(data).hexdigest(),
        size=len(data),
        media_type=seen.media_type,
        width=seen.width,
        height=seen.height,
        pixels_sha256=seen.sha256,
        author=said.author.strip(),
        title=said.title,
        chain=said.chain,
        raw_name=raw[0],
        raw_sha256=raw[1],
        raw_size=raw[2],
        published=said.published,
        published_where=said.where,
    )


def _digest(file: Path) -> tuple[str, int]:
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
        return digest, opened.tell()


def _raws(raw: Path | None) -> dict[str, Path]:
    """Return RAW files by their names without ending, in small letters."""
    if raw is None:
        return {}
    if raw.is_file():
        return {raw.stem.lower(): raw}
    if raw.is_dir():
        return {file.stem.lower(): file for file in sorted(raw.rglob("*")) if file.is_file()}
    raise UsageError(f"--raw: {raw} is neither a file nor a folder")


def _check_time(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--first-published is {text!r:.40}; write a day like 2026-05-01, or a time of ISO 8601"
        ) from None


def _directory(config: Path | None, evidence: Path | None) -> tuple[Path, str]:
    """Return the evidence directory, and the host that a log which has not begun is named after."""
    if evidence is not None:
        return evidence, ""
    if config is None:
        raise UsageError("say where the log is: -c guard.yaml, or --evidence DIR")
    settings = load_settings(config, environ, {})
    return settings.evidence.directory, settings.sites[0].host


def _lines(done: Sequence[Registered]) -> Iterator[str]:
    good = [one for one in done if not one.why]
    for one in good:
        raw = f", with {printable(one.raw)}" if one.raw else ""
        serial = ", with the camera's serial number" if one.serial else ""
        yield f"record {one.record}: {printable(one.name)}{raw}{serial}"
        yield f"  sha256 {one.sha256}"
    yield f"{len(good)} of {len(done)} pictures are on record"
