"""What can an image worker be asked, and what does it answer?

These are the values on the pipe between a proxy worker and an image worker. This module
must not import Pillow: the proxy worker reads it, and no decoder runs in that process.

A message is a head of 8 bytes (two lengths, big-endian), a JSON object and the picture's
bytes.
"""

import json
import struct
from dataclasses import asdict, dataclass, field
from typing import Literal, assert_never

from guard.errors import PictureError
from guard.image.visible_mark import VisibleMark, of_fields

PREFIX = struct.Struct(">II")
MAX_HEAD = 64 * 1024
"""A job's text: names and a contact of a few hundred characters."""
MAX_BODY = 64 * 1024 * 1024
"""The largest picture that is worked on; a 100-megapixel JPEG of a medium format camera is about 60 MiB."""

Language = Literal["en", "de"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewJob:
    """Make a small copy of a picture; the picture itself travels beside the job."""

    longest_side: int
    """Pixels, at least 1."""
    visible_mark: VisibleMark | None
    """What is drawn over the whole picture; None for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardJob:
    """Make a licence card."""

    holder: str
    contact: str
    reference: str
    """Shown as it is; empty where the code is only in the response's header."""
    media_type: str
    """One of `formats.CARD_TYPES`."""
    language: Language
    terms: str = ""
    """The address of the terms page; it goes into the card's metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackJob:
    """Make the pack of a picture, which travels beside the job."""

    rendition: bytes
    """SHA-256 of the upstream's bytes."""
    size: int
    """How many they were."""
    seed: bytes = field(repr=False)
    """Of the pattern's signs; the mark key itself never reaches an image worker."""
    visible_mark: VisibleMark | None = None
    """What is drawn over the whole picture first."""


Job = PreviewJob | CardJob | PackJob
PACK_TYPE = "application/x-crawler-guard-pack"
"""What an answer to a `PackJob` is; it is never sent to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A small copy, ready to send."""

    body: bytes
    media_type: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""


def pack_job(job: Job, picture: bytes) -> bytes:
    """Return the message that asks for `job`."""
    match job:
        case PackJob():
            fields: dict[str, object] = {
                "job": "pack", "rendition": job.rendition.hex(), "size": job.size, "seed": job.seed.hex(),
                "visible_mark": _fields_of(job.visible_mark),
            }  # fmt: skip
        case PreviewJob():
            visible = _fields_of(job.visible_mark)
            fields = {"job": "preview", "longest_side": job.longest_side, "visible_mark": visible}
        case CardJob():
            fields = {"job": "card", **asdict(job)}
        case _:
            assert_never(job)
    return message(fields, picture)


def unpack_job(head: bytes) -> Job:
    """Read the JSON part of a message that asks; raise PictureError if it is not one."""
    fields = read_object(head)
    match fields:
        case {"job": "preview", "longest_side": int(side), "visible_mark": mark}:
            return PreviewJob(longest_side=side, visible_mark=_mark_of(mark))
        case {
            "job": "pack", "rendition": str(rendition), "size": int(size), "seed": str(seed), "visible_mark": mark
        }:  # fmt: skip
            return PackJob(
                rendition=bytes.fromhex(rendition), size=size, seed=bytes.fromhex(seed), visible_mark=_mark_of(mark)
            )
        case {
            "job": "card",
            "holder": str(holder),
            "contact": str(contact),
            "reference": str(reference),
            "media_type": str(media_type),
            "language": "en" | "de" as language,
            "terms": str(terms),
        }:
            return CardJob(
                holder=holder,
                contact=contact,
                reference=reference,
                media_type=media_type,
                language=language,
                terms=terms,
            )
    raise PictureError("a job of the image worker can not be read")


def _fields_of(mark: VisibleMark | None) -> dict[str, object] | None:
    return None if mark is None else mark.fields()


def _mark_of(fields: object) -> VisibleMark | None:
    return None if fields is None else of_fields(fields)


def pack_preview(preview: Preview) -> bytes:
    """Return the message that carries a finished picture."""
    fields: dict[str, object] = {"media_type": preview.media_type, "width": preview.width, "height": preview.height}
    return message(fields, preview.body)


def pack_failure(reason: str) -> bytes:
    """Return the message that says why there is no picture."""
    return message({"error": reason[:500]}, b"")


def unpack_answer(head: bytes, body: bytes) -> Preview:
    """Return what the worker made; raise PictureError with its reason if it could not."""
    match read_object(head):
        case {"error": str(reason)}:
            raise PictureError(reason)
        case {"media_type": str(media_type), "width": int(width), "height": int(height)}:
            return Preview(body=body, media_type=media_type, width=width, height=height)
    raise PictureError("the image worker's answer can not be read")


def lengths(prefix: bytes) -> tuple[int, int]:
    """Return the lengths of head and body; raise PictureError where they are over the limits."""
    head, body = PREFIX.unpack(prefix)
    if head > MAX_HEAD or body > MAX_BODY:
        raise PictureError("a message of the image worker is too large")
    return head, body


def message(fields: dict[str, object], body: bytes) -> bytes:
    """Return a message of these fields and this body; raise PictureError where they are over the limits."""
    # Escaped as ASCII, so that lone surrogates in a name travel too.
    head = json.dumps(fields).encode("ascii")
    if len(head) > MAX_HEAD or len(body) > MAX_BODY:
        raise PictureError(f"too large for an image worker: {len(head) + len(body)} bytes")
    return b"".join((PREFIX.pack(len(head), len(body)), head, body))


def read_object(head: bytes) -> dict[str, object]:
    """Read the JSON part of a message; raise PictureError if it is not one."""
    try:
        fields = json.loads(head)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise PictureError("a message of the image worker can not be read")
    return fields
