"""What do the picture files of a folder say about their rights, and what do they give away?"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from guard.cli import image_mark
from guard.cli.terminal import printable, with_progress
from guard.errors import UsageError
from guard.image.data_mining import VOCABULARY, value
from guard.image.privacy import Private
from guard.image.provenance import Sign, signer
from guard.image.rights import rewrite
from guard.image.xmp import RightsPacket
from guard.reservation.statement import Statement
from guard.rights import statement_of
from guard.server.picture_rights import packet
from guard.settings import Settings, load_settings
from guard.store.picture_files import Found, find, write
from guard.store.picture_keys import CHAIN, KEY, create, read

PRIVATE_WORDS = {
    Private.GPS: "GPS position",
    Private.SERIAL: "serial numbers",
    Private.OWNER: "owner's name",
    Private.THUMBNAIL: "thumbnails",
    Private.MAKER_NOTES: "maker notes",
    Private.TRAILING: "what follows the picture",
}

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Take the rights from here."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Picture files: rights, private data, marks.")


@app.callback()
def _group() -> None:
    """Picture files: their rights, private data, and marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one file, or would."""

    path: str
    status: str
    """`changed`, `would_change`, `copied`, `unchanged`, `left_alone` or `unreadable`."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_problem(self) -> bool:
        return self.status in {"left_alone", "unreadable"}


@app.command()
def rights(
    files: Annotated[list[Path], typer.Argument(metavar="DIR|FILE", help="Folders and picture files.")],
    *,
    config: Config = None,
    site: Annotated[str, typer.Option(metavar="HOST", help="Whose rights of the configuration [the first].")] = "",
    holder: Annotated[str, typer.Option(metavar="TEXT", help="Whose pictures these are, without a file.")] = "",
    contact: Annotated[str, typer.Option(metavar="TEXT", help="Where to ask, likewise.")] = "",
    terms: Annotated[str, typer.Option(metavar="URL", help="A page with the terms, likewise.")] = "",
    write_them: Annotated[
        bool, typer.Option("--write", help="Change the files; without it nothing is changed.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write changed copies into this folder.")] = None,
    keep_private: Annotated[bool, typer.Option("--keep-private", help="Take nothing out.")] = False,
    sign: Annotated[Path | None, typer.Option(metavar="DIR", help="Sign with the certificate in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write rights into JPEG, PNG, WebP and AVIF files, and take private data out.

    Without --write or --out it only says what would be done. Pixels are never touched, and what a picture says about
    itself stays. Private are GPS positions, serial numbers, owners' names, maker notes and thumbnails. A file that can
    not be changed rightly stays as it is and is named; then the exit status is 1.

    \b
    Examples:
      guard image rights pictures -c guard.yaml
      guard image rights pictures -c guard.yaml --write
      guard image rights a.jpg --holder 'Jane Doe' --out ready
    """
    says = _packet(config, site, Statement(holder=holder, contact=contact, terms_url=terms))
    signs = signer(*read(sign)) if sign else None
    found = list(find(files, without=out))
    outcomes = [
        _outcome(one, says, strip=not keep_private, signs=signs, write_them=write_them, out=out)
        for one in with_progress(found, "pictures", quiet=as_json)
    ]
    if as_json:
        typer.echo(_json(outcomes, says, write_them=write_them or out is not None))
    else:
        typer.echo("\n".join(_lines(outcomes, says, written=write_them or out is not None)))
    if any(one.is_problem for one in outcomes) or not outcomes:
        raise typer.Exit(1)


@app.command()
def certificate(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where to [beside the evidence].")] = None,
    *,
    config: Config = None,
    holder: Annotated[str, typer.Option(metavar="TEXT", help="Whose signature it is [rights.holder].")] = "",
) -> None:
    """Make the key and the certificate that C2PA signatures in pictures are made with.

    The certificate is of your own making: programs show the signature as valid and the signer as unknown. A chain that
    you were given goes into the same folder as chain.pem (your own first) and key.pem.

    \b
    Examples:
      guard image certificate -c guard.yaml
      guard image certificate keys --holder 'Jane Doe'
    """
    settings = load_settings(config, os.environ, {}) if config else None
    if folder is None and settings is None:
        raise UsageError("say where: name a folder, or give a configuration with -c")
    if folder is None and settings is not None:
        folder = settings.in_image.certificate or settings.evidence.directory / "guard" / "c2pa"
    name = holder or (settings.rights.holder if settings else "")
    if not name:
        raise UsageError("say whose signature it is with --holder")
    assert folder is not None  # noqa: S101  # one of the two was given
    made = create(folder, name, now=datetime.now(UTC))
    typer.echo(f"{folder / CHAIN}\n{folder / KEY}")
    typer.echo(f"valid until {made.not_valid_after_utc:%Y-%m-%d}; keep {KEY} to yourself", err=True)


def _packet(config: Path | None, site: str, said: Statement) -> RightsPacket:
    if config is None:
        if not said.holder:
            raise UsageError("say whose pictures these are: --holder 'Jane Doe', or a configuration with -c")
        return packet(said)
    if said.holder or said.contact or said.terms_url:
        raise UsageError("the configuration says whose pictures these are; leave out --holder, --contact and --terms")
    settings = load_settings(config, os.environ, {})
    return packet(site_statement(settings, site))


def site_statement(settings: Settings, host: str) -> Statement:
    """Return what the configuration states for a site as a whole; an empty `host` is the first one.

    Raises:
        UsageError: There is no such site.
    """
    site = next((one for one in settings.sites if one.host == host or not host), None)
    if site is None:
        known = ", ".join(one.host for one in settings.sites)
        raise UsageError(f"the configuration has no site {host!r}; it has {known}")
    # A file in a folder has no path at the site: what holds for the whole holds for it.
    return statement_of(settings.rights_of(site), site.base_url).at("/")


def _outcome(
    one: Found, says: RightsPacket, *, strip: bool, signs: Sign | None, write_them: bool, out: Path | None
) -> _Outcome:
    if one.error:
        return _Outcome(path=one.name, status="unreadable", why=one.error)
    try:
        data = one.path.read_bytes()
    except OSError as error:
        return _Outcome(path=one.name, status="unreadable", why=(error.strerror or str(error)).lower())
    made = rewrite(data, says, strip=strip, sign=signs)
    if made.why is not None:
        why = f"{made.why} ({made.detail})" if made.detail else str(made.why)
        return _Outcome(path=one.name, status="left_alone", why=why)
    changed = bool(made.added or made.removed)
    status = "would_change" if changed else "unchanged"
    target = (out / (one.path.name if Path(one.name).is_absolute() or ".." in one.name else one.name)) if out else None
    try:
        if target is not None:
            if target.exists() and not write_them:
                return _Outcome(
                    path=one.name, status="unreadable", why="its copy is there already; --write replaces it"
                )
            write(target, made.body, like=one.path)
            status = "copied"
        elif write_them and changed:
            write(one.path.resolve(), made.body, like=one.path)
            status = "changed"
    except OSError as error:
        return _Outcome(
            path=one.name, status="unreadable", why=f"not written: {(error.strerror or str(error)).lower()}"
        )
    return _Outcome(path=one.name, status=status, added=made.added, removed=tuple(made.removed))


def _lines(outcomes: Sequence[_Outcome], says: RightsPacket, *, written: bool) -> list[str]:
    lines = ["the pictures say" if written else "the pictures would say"]
    lines += [f"  {name:<14}{printable(text, 62)}" for name, text in _said(says)]
    lines.append("")
    for one in outcomes:
        lines.append(printable(one.path, 80))
        if one.removed:
            verb = "without" if written else "gives away"
            lines.append(f"  {verb:<11}{', '.join(PRIVATE_WORDS[Private(name)] for name in one.removed)}")
        if one.added:
            names = [name.partition(":")[2] or name for name in one.added]
            lines += _wrapped("now says" if written else "lacks", names)
        if one.is_problem:
            lines.append(f"  {'stays' if one.status == 'left_alone' else 'problem':<11}{printable(one.why, 67)}")
        elif not one.added and not one.removed:
            lines.append("  nothing to do")
    counts = Counter(one.status for one in outcomes)
    lines += ["", _summary(counts, len(outcomes), written=written)]
    return lines


def _wrapped(verb: str, names: Sequence[str]) -> list[str]:
    from textwrap import wrap

    return wrap(", ".join(names), 80, initial_indent=f"  {verb:<11}", subsequent_indent=" " * 13)


def _summary(counts: Counter[str], total: int, *, written: bool) -> str:
    if not total:
        return "no JPEG, PNG, WebP or AVIF file found"
    changed = counts["changed"] + counts["copied"] + counts["would_change"]
    left = counts["left_alone"] + counts["unreadable"]
    files = "1 file" if total == 1 else f"{total:,} files"
    done = ("copied" if counts["copied"] else "changed") if written else "would be changed"
    sentence = f"{files}: {changed:,} {done}"
    if counts["unchanged"]:
        sentence += f", {counts['unchanged']:,} with nothing to do"
    if left:
        sentence += f", {left:,} with problems"
    return sentence + ("" if written or not changed else "; --write or --out DIR does it")


def _said(says: RightsPacket) -> Iterator[tuple[str, str]]:
    yield "DataMining", value(says.permitted).removeprefix(VOCABULARY)
    rows = (
        ("rights", says.notice),
        ("creator", says.creator),
        ("Credit", says.credit),
        ("WebStatement", says.web_statement),
        ("Licensor", ", ".join(filter(None, (says.licensor_url, says.licensor_email)))),
        *(("UsageTerms", text) for _, text in says.usage_terms[:1]),
        *(("Constraints", text) for _, text in says.constraints[:1]),
    )
    yield from (row for row in rows if row[1])


def _json(outcomes: Sequence[_Outcome], says: RightsPacket, *, write_them: bool) -> str:
    shown: dict[str, Any] = {
        "written": write_them,
        "rights": dict(_said(says)),
        "files": [
            {"path": one.path, "status": one.status, "added": one.added, "removed": one.removed, "why": one.why}
            for one in outcomes
        ],
        "counts": Counter(one.status for one in outcomes),
    }
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2, default=str).decode()


for _command in (image_mark.key, image_mark.mark, image_mark.pack):
    app.command()(_command)
