"""How is the reservation shown, as it was in force and to whom it was delivered?"""

from itertools import pairwise
from typing import Final

from guard.bundle import blocks
from guard.bundle.blocks import Block, Paragraph, heading, mono, paragraph, rows, small, table, verbatim
from guard.bundle.findings import ROBOTS, Findings
from guard.bundle.plain_text import utc
from guard.bundle.say import Words
from guard.bundle.seen import Fetch, Version

MOST_VERSIONS: Final = 4
MOST_TOLD: Final = 200
MOST_LINES: Final = 60
"""Lines of a document that are shown."""


def reservation_section(found: Findings, say: Words) -> list[Block]:
    used = {one.version.index for one in found.fetches if one.version}
    used |= {one.told.version.index for one in found.fetches if one.told and one.told.version}
    shown = [one for one in found.versions if one.index in used] or list(found.versions[:1])
    made: list[Block] = []
    for version in shown[:MOST_VERSIONS]:
        made += _version(found, version, say)
    if len(found.versions) > len(shown[:MOST_VERSIONS]):
        count = say.count(len(found.versions) - len(shown[:MOST_VERSIONS]))
        made.append(blocks.text(paragraph(small(say("version more", count=count)))))
    return made or [blocks.text(paragraph(say("version none")))]


def _version(found: Findings, version: Version, say: Words) -> list[Block]:
    until = f"{utc(version.until)} UTC" if version.until else say("version open")
    title = say("version", site=version.site, since=utc(version.since), until=until, record=say.record(version.index))
    items = [(say("version digest"), [paragraph(mono(version.digest))])]
    items.append((say("version headers"), [paragraph(mono(f"{name}: {value}")) for name, value in version.headers]))
    items += [
        (say("version headers at", path=path), [paragraph(mono(f"{name}: {value}")) for name, value in lines])
        for path, lines in version.paths[:10]
    ]
    items.append(
        (say("version documents"), [paragraph(mono(path), " ", mono(digest)) for path, digest, _ in version.documents])
    )
    made: list[Block] = [heading(title, 2), rows(items, tight=True)]
    for path, digest, media_type in version.documents:
        body = found.case.blobs.get(digest)
        if body is None or not (path == ROBOTS or media_type.startswith(("text/plain", "application/json"))):
            continue
        if path == ROBOTS:
            made += [
                blocks.text(paragraph(small(say("version excerpt", digest=digest)))),
                _robots(found, version, body),
            ]
        elif path != "/trust.txt":
            made.append(blocks.text(paragraph(small(say("version whole", path=path, digest=digest)))))
            made.append(verbatim([(0, line, False) for line in _lines(body)[:MOST_LINES]]))
    return made


def _robots(found: Findings, version: Version, body: bytes) -> Block:
    """Show how the file begins, and the lines that were about the clients of this case with what stands around them."""
    lines = _lines(body)
    meant: set[int] = set()
    for fetch in found.fetches:
        if fetch.version and fetch.version.digest == version.digest and (one := found.applied(fetch, version)):
            meant |= {one.group_line, one.rule_line} - {0}
        if len(meant) > 20:
            break
    near = set(range(1, 21)) | {at + step for at in meant for step in (-1, 0, 1)}
    wanted = sorted(at for at in near if 1 <= at <= len(lines))
    shown: list[tuple[int, str, bool]] = []
    for before, at in pairwise([0, *wanted]):
        if at > before + 1:
            shown.append((0, "…", False))
        shown.append((at, lines[at - 1], at in meant))
    if wanted and wanted[-1] < len(lines):
        shown.append((0, "…", False))
    return verbatim(shown)


def _lines(body: bytes) -> list[str]:
    return body.decode("utf-8", "backslashreplace").replace("\r\n", "\n").rstrip("\n").split("\n")


def told_section(found: Findings, say: Words) -> list[Block]:
    told = {(one.told.index, one.told.at): (one.told, one) for one in found.fetches if one.told}
    own = [one for one in found.fetches if one.is_reservation and all(one.index != index for index, _ in told)]
    lines: list[tuple[int, list[list[Paragraph]]]] = []
    for one, fetch in told.values():
        where = str(one.index) if one.index >= 0 else say("told in", index=fetch.index)
        lines.append((one.at, _told_row(where, one.at, fetch, path=one.path or ROBOTS, version=one.version)))
    lines += [
        (one.at, _told_row(str(one.index), one.at, one, path=one.path or "–", version=one.version)) for one in own
    ]
    if not lines:
        return [blocks.text(paragraph(say("told nothing")))]
    head = [say(f"th {name}") for name in ("record", "time", "client", "request", "set")]
    body = [row for _, row in sorted(lines, key=lambda item: item[0])[:MOST_TOLD]]
    return [blocks.text(paragraph(say("told intro"))), table(head, (0, 3, 3, 4, 2), body)]


def _told_row(where: str, at: int, fetch: Fetch, *, path: str, version: Version | None) -> list[list[Paragraph]]:
    client = [paragraph(fetch.said["claimed"] or "–")]
    if fetch.address:
        client.append(paragraph(small(fetch.address)))
    digest = version.digest[:12] if version else "–"
    return [
        [paragraph(where)],
        [paragraph(utc(at))],
        client,
        [paragraph(mono(path, 80))],
        [paragraph(mono(digest))],
    ]
