"""What does a page ask its visitor to fetch, and where does it lead?

Just enough of HTML for the demo's clients: paths on the page's own site, without
repetition, in the order of the page.
"""

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urljoin, urlsplit

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks:
    """Paths on the same site that one page names."""

    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Pictures that the page shows."""
    pictures: tuple[str, ...] = ()
    """Pictures that the page links to: a larger size, or the original."""
    pages: tuple[str, ...] = ()
    preview: str = ""
    """The picture that the page wants shown with a link to it (`og:image`)."""


def read_page(body: bytes, path: str) -> PageLinks:
    """Return what the page at `path` names; bytes that are no page give nothing."""
    collector = _Collector(path)
    try:
        collector.feed(body.decode(errors="replace"))
        collector.close()
    except AssertionError:
        # What html.parser raises before Python 3.14 on `<![` with nonsense behind it.
        pass
    return PageLinks(
        styles=tuple(collector.styles),
        scripts=tuple(collector.scripts),
        images=tuple(collector.images),
        pictures=tuple(link for link in collector.links if is_picture_path(link)),
        pages=tuple(link for link in collector.links if not is_picture_path(link) and link != path),
        preview=collector.preview,
    )


def is_picture_path(path: str) -> bool:
    """Guess as a crawler guesses: by the suffix."""
    return PurePosixPath(urlsplit(path).path).suffix.lower() in PICTURE_SUFFIXES


class _Collector(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.base = f"http://gallery.invalid{path}"
        # Dictionaries keep the order and drop what comes twice.
        self.styles: dict[str, None] = {}
        self.scripts: dict[str, None] = {}
        self.images: dict[str, None] = {}
        self.links: dict[str, None] = {}
        self.preview = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "link" if values.get("rel") == "stylesheet":
                self._add(self.styles, values.get("href", ""))
            case "script":
                self._add(self.scripts, values.get("src", ""))
            case "img":
                self._add(self.images, values.get("src", ""))
            case "a":
                self._add(self.links, values.get("href", ""))
            case "meta" if values.get("property") == "og:image":
                # Always an absolute address, on a host that may not be ours: only its path counts here.
                self.preview = urlsplit(urljoin(self.base, values.get("content", ""))).path
            case _:
                pass

    def _add(self, where: dict[str, None], reference: str) -> None:
        split = urlsplit(urljoin(self.base, reference))
        if reference and split.netloc == "gallery.invalid":
            where[f"{split.path}?{split.query}" if split.query else split.path] = None
