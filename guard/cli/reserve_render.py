"""`guard reserve render`: write what crawlers are told."""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from guard.cli.reserve_source import Source, source_of
from guard.errors import UsageError
from guard.reservation import aitxt, html, odrl, robots, rsl, tdmrep, terms, trusttxt
from guard.reservation.documents import ReservationSet
from guard.reservation.page_snippets import paste, wordpress
from guard.reservation.server_snippets import caddy, files, htaccess, nginx
from guard.validation import suggest


class Host(StrEnum):
    """Where a site lives that has no guard in front of it."""

    NGINX = "nginx"
    CADDY = "caddy"
    APACHE = "apache"
    HTACCESS = "htaccess"
    WORDPRESS = "wordpress"
    PASTE = "paste"


_SNIPPETS: Final[dict[Host, Callable[[ReservationSet], str]]] = {
    Host.NGINX: nginx,
    Host.CADDY: caddy,
    Host.APACHE: htaccess,
    Host.HTACCESS: htaccess,
    Host.WORDPRESS: wordpress,
    Host.PASTE: paste,
}
_WITH_FILES: Final = frozenset({Host.NGINX, Host.CADDY, Host.APACHE, Host.HTACCESS})

_DOCUMENTS: Final = {
    "robots.txt": (robots.PATH, "who may crawl, and the signals of AIPREF, Cloudflare and RSL"),
    "ai.txt": (aitxt.PATH, "Spawning's file about training"),
    "tdmrep.json": (tdmrep.PATH, "W3C TDM Reservation Protocol"),
    "rsl.xml": (rsl.PATH, "Really Simple Licensing 1.0"),
    "trust.txt": (trusttxt.PATHS[0], "JournalList's file; the same at /.well-known/trust.txt"),
    "terms": (terms.PATH, "the page for people, English and German"),
    "odrl": (odrl.PATH, "the policy for machines; only where a licence is offered"),
}
_MADE: Final = {
    "headers": "the lines of every response; with --path, of that one",
    "html": "the elements for the head of pages; with --path, of that one",
    "manifest": "all of it by digest, as the evidence names it",
}


def render(
    name: Annotated[
        str, typer.Argument(metavar="NAME", show_default=False, help="What to write; --list names all.")
    ] = "",
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration [guard.yaml]."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="NAME", help="A site of the configuration; without one, any host, on safe defaults.")
    ] = "",
    path: Annotated[str, typer.Option(metavar="PATH", help="For headers and html: the path of the page [/].")] = "/",
    snippet: Annotated[
        Host | None, typer.Option("--for", metavar="HOST", help="nginx, caddy, apache, wordpress or paste.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write all documents as files into this folder.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what there is, with its size.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list or headers: print JSON.")] = False,
) -> None:
    """Write any document of the reservation, or what a site without a guard can use instead.

    The documents are those that the server answers with. With --for it is what to put into the configuration of a web
    server, into WordPress, or into a builder of sites; for a web server, --into writes the files that go with it.

    \b
    Examples:
      guard reserve render --list
      guard reserve render robots.txt -c guard.yaml
      guard reserve render headers --host photo.example --path /albums/
      guard reserve render --host photo.example --for nginx
      guard reserve render --host photo.example --into /var/www/photo
    """
    if (name != "") + (snippet is not None) + (into is not None) + listed != 1:
        raise UsageError("ask for one thing: a NAME, --for, --into or --list")
    if name and name not in _DOCUMENTS | _MADE:
        meant = suggest(name, _DOCUMENTS | _MADE)
        raise UsageError(f"there is no '{name}'; guard reserve render --list names all" + _meant(meant))
    if as_json and not listed and name != "headers":
        raise UsageError("--json is for --list and for headers; a document has its own form")
    if not path.startswith("/"):
        raise UsageError(f"--path {path[:60]}: expected a path that begins with /")
    source = source_of(config, host, _say)
    reserved = source.render()
    if listed:
        _list(reserved, as_json=as_json)
    elif snippet is not None:
        _write(_SNIPPETS[snippet](reserved).encode("utf-8"))
        if snippet in _WITH_FILES:
            _say("the files that belong to it: the same command with --into DIR in place of --for")
    elif into is not None:
        _write_files(reserved, into)
    else:
        _write(_body(name, source, reserved, path, as_json=as_json))


def _body(name: str, source: Source, reserved: ReservationSet, path: str, *, as_json: bool) -> bytes:
    if name == "headers":
        lines = reserved.headers_for(path)
        if as_json:
            return orjson.dumps([list(line) for line in lines], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        return "".join(f"{key}: {value}\n" for key, value in lines).encode("ascii")
    if name == "html":
        return html.head(source.statement.at(path))
    if name == "manifest":
        return reserved.manifest + b"\n"
    document = reserved.document(_DOCUMENTS[name][0])
    if document is None:
        raise UsageError("no licence is offered, so there is no policy for machines; see rights.offer")
    return document.body


def _list(reserved: ReservationSet, *, as_json: bool) -> None:
    documents = {name: reserved.document(path) for name, (path, _) in _DOCUMENTS.items()}
    if as_json:
        rows = [
            {"name": name, "path": one.path, "media_type": one.media_type, "bytes": len(one.body), "sha256": one.digest}
            for name, one in documents.items()
            if one is not None
        ]
        _write(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    for name, one in documents.items():
        if one is not None:
            typer.echo(f"{name:<12}{len(one.body):>6,} bytes at {one.path}\n{'':<12}{_DOCUMENTS[name][1]}")
    cost = sum(len(f"{key}: {value}\r\n") for key, value in reserved.headers)
    typer.echo(f"{'headers':<12}{cost:>6,} bytes on every response\n{'':<12}{_MADE['headers']}")
    for name in ("html", "manifest"):
        typer.echo(f"{name:<12}{_MADE[name]}")
    typer.echo(f"{'digest':<12}{reserved.digest}")


def _write_files(reserved: ReservationSet, folder: Path) -> None:
    """Write every document; what is there and differs is left alone, and told."""
    kept: list[Path] = []
    try:
        for document in files(reserved):
            file = folder / document.path[1:]
            if file.exists():
                if file.read_bytes() != document.body:
                    kept.append(file)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(document.body)
            typer.echo(str(file))
    except OSError as error:
        raise UsageError(f"{error.filename} can not be written: {(error.strerror or str(error)).lower()}") from None
    for file in kept:
        _say(f"{file} is there already and says something else; it was left as it is: merge it, or move it away")
    if kept:
        raise typer.Exit(1)


def _write(body: bytes) -> None:
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _say(sentence: str) -> None:
    typer.echo(f"guard: note: {sentence}", err=True)


def _meant(name: str) -> str:
    return f" (did you mean '{name}'?)" if name else ""
