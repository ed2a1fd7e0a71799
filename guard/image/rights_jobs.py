"""What is a rights worker asked, and what does it answer?

The messages have the form of `guard.image.jobs`: lengths, a JSON object, the picture's bytes.
"""

from dataclasses import dataclass
from typing import Any

from guard.errors import PictureError
from guard.image import jobs
from guard.image.data_mining import Use
from guard.image.left_alone import Why
from guard.image.privacy import Private
from guard.image.rights import Rewritten
from guard.image.xmp import RightsPacket, Words

_TEXTS = ("web_statement", "licensor_name", "licensor_url", "licensor_email", "creator", "credit", "notice")
_WORDS = ("constraints", "usage_terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsJob:
    """What is done to a picture; the picture itself travels beside the job."""

    rights: RightsPacket | None
    """What is written into it; None for nothing."""
    strip: bool
    """Whether private data goes."""
    sign: bool = False
    """Whether a C2PA manifest is made; the worker knows the key."""
    first_alone: bool = False
    """Whether what follows the file's first picture goes."""


def fields(job: RightsJob) -> dict[str, object]:
    """Return the job as a JSON object, in which everything that changes the result stands."""
    rights = job.rights
    packet = None
    if rights is not None:
        packet = {name: getattr(rights, name) for name in (*_TEXTS, *_WORDS)}
        packet["permitted"] = sorted(rights.permitted)
    return {"rights": packet, "strip": job.strip, "sign": job.sign, "first_alone": job.first_alone}


def pack_job(job: RightsJob, picture: bytes) -> bytes:
    """Return the message that asks for `job`."""
    return jobs.message(fields(job), picture)


def unpack_job(head: bytes) -> RightsJob:
    """Read the JSON part of a message that asks; raise PictureError if it is not one."""
    match jobs.read_object(head):
        case {
            "rights": dict() | None as packet,
            "strip": bool(strip),
            "sign": bool(sign),
            "first_alone": bool(first_alone),
        }:
            rights = None if packet is None else _packet(packet)
            return RightsJob(rights=rights, strip=strip, sign=sign, first_alone=first_alone)
    raise PictureError("a job of the rights worker can not be read")


def _packet(found: dict[str, Any]) -> RightsPacket:
    try:
        texts = {name: str(found[name]) for name in _TEXTS}
        words: dict[str, Words] = {
            name: tuple((str(language), str(text)) for language, text in found[name]) for name in _WORDS
        }
        permitted = frozenset(Use(use) for use in found["permitted"])
    except (KeyError, TypeError, ValueError):
        raise PictureError("the rights in a job can not be read") from None
    return RightsPacket(
        permitted=permitted,
        constraints=words["constraints"],
        usage_terms=words["usage_terms"],
        web_statement=texts["web_statement"],
        licensor_name=texts["licensor_name"],
        licensor_url=texts["licensor_url"],
        licensor_email=texts["licensor_email"],
        creator=texts["creator"],
        credit=texts["credit"],
        notice=texts["notice"],
    )


def pack_answer(made: Rewritten) -> bytes:
    """Return the message that says what was made; a picture that stays as it is does not travel back."""
    changed = made.why is None and bool(made.added or made.removed)
    head: dict[str, object] = {
        "why": made.why.name if made.why else "",
        "detail": made.detail[:500],
        "added": made.added,
        "removed": made.removed,
    }
    return jobs.message(head, made.body if changed else b"")


def unpack_answer(head: bytes, body: bytes, source: bytes) -> Rewritten:
    """Return what a worker made of `source`; raise PictureError if its answer can not be read."""
    match jobs.read_object(head):
        case {"error": str(reason)}:
            raise PictureError(reason)
        case {"why": str(why), "detail": str(detail), "added": list(added), "removed": list(removed)}:
            try:
                return Rewritten(
                    body=body or source,
                    why=Why[why] if why else None,
                    detail=detail,
                    added=tuple(map(str, added)),
                    removed=tuple(Private(one) for one in removed),
                )
            except (KeyError, ValueError):
                pass
    raise PictureError("the rights worker's answer can not be read")
