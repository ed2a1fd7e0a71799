"""How does each crawler ask for a gallery?

Every crawler here says who it is, with a user agent of the form that its operator
publishes. Where it is told no at the door, it goes on with a list of picture addresses
from elsewhere, as the makers of data sets do.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.demo.answers import Answer, Report, get
from guard.demo.pages import PageLinks, read_page

GPTBOT: Final = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"
IMAGESIFT: Final = "Mozilla/5.0 (compatible; ImagesiftBot; +imagesift.com)"
GOOGLE_IMAGES: Final = "Googlebot-Image/1.0"
FACEBOOK: Final = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
CHATGPT: Final = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot"
)
UNLISTED: Final = "Mozilla/5.0 (compatible; PixelHarvestBot/0.3; +https://pixelharvest.example/bot)"
"""A crawler that no list names: it says that it is one, and nobody has heard of it."""

CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
OPENING_A_PAGE: Final = (
    ("sec-ch-ua", '"Chromium";v="156", "Google Chrome";v="156", "Not_A Brand";v="24"'),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", '"Windows"'),
    ("Upgrade-Insecure-Requests", "1"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"),
    ("Sec-Fetch-Site", "none"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-User", "?1"),
    ("Sec-Fetch-Dest", "document"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
"""What Chrome sends when somebody opens a page; tools that impersonate it send the same for a picture."""

MANY: Final = 20
PAUSE: Final = 0.15
"""Seconds between two pictures of the impersonator; a real one takes longer, and nobody wants to wait for it here."""

SOME: Final = 6
"""Pictures that a crawler asks for; enough to see a pattern, few enough to watch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a client is told before it leaves: where to go, and what it knows from elsewhere."""

    address: str
    """`http://host:port` of the site, without a slash at the end."""
    known: tuple[str, ...]
    """Paths of originals, as a list of image addresses in a data set would have them."""
    keep: str = ""
    """The folder into which the pictures go that it takes; empty for one that throws them away."""


Client = Callable[[Errand], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk through the pages brought back."""

    answers: tuple[Answer, ...]
    links: tuple[PageLinks, ...]

    @property
    def images(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for page in self.links for path in page.images))

    @property
    def pictures(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for page in self.links for path in page.pictures))


class Visitor:
    """One crawler on one errand: it asks, one request after another, and keeps what it saw."""

    def __init__(self, errand: Errand, user_agent: str, headers: Iterable[tuple[str, str]]) -> None:
        self.errand = errand
        self.user_agent = user_agent
        self.headers = [("User-Agent", user_agent), *headers]
        self.answers: list[Answer] = []

    def ask(self, path: str) -> bytes:
        """Fetch `path` and return the body of a 200, else nothing."""
        answer, body = get(self.errand.address, path, self.headers)
        self.answers.append(answer)
        if self.errand.keep and answer.is_picture:
            file = kept_file(self.errand.keep, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        return body if answer.status == 200 else b""

    def walk(self, pages: int) -> Walk:
        """Read the first page and the ones it leads to, at most `pages` in all."""
        found: list[PageLinks] = []
        ahead = ["/"]
        for number in range(pages):
            if number == len(ahead):
                break
            links = read_page(self.ask(ahead[number]), ahead[number])
            found.append(links)
            ahead += [path for path in links.pages if path not in ahead]
        return Walk(answers=tuple(self.answers), links=tuple(found))

    def report(self, note: str = "") -> Report:
        return Report(user_agent=self.user_agent, answers=tuple(self.answers), note=note)


def kept_file(folder: str, path: str) -> Path:
    """Return where the picture at `path` is kept in `folder`: one flat folder, as downloaders make it."""
    return Path(folder) / path.lstrip("/").replace("/", "-")


def harvest(errand: Errand, user_agent: str, headers: Iterable[tuple[str, str]]) -> Report:
    """Read robots.txt, do not care, and take the largest pictures there are."""
    visitor = Visitor(errand, user_agent, headers)
    visitor.ask("/robots.txt")
    walk = visitor.walk(2)
    for path in (walk.pictures or errand.known)[:SOME]:
        visitor.ask(path)
    return visitor.report()


def training_crawler(errand: Errand) -> Report:
    """Come as a crawler that collects for training and says so."""
    return harvest(errand, GPTBOT, [("Accept", "*/*"), ("Accept-Encoding", "gzip, br, deflate")])


def dataset_crawler(errand: Errand) -> Report:
    """Come as a crawler that collects pictures for data sets and says so."""
    return harvest(errand, IMAGESIFT, [("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")])


def unlisted_crawler(errand: Errand) -> Report:
    """Come as a crawler that says it is one but is on no list."""
    return harvest(errand, UNLISTED, [("Accept-Encoding", "gzip"), ("Accept", "*/*"), ("Connection", "keep-alive")])


def search_crawler(errand: Errand) -> Report:
    """Come as the crawler of an image search, from an address that can not prove it."""
    visitor = Visitor(
        errand,
        GOOGLE_IMAGES,
        [("Connection", "keep-alive"), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate, br")],
    )
    visitor.ask("/robots.txt")
    walk = visitor.walk(2)
    for path in (*walk.images[:SOME], *(walk.pictures or errand.known)[:SOME]):
        visitor.ask(path)
    return visitor.report()


def link_preview(errand: Errand) -> Report:
    """Fetch what a messenger shows under a shared link: the page and its picture."""
    visitor = Visitor(errand, FACEBOOK, [("Accept", "*/*"), ("Accept-Encoding", "deflate, gzip")])
    shared = next(iter(visitor.walk(1).links[0].pages), "/")
    page = read_page(visitor.ask(shared), shared)
    # A page that names no picture for previews gets its first one shown.
    for path in (page.preview,) if page.preview else page.images[:1]:
        visitor.ask(path)
    return visitor.report()


def assistant(errand: Errand) -> Report:
    """Look at an album for somebody who asked a chat assistant about it."""
    visitor = Visitor(errand, CHATGPT, [("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate, br")])
    walk = visitor.walk(2)
    for path in (walk.pictures or errand.known)[:SOME]:
        visitor.ask(path)
    return visitor.report()


def bulk_downloader(errand: Errand) -> Report:
    """Take a list of originals as fast as they come, under the name of a browser."""
    visitor = Visitor(
        errand, CHROME, [("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"), ("Connection", "close")]
    )
    for path in errand.known:
        visitor.ask(path)
    return visitor.report("calls itself a browser and takes a list of pictures")


def impersonator(errand: Errand) -> Report:
    """Take originals slowly, with every header line of a browser that opens a page."""
    visitor = Visitor(errand, CHROME, OPENING_A_PAGE)
    for path in errand.known[:MANY]:
        visitor.ask(path)
        time.sleep(PAUSE)
    return visitor.report("sends a browser's header lines, for pictures as if they were pages")


CRAWLERS: Final[dict[str, Client]] = {
    "training": training_crawler,
    "dataset": dataset_crawler,
    "search": search_crawler,
    "preview": link_preview,
    "assistant": assistant,
    "unlisted": unlisted_crawler,
    "bulk": bulk_downloader,
    "impersonator": impersonator,
}
"""The crawlers of this module by the name under which `guard.demo.visit` starts them."""
