"""What does a refused client see in place of the picture?

A licence card: a small valid picture that says that the picture is reserved, whom to ask,
and the reference code under which this refusal is on record. Whoever fetched it (a person
looking through a data set, or the next program in line) can read it without knowing us.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, PngImagePlugin

from guard.errors import PictureError
from guard.image import metadata, typeface
from guard.image.formats import AVIF, GIF, JPEG, PNG, WEBP
from guard.image.jobs import CardJob, Language
from guard.image.typeface import Weight

WIDTH, HEIGHT = 640, 360
MAX_BYTES = 25_000
"""A refusal must cost less than the picture would: a display size has some 200 kB."""
MARGIN = 44
TEXT_WIDTH = WIDTH - 2 * MARGIN
SMOOTH = 4
"""Shapes are drawn this many times larger and scaled down; letters are smooth by themselves."""

PAPER = (247, 244, 238)
INK = (28, 32, 38)
SOFT = (104, 108, 112)
LINE = (220, 214, 203)
ACCENT = (176, 74, 42)

QUALITIES = (86, 78, 68, 56, 40)
"""Tried one after the other until a card is below `MAX_BYTES`; the first nearly always is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The card's fixed words in one language."""

    label: str
    headline: tuple[str, str]
    """Two lines, each short enough for the card."""
    request: str
    reference: str
    constraint: str
    """For `plus:OtherConstraints` in the card's metadata."""


WORDINGS: dict[Language, Wording] = {
    "en": Wording(
        label="Rights reserved",
        headline=("This picture is reserved:", "no AI training, no data collection."),
        request="For a licence, please ask",
        reference="Reference",
        constraint="Reproduction for text and data mining is reserved by the rights holder.",
    ),
    "de": Wording(
        label="Nutzungsvorbehalt",
        headline=("Dieses Bild ist vorbehalten:", "kein KI-Training, keine Datensammlung."),
        request="Eine Lizenz erfragen Sie bitte bei",
        reference="Referenz",
        constraint="Vervielfältigungen für Text und Data Mining behält sich der Rechteinhaber vor.",
    ),
}


def licence_card(
    *, holder: str, contact: str, reference: str, media_type: str, language: Language, terms: str = ""
) -> bytes:
    """Return the card as a file of the format `media_type`, at most `MAX_BYTES` long.

    Any text is accepted: long lines are wrapped and shortened, letters that the typeface
    lacks are left out of the drawing (the metadata keeps them). An empty `reference` leaves
    its line out.

    Raises:
        PictureError: `media_type` is not one that a card can be.
    """
    words = WORDINGS[language]
    image = _draw(words, typeface.readable(holder), typeface.readable(contact), typeface.readable(reference))
    rights = metadata.Rights(
        notice=f"© {holder[: typeface.MAX_TEXT]}" if holder.strip() else "",
        creators=(holder[: typeface.MAX_TEXT],) if holder.strip() else (),
        data_mining=metadata.PROHIBITED_EXCEPT_SEARCH,
        constraints=words.constraint,
        web_statement=terms[: metadata.MAX_VALUE],
        marked="True",
    )
    packet = metadata.packet(rights)
    for quality in QUALITIES:
        body = _encode(image, media_type, quality, packet)
        if len(body) <= MAX_BYTES:
            return body
    # Only metadata can be that long; the picture and its words matter more.
    return _encode(image, media_type, QUALITIES[-1], b"")


def make(job: CardJob) -> bytes:
    """Do a job that came over the pipe."""
    return licence_card(
        holder=job.holder,
        contact=job.contact,
        reference=job.reference,
        media_type=job.media_type,
        language=job.language,
        terms=job.terms,
    )


def _draw(words: Wording, holder: str, contact: str, reference: str) -> Image.Image:
    image = _shapes()
    draw = ImageDraw.Draw(image)
    label = typeface.face(Weight.SEMI_BOLD, 14)
    headline = typeface.face(Weight.SEMI_BOLD, 27)
    name = typeface.face(Weight.SEMI_BOLD, 20)
    text = typeface.face(Weight.REGULAR, 16)

    draw.text((MARGIN + 36, 47), words.label, font=label, fill=ACCENT, anchor="ls")
    for index, line in enumerate(words.headline):
        draw.text((MARGIN, 108 + 35 * index), line, font=headline, fill=INK, anchor="ls")

    lines = typeface.wrap(holder, name, TEXT_WIDTH, 2) if holder else ()
    baseline = 196 if len(lines) > 1 else 208
    if holder or contact:
        draw.text((MARGIN, baseline), words.request, font=text, fill=SOFT, anchor="ls")
        baseline += 4
    for line in lines:
        baseline += 26
        draw.text((MARGIN, baseline), line, font=name, fill=INK, anchor="ls")
    if contact:
        draw.text((MARGIN, baseline + 25), typeface.fit(contact, text, TEXT_WIDTH), font=text, fill=INK, anchor="ls")

    if reference:
        draw.rectangle((MARGIN, HEIGHT - 72, WIDTH - MARGIN, HEIGHT - 72), fill=LINE)
        draw.text((MARGIN, HEIGHT - 33), words.reference, font=text, fill=SOFT, anchor="ls")
        code = typeface.fit(reference, name, TEXT_WIDTH - 120)
        draw.text((WIDTH - MARGIN, HEIGHT - 33), code, font=name, fill=INK, anchor="rs")
    return image


def _shapes() -> Image.Image:
    """Draw the paper with its edge, and a framed landscape as the sign of a picture."""
    image = Image.new("RGB", (WIDTH * SMOOTH, HEIGHT * SMOOTH), PAPER)
    draw = ImageDraw.Draw(image)

    def scaled(*points: float) -> list[float]:
        return [point * SMOOTH for point in points]

    draw.rectangle(scaled(0, 0, WIDTH, 6), fill=ACCENT)
    left, top = MARGIN, 31
    draw.rounded_rectangle(scaled(left, top, left + 25, top + 20), 4 * SMOOTH, outline=ACCENT, width=2 * SMOOTH)
    draw.ellipse(scaled(left + 16, top + 4.5, left + 20.5, top + 9), fill=ACCENT)
    draw.polygon(scaled(left + 3, top + 17, left + 10, top + 7, left + 17, top + 17), fill=ACCENT)
    draw.polygon(scaled(left + 12, top + 17, left + 17, top + 11, left + 22, top + 17), fill=ACCENT)
    return image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def _encode(image: Image.Image, media_type: str, quality: int, packet: bytes) -> bytes:
    out = io.BytesIO()
    if media_type == JPEG:
        # No colour subsampling: the accent's letters would fringe.
        image.save(out, "JPEG", quality=quality, optimize=True, subsampling=0, xmp=packet)
    elif media_type == PNG:
        text = PngImagePlugin.PngInfo()
        if packet:
            text.add_itxt("XML:com.adobe.xmp", packet.decode())
        _reduced(image).save(out, "PNG", optimize=True, pnginfo=text)
    elif media_type == WEBP:
        image.save(out, "WEBP", quality=quality, method=4, xmp=packet)
    elif media_type == GIF:
        _reduced(image).save(out, "GIF", optimize=True)
        return _with_gif_packet(out.getvalue(), packet)
    elif media_type == AVIF:
        image.save(out, "AVIF", quality=quality, speed=8, subsampling="4:4:4", xmp=packet)
    else:
        raise PictureError(f"a licence card can not be {media_type[:80]!r}")
    return out.getvalue()


def _reduced(image: Image.Image) -> Image.Image:
    """Reduce to few colours: paper, ink, accent and the steps between them at the letters' edges."""
    return image.quantize(48, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _with_gif_packet(body: bytes, packet: bytes) -> bytes:
    """Put an XMP packet in front of the trailer.

    The application extension holds the packet as it is, not in sub-blocks; the 258 bytes
    behind it lead a decoder that walks sub-blocks to the terminator from wherever it lands
    (XMP Specification Part 3, section 1.1.2).
    """
    if not packet or body[-1:] != b";":
        return body
    landing = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    return body[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + landing + b";"
