"""How is the newest checkpoint, or any file, given the time of an authority right now?"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated, Final

import typer

from guard.cli.terminal import complain
from guard.errors import GuardError, UsageError
from guard.evidence.time_stamp import Token
from guard.settings_evidence import TimeStampAuthority

_MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One authority put its time to one file."""

    authority: str
    """Its address, or the name in its certificate."""
    time: str
    """To the second, with its zone."""
    accuracy: str
    """As `accuracy_of` has it."""
    token: Path
    """The file with its reply."""


def stamp(
    target: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="An evidence directory, or any file.")],
    authority: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Ask this authority [those of the configuration].")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates to trust it by [those of this machine].")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Its time_stamps.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.tsr", help="Where the token goes [FILE.tsr].")
    ] = None,
) -> None:
    """Have a time-stamp authority put its time to the log, or to a file, now.

    For an evidence directory the newest checkpoint is stamped, the token is kept with the log and is itself a record;
    a running guard does the same by itself once an hour. For a file the token is written beside it. Only a SHA-256 goes
    to the authority. The exit status is 1 if no token came.

    \b
    Examples:
      guard evidence stamp /var/lib/guard/evidence -c guard.yaml
      guard evidence stamp found.json --authority https://tsa.example/tsr -o found.json.tsr
    """
    authorities = chosen(authority or (), ca, config)
    if not target.is_dir():
        made = stamp_file(target, authorities, output or target.with_name(f"{target.name}.tsr"))
        typer.echo(f"{target} existed at {made.time}{made.accuracy}, says {made.authority}")
        typer.echo(f"the token is in {made.token}; to check it:")
        where = f"-CAfile {quote(str(ca))}" if ca else "-CAfile authority.pem"
        typer.echo(f"  openssl ts -verify -data {quote(str(target))} -in {quote(str(made.token))} {where}")
        return
    if output is not None:
        raise UsageError("--output is for a file; the token over a log is kept with it")
    from guard.server.stamping import stamp_log

    done, failures = stamp_log(target, authorities)
    for why in failures:
        complain(why)
    for sentence in done:
        typer.echo(sentence)
    if not done:
        raise typer.Exit(1)


def chosen(urls: "tuple[str, ...] | list[str]", ca: Path | None, config: Path | None) -> tuple[TimeStampAuthority, ...]:
    """Return the authorities that the user named, or those of the configuration.

    Raises:
        UsageError: There are none.
        ConfigurationError: The configuration has faults.
    """
    if urls:
        from pydantic import ValidationError

        try:
            return tuple(TimeStampAuthority(url=url, ca=ca) for url in urls)
        except ValidationError:
            raise UsageError("--authority: must be an address that starts with https:// or http://") from None
    if ca is not None:
        raise UsageError("--ca says whom to trust; name the authority with --authority")
    if config is None:
        raise UsageError("name an authority with --authority URL, or a configuration with -c guard.yaml")
    from guard.settings import load_settings

    authorities = load_settings(config, os.environ, {}).evidence.time_stamps
    if not authorities:
        raise UsageError(f"{config} names no authority under evidence.time_stamps; name one with --authority URL")
    return authorities


def accuracy_of(token: Token) -> str:
    """Return how far the authority says that its clock may be off, to stand behind the time; empty if it does not."""
    return f" (± {token.accuracy / 1_000_000:g} s)" if token.accuracy else ""


def stamp_file(path: Path, authorities: tuple[TimeStampAuthority, ...], output: Path) -> Stamp:
    """Have the first of `authorities` that answers stamp a file, and write its reply to `output`.

    Raises:
        UsageError: The file can not be read, or the token can not be written.
        GuardError: No authority gave a token; the message says why of each.
    """
    from guard.evidence.anchor_check import when
    from guard.exporter.authority import ask, session
    from guard.server.stamping import trust_for
    from guard.store.durable import replace

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} has more than {_MOST_BYTES >> 30} GiB")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None

    async def first() -> Stamp:
        reasons = []
        async with session() as http:
            for one in authorities:
                try:
                    made = await ask(http, one.url, data, trust_for(one))
                except GuardError as error:
                    reasons.append(f"{one.url}: {error}")
                    continue
                try:
                    replace(output, made.reply)
                except OSError as error:
                    why = (error.strerror or str(error)).lower()
                    raise UsageError(f"{output} can not be written: {why}") from None
                time, accuracy = when(made.token.time), accuracy_of(made.token)
                return Stamp(authority=one.url, time=time, accuracy=accuracy, token=output)
        raise GuardError("; ".join(reasons))

    return asyncio.run(first())
