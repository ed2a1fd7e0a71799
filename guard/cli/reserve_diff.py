"""`guard reserve diff`: what do we say that the site itself does not, and what changed?"""

import difflib
from collections.abc import Iterator
from typing import Annotated

import typer

from guard.cli.reserve_history import Config, Evidence, Host, evidence_directory
from guard.cli.terminal import printable
from guard.errors import UsageError
from guard.evidence.reservation_record import Document
from guard.store.reservation_history import History, Version
from guard.store.upstream_robots import FOLDER, SiteRobots, load

_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}


def diff(
    old: Annotated[str, typer.Argument(metavar="[OLD", help="Digest of a version or document.")] = "",
    new: Annotated[str, typer.Argument(metavar="NEW]", help="Digest of another.")] = "",
    *,
    evidence: Evidence = None,
    config: Config = None,
    site: Host = "",
) -> None:
    """Show what changed: between the site's own robots.txt and what is served, or between two versions.

    Without digests the file that each site itself has is compared with the one in force; what of it could not be kept
    is told on standard error. The exit status is 0 if there is no difference, 1 if there is.

    \b
    Examples:
      guard reserve diff
      guard reserve diff --site photo.example
      guard reserve diff 3f2a91c07b12 91ab003c5d6e
    """
    directory = evidence_directory(evidence, config)
    past = History(directory)
    if old and not new:
        raise UsageError("name two digests, or none; 'guard reserve history' lists them")
    lines = list(
        _between(past, past.find(old), past.find(new)) if old else _with_upstream(past, load(directory / FOLDER), site)
    )
    for line in lines:
        plain = line.startswith(("+++", "---"))
        typer.secho(printable(line), fg=None if plain else _COLOURS.get(line[:1]), bold=plain)
    if lines:
        raise typer.Exit(1)


def _with_upstream(past: History, own: dict[tuple[str, str], SiteRobots], site: str) -> Iterator[str]:
    """Yield the difference for each site whose own file was ever asked for."""
    found = [one for key, one in sorted(own.items()) if site in ("", one.site, one.authority)]
    if not found:
        where = f"of {site} " if site else ""
        raise UsageError(f"no robots.txt {where}was asked for yet; the guard does it when it runs")
    for one in found:
        name = one.authority or one.site
        if one.look.failed:
            stays = "what it last said is merged" if one.fetched_at else "ours stands alone"
            typer.echo(f"guard: {name}: the site's own robots.txt can not be used: {one.reason}; {stays}", err=True)
        for finding in one.findings:
            typer.echo(f"guard: {name}: {printable(finding)}", err=True)
        versions = [version for version in past.versions if version.site == name and not version.until]
        served = versions[-1].document("/robots.txt") if versions else None
        if served is not None:
            yield from _unified(
                one.body, past.body(served), f"the robots.txt of {name} itself", f"as served for {name}"
            )


def _between(past: History, old: Version | Document, new: Version | Document) -> Iterator[str]:
    if isinstance(old, Document) and isinstance(new, Document):
        yield from _unified(past.body(old), past.body(new), _title(old), _title(new))
        return
    if not (isinstance(old, Version) and isinstance(new, Version)):
        raise UsageError("one digest is of a document and one of a whole version; name two of a kind")
    before = {one.path: one for one in old.documents}
    after = {one.path: one for one in new.documents}
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path), after.get(path)
        if was is None or now is None or was.sha256 != now.sha256:
            yield from _unified(
                past.body(was) if was else b"", past.body(now) if now else b"", _title(was, path), _title(now, path)
            )
    yield from _unified(_lines(old), _lines(new), f"headers {old.digest[:12]}", f"headers {new.digest[:12]}")


def _title(one: Document | None, path: str = "") -> str:
    return f"{one.path} {one.sha256[:12]}" if one else f"{path} (not there)"


def _lines(version: Version) -> bytes:
    return "".join(f"{name}: {value}\n" for name, value in version.headers).encode("utf-8", "surrogateescape")


def _unified(old: bytes, new: bytes, old_name: str, new_name: str) -> Iterator[str]:
    before, after = (body.decode("utf-8", "replace").splitlines() for body in (old, new))
    return difflib.unified_diff(before, after, old_name, new_name, lineterm="")
