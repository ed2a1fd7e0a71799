"""`guard evidence export`: one file that a lawyer opens and an expert recomputes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.terminal import complain, printable
from guard.errors import EvidenceError, GuardError, PictureError, UsageError

if TYPE_CHECKING:
    from guard.bundle.assemble import Sign
    from guard.evidence.case import Case
    from guard.store.record_filter import Filter

_Named = Annotated[list[str] | None, typer.Option(metavar="NAME")]


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The evidence directory, or its log/ folder.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.asice", help="The bundle to write.")],
    crawler: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Crawlers: ids of the catalogue, or product tokens.")
    ] = None,
    operator: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Operators of crawlers.")] = None,
    picture: Annotated[
        list[str] | None, typer.Option(metavar="PATH|SHA256", help="Pictures: path, URL, or hash of the site's file.")
    ] = None,
    mark: Annotated[list[str] | None, typer.Option(metavar="ID", help="Mark ids, as guard trace tells them.")] = None,
    grade: Annotated[list[str] | None, typer.Option(metavar="A-E", help="Grades of identification.")] = None,
    record: Annotated[list[int] | None, typer.Option(metavar="N", help="Requests by number.")] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="From then on: 2026-11-25, or 2026-11-25T03:00 UTC.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Up to then; a day is meant whole.")] = "",
    at_size: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="The log as it was with N records [as it is].")
    ] = None,
    originals: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Show small pictures from this folder in the report.")
    ] = None,
    thumbnails: Annotated[bool, typer.Option("--thumbnails/--no-thumbnails", help="Show them, or not.")] = True,
    stamp: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Seal it with the time of this authority (RFC 3161).")
    ] = None,
    stamp_ca: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificates to trust it by.")] = None,
    sign: Annotated[
        Path | None, typer.Option(metavar="FILE.p12", help="Sign the reports with your own certificate (PAdES).")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The passphrase of that certificate.")
    ] = None,
) -> None:
    """Write one file with all that is needed to check some records of the log, and reports in English and German.

    What is empty is not asked; with nothing asked all requests are meant. Values of others are never in it. The bundle
    is an ASiC-E container and a BagIt bag; the same log size and the same question give the same bytes before it is
    sealed. That it was made is itself put on record.

    \b
    Examples:
      guard evidence export /var/lib/guard/evidence --crawler GPTBot -o case.asice
      guard evidence export evidence --picture /album/harbour.jpg --since 2026-11-01 -o case.asice
      guard evidence export evidence --mark e3011824aacda014 --stamp https://tsa.example/tsr -o case.asice
    """
    wanted = _wanted(
        crawler=crawler,
        operator=operator,
        picture=picture,
        mark=mark,
        grade=grade,
        record=record,
        since=since,
        until=until,
    )
    if originals is not None and not originals.is_dir():
        raise UsageError(f"{originals} is no folder of pictures")
    if stamp_ca is not None and not stamp:
        raise UsageError("--stamp-ca says whom to trust; name the authority with --stamp")
    if passphrase_file is not None and sign is None:
        raise UsageError("--passphrase-file belongs to a certificate; name it with --sign")
    requests, digest = write_bundle(
        directory,
        wanted,
        output,
        at_size=at_size,
        originals=originals if thumbnails else None,
        stamp=tuple(stamp or ()),
        stamp_ca=stamp_ca,
        sign=_signer(sign, passphrase_file) if sign is not None else None,
    )
    typer.echo(f"{output}: {requests:,} {'request' if requests == 1 else 'requests'}, content {digest[:16]}…")
    typer.echo("unpack it and open data/report.en.pdf or data/report.de.pdf; to check it:")
    typer.echo(f"  guard evidence verify {output}")


def _wanted(
    *,
    crawler: list[str] | None,
    operator: list[str] | None,
    picture: list[str] | None,
    mark: list[str] | None,
    grade: list[str] | None,
    record: list[int] | None,
    since: str,
    until: str,
) -> "Filter":
    from guard.store import record_filter

    return record_filter.Filter(
        crawlers=frozenset(one.lower() for one in crawler or ()),
        operators=frozenset(one.lower() for one in operator or ()),
        pictures=frozenset(map(record_filter.picture, picture or ())),
        marks=frozenset(one.lower() for one in mark or ()),
        grades=frozenset(one.upper() for one in grade or ()),
        records=frozenset(record or ()),
        since=record_filter.moment(since) if since else None,
        until=record_filter.moment(until, after=True) if until else None,
    )


def write_bundle(
    directory: Path,
    wanted: "Filter",
    output: Path,
    *,
    at_size: int | None = None,
    originals: Path | None = None,
    stamp: tuple[str, ...] = (),
    stamp_ca: Path | None = None,
    sign: "Sign | None" = None,
) -> tuple[int, str]:
    """Write a bundle and put that on record; return how many requests it is about, and the digest of its content.

    Raises:
        UsageError: Nothing fits, an extra is missing, or the file can not be written.
        LogDamagedError: The log contradicts its signed head.
        GuardError: No authority sealed it.
    """
    import guard
    from guard.bundle.assemble import assemble, content_digest
    from guard.bundle.container import pack
    from guard.store.case_reader import read_case
    from guard.store.durable import replace
    from guard.store.program_digest import program_digest

    with _steps() as step:
        step("reading the log")
        case = read_case(directory, wanted, at_size=at_size)
        pictures = _thumbnails(case, originals, step) if originals else {}
        files = assemble(
            case, version=guard.__version__, program=program_digest(), thumbnails=pictures, step=step, sign=sign
        )  # fmt: skip
        if stamp:
            step("seal")
            files |= _sealed(files, stamp, stamp_ca)
        step("writing")
        try:
            replace(output, pack(files))
        except OSError as error:
            raise UsageError(f"{output} can not be written: {(error.strerror or str(error)).lower()}") from None
        requests = sum(one.kind == "req" and one.role == "chosen" for one in case.records)
        _put_on_record(directory, case, content_digest(files), requests)
    return requests, content_digest(files)


def _signer(certificate: Path, passphrase_file: Path | None) -> "Sign":
    from guard.bundle.signature import signer
    from guard.cli.evidence_time import read

    passphrase = read(passphrase_file).rstrip(b"\r\n") if passphrase_file is not None else None
    return signer(read(certificate), passphrase)


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done; elsewhere say nothing."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda text: status.update(printable(text))


def _thumbnails(case: "Case", originals: Path, step: Callable[[str], None]) -> dict[str, bytes]:
    """Return small pictures of what was asked for, by path at the site, as far as they lie in `originals`."""
    from guard.bundle.findings import findings
    from guard.bundle.report_requests import MOST_PICTURES
    from guard.image.thumbnail import thumbnail

    found = {}
    root = originals.resolve()
    for path in list(findings(case).pictures)[:MOST_PICTURES]:
        file = (root / path.lstrip("/")).resolve()
        if not path or not file.is_relative_to(root) or not file.is_file():
            continue
        step(f"picture {path}")
        try:
            found[path] = thumbnail(file.read_bytes())
        except (PictureError, OSError) as error:
            complain(f"{file}: {error}; the report shows no picture of it")
    return found


def _sealed(files: dict[str, bytes], urls: tuple[str, ...], ca: Path | None) -> dict[str, bytes]:
    """Return the seal: the manifest of all files, and the token of the first authority that answers."""
    import asyncio

    from guard.bundle.container import SEAL, TOKEN, seal_of
    from guard.cli.evidence_stamp import chosen
    from guard.evidence.time_stamp import token_of
    from guard.exporter.authority import ask, session
    from guard.server.stamping import trust_for

    manifest = seal_of(files)

    async def first() -> bytes:
        reasons = []
        async with session() as http:
            for one in chosen(urls, ca, None):
                try:
                    return token_of((await ask(http, one.url, manifest, trust_for(one))).reply)
                except GuardError as error:
                    reasons.append(f"{one.url}: {error}")
        raise GuardError(f"not sealed, and nothing was written: {'; '.join(reasons)}")

    return {SEAL: manifest, TOKEN: asyncio.run(first())}


def _put_on_record(directory: Path, case: "Case", digest: str, requests: int) -> None:
    import orjson

    from guard.evidence.export_record import export_record
    from guard.server.log_line import open_log

    leaf = export_record(
        at=time.time_ns() // 1000,
        size=case.size,
        bundle=digest,
        wanted=orjson.dumps(case.wanted, option=orjson.OPT_SORT_KEYS).decode(),
        requests=requests,
    )
    try:
        with open_log(directory) as log:
            log.append(leaf)
    except (EvidenceError, UsageError, OSError) as error:
        complain(f"that this bundle was made is not on record: {error}")
