"""What stands in the HTML of a page: reservations for machines, pictures, and the way to the terms?

Nothing is run: what a script writes later is not seen by crawlers that do not run scripts
either. Addresses are returned as they are written; whoever fetches them resolves and checks them.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from guard.reservation.read_headers import tdm_answers
from guard.reservation.read_html import events
from guard.reservation.reading import Carrier, Flaw, Question, Reading, reserved

MAX_CHARACTERS = 2_000_000
MAX_FOUND = 500
"""Links, and pictures, that are kept."""

_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|avif)(?:$|\?)", re.IGNORECASE)
_BACKGROUND = re.compile(r"url\(\s*[\"']?([^\"')\s]{1,500})")
_LICENCE_FIELDS = ("license", "acquireLicensePage", "creator", "creditText", "copyrightNotice")
"""What Google's documentation of licensable images asks for in an `ImageObject`."""


@dataclass(slots=True)
class Page:
    """The parts of a page that matter here."""

    language: str = ""
    base: str = ""
    metas: list[tuple[str, str]] = field(default_factory=list)
    """Name in lower case, content."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Address and text of `<a>`."""
    licences: list[tuple[str, str]] = field(default_factory=list)
    """Address and type of `<link rel=license>`."""
    pictures: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    """Texts of JSON-LD scripts."""
    paragraphs: str = ""
    """The text in `<p>`."""
    text: str = ""


class _Reader:
    def __init__(self) -> None:
        self.page = Page()
        self._link: list[str] | None = None
        self._in: list[str] = []
        self._data: list[str] | None = None
        self._text: list[str] = []
        self._paragraphs: list[str] = []

    def start(self, tag: str, given: dict[str, str]) -> None:
        page = self.page
        if tag == "html":
            page.language = given.get("lang", "").lower()
        elif tag == "base":
            page.base = page.base or given.get("href", "")
        elif tag == "meta":
            name = given.get("name", given.get("property", "")).strip().lower()
            page.metas.append((name, given.get("content", "")))
            if name in {"og:image", "twitter:image"}:
                page.pictures.append(given.get("content", ""))
        elif tag == "link":
            if "license" in given.get("rel", "").lower().split():
                page.licences.append((given.get("href", ""), given.get("type", "").strip().lower()))
        elif tag in {"img", "source"}:
            page.pictures += [given.get("src", ""), given.get("data-src", ""), *_srcset(given.get("srcset", ""))]
        elif tag == "a":
            page.links.append((given.get("href", ""), ""))
            self._link = []
            if _PICTURE.search(given.get("href", "")):
                page.pictures.append(given["href"])
        elif tag == "script" and given.get("type", "").strip().lower() == "application/ld+json":
            self._data = []
        if background := _BACKGROUND.search(given.get("style", "")[:2000]):
            page.pictures.append(background[1])
        if tag in {"p", "script", "style", "template"}:
            self._in = [one for one in self._in if one != tag] + [tag]

    def end(self, tag: str) -> None:
        if tag == "a" and self._link is not None and self.page.links:
            href, _ = self.page.links[-1]
            self.page.links[-1] = (href, " ".join("".join(self._link).split())[:200])
            self._link = None
        if tag == "script" and self._data is not None:
            self.page.data.append("".join(self._data))
            self._data = None
        self._in = [one for one in self._in if one != tag]

    def take(self, data: str) -> None:
        if self._data is not None:
            self._data.append(data)
        if {"script", "style", "template"} & set(self._in):
            return
        self._text.append(data)
        if "p" in self._in:
            self._paragraphs.append(data)
        if self._link is not None:
            self._link.append(data)

    def finish(self) -> Page:
        page = self.page
        page.text = " ".join(" ".join(self._text).split())
        page.paragraphs = " ".join(" ".join(self._paragraphs).split())
        page.links = [link for link in page.links if link[0]][:MAX_FOUND]
        inline = [one for one in dict.fromkeys(page.pictures) if one and not one.startswith("data:")]
        page.pictures = inline[:MAX_FOUND]
        return page


def read_page(body: bytes, content_type: str) -> Page:
    """Read HTML; any bytes are taken."""
    charset = re.search(r"charset=[\"']?([\w.:-]{1,40})", content_type)
    try:
        text = body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    reader = _Reader()
    for kind, name, attributes in events(text[:MAX_CHARACTERS]):
        if kind == "start":
            reader.start(name, attributes)
        elif kind == "end":
            reader.end(name)
        else:
            reader.take(name)
    return reader.finish()


def page_readings(page: Page, where: str) -> tuple[Reading, ...]:
    """Return what the page's metadata say."""
    return tuple(one for one in (_tdm_meta(page, where), _noai_meta(page, where), _json_ld(page, where)) if one)


def no_index(page: Page) -> bool:
    """Tell whether a `robots` meta element keeps the page out of every search index."""
    words = {word.strip().lower() for name, content in page.metas if name == "robots" for word in content.split(",")}
    return bool(words & {"noindex", "noimageindex", "none"})


def tdm_policies(page: Page) -> tuple[str, ...]:
    """Return the addresses in `tdm-policy` meta elements."""
    return tuple(content for name, content in page.metas if name == "tdm-policy" and content)


def _tdm_meta(page: Page, where: str) -> Reading | None:
    values = [content.strip() for name, content in page.metas if name == "tdm-reservation"]
    if not values:
        return None
    valid = [value for value in values if value in {"0", "1"}]
    flaws = () if len(valid) == len(values) else (Flaw(id="tdm-meta-value", where=where, detail=", ".join(values)),)
    return Reading(
        carrier=Carrier.TDM_META,
        where=where,
        answers=tdm_answers(int(max(valid))) if valid else {},
        implied=frozenset({Question.TRAIN}) if "1" in valid else frozenset(),
        flaws=flaws,
        readable=bool(valid),
        value=", ".join(values),
    )


def _noai_meta(page: Page, where: str) -> Reading | None:
    contents = [content for name, content in page.metas if name == "robots" and "ai" in content.lower()]
    words = {word.strip().lower() for content in contents for word in content.split(",")}
    if not words & {"noai", "noimageai"}:
        return None
    flaw = () if "noimageai" in words else (Flaw(id="noai-meta-without-images", where=where, detail=contents[0]),)
    return Reading(
        carrier=Carrier.NOAI_META,
        where=where,
        answers=reserved(Question.TRAIN, Question.AI_USE),
        implied=frozenset({Question.AI_USE}),
        flaws=flaw,
        value="; ".join(contents),
    )


def _json_ld(page: Page, where: str) -> Reading | None:
    objects: list[dict[str, Any]] = []
    broken = ""
    for text in page.data[:20]:
        try:
            objects += _images(json.loads(text))
        except (ValueError, RecursionError) as error:
            broken = str(error)
    if not objects:
        if not broken:
            return None
        flaw = Flaw(id="json-ld-not-json", where=where, detail=broken)
        return Reading(carrier=Carrier.JSON_LD, where=where, flaws=(flaw,), readable=False)
    missing = [name for name in _LICENCE_FIELDS if not any(one.get(name) for one in objects)]
    flaws = (Flaw(id="json-ld-fields-missing", where=where, detail=", ".join(missing)),) if missing else ()
    return Reading(
        carrier=Carrier.JSON_LD, where=where, flaws=flaws, readable="license" not in missing, value=f"{len(objects)}"
    )


def _images(value: Any, depth: int = 0) -> Iterable[dict[str, Any]]:
    if depth > 20:
        return
    if isinstance(value, dict):
        kinds = value.get("@type", "")
        if {"ImageObject", "Photograph"} & set(kinds if isinstance(kinds, list) else [kinds]):
            yield value
        for one in value.values():
            yield from _images(one, depth + 1)
    elif isinstance(value, list):
        for one in value[:1000]:
            yield from _images(one, depth + 1)


def _srcset(value: str) -> list[str]:
    """Return the first and the last candidate, commonly the smallest and the largest."""
    found = [words[0] for part in value.split(", ") if (words := part.split())]
    return [*found[:1], *found[-1:]]
