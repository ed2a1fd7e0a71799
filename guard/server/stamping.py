"""How does the time of an authority get to a head of the log, and its token into the log?

Ask, verify, keep the reply durably, and only then write the `anc` record that names it.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import aiohttp

from guard.errors import GuardError
from guard.evidence import checkpoint
from guard.evidence.anchor import Anchor, AnchorKind, anchor_record
from guard.evidence.anchor_check import when
from guard.exporter import token_trust
from guard.exporter.authority import SECONDS, ask, session, system_trust
from guard.exporter.token_trust import Trust
from guard.server.log_line import open_log
from guard.settings_evidence import TimeStampAuthority
from guard.store import anchor_files
from guard.store.log_values import microseconds


def trust_for(authority: TimeStampAuthority) -> Trust:
    """Return the certificates that an authority is trusted by.

    Raises:
        TrustError: Its file holds none.
        GuardError: It can not be read.
    """
    return trust_in(authority.ca)


def trust_in(ca: Path | None) -> Trust:
    """Return the certificates in a file, or those of this machine; errors as in `trust_for`."""
    if ca is None:
        return system_trust()
    try:
        data = ca.read_bytes()
    except OSError as error:
        raise GuardError(f"{ca} can not be read: {(error.strerror or str(error)).lower()}") from None
    return token_trust.parse(data, str(ca))


async def stamp_head(
    http: aiohttp.ClientSession, authority: TimeStampAuthority, log: Path, note: bytes, *, seconds: float = SECONDS
) -> Anchor:
    """Have the checkpoint `note` stamped and keep the token with the log; its record is still to be written.

    Raises:
        GuardError: No usable token came, or it could not be kept.
    """
    trust = trust_for(authority)
    head = checkpoint.unsigned(note)
    made = await ask(http, authority.url, note, trust, seconds=seconds)
    anchor = token_trust.anchor_of(made.token, trust)
    certificates = [anchor] if anchor is not None else trust.certificates if authority.ca else ()
    for one in certificates:
        anchor_files.keep_certificate(log, token_trust.pem(one))
    return Anchor(
        kind=AnchorKind.TIME_STAMP,
        size=head.size,
        root=head.root.hex(),
        imprint=sha256(note).hexdigest(),
        time=made.token.time,
        accuracy=made.token.accuracy,
        authority=authority.url,
        sha256=anchor_files.keep(log, AnchorKind.TIME_STAMP, made.reply),
        qualified=authority.qualified,
    )


def stamp_log(directory: Path, authorities: Sequence[TimeStampAuthority]) -> tuple[list[str], list[str]]:
    """Have every one of `authorities` stamp the newest checkpoint of an evidence directory, and put that on record.

    Returns sentences on the tokens that came, and on those that did not.

    Raises:
        GuardError: There is no log or no checkpoint, or the record can not be written.
    """
    log = directory / "log"
    note = anchor_files.read_checkpoint(log)
    anchors: list[tuple[Anchor, int]] = []
    failures = []

    async def each() -> None:
        async with session() as http:
            for one in authorities:
                try:
                    anchors.append((await stamp_head(http, one, log, note), microseconds()))
                except GuardError as error:
                    failures.append(f"{one.url}: {error}")

    asyncio.run(each())
    if not anchors:
        return [], failures
    with open_log(directory) as line:
        indexes = [line.append(anchor_record(one, at=at)) for one, at in anchors]
    done = [
        f"records 0 to {one.size - 1:,} existed at {when(one.time)}, says {one.authority}; "
        f"the token is record {index:,}"
        for (one, _), index in zip(anchors, indexes, strict=True)
    ]
    return done, failures
