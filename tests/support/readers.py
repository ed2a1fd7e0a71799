"""Programs that others wrote read a live guard; each with a control that shows that it would have taken the picture.

The tests ask whether each check holds; `tests/bench/readers.py` makes a table of them.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import http_sf

from guard.reservation import robots
from guard.reservation.statement import Statement
from guard.store.rule_files import load_catalogue, rules_root
from tests.reservation.conftest import READERS, WELCOME
from tests.support.http import CHROME, Reply, ask
from tests.support.plain_site import PlainSite
from tests.support.programs import need
from tests.support.running import RunningGuard
from tests.support.strict_reader import StrictReader
from tests.support.upstream import jpeg

PATHS = ("/thumb.jpg", "/display.jpg", "/original.jpg")
MEMBERS = "/members/a.jpg"
OWN_ROBOTS = "User-agent: *\nDisallow: /members/\n"
OURS = {"tdm-reservation", "tdm-policy", "content-usage", "content-signal", "x-robots-tag", "link"}


@dataclass(frozen=True, slots=True)
class Read:
    """What one reader made of a guarded site."""

    reader: str
    """With its version."""
    reads: str
    result: str
    control: str
    """What it does without the reservation, or told not to look."""
    holds: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A gallery, and the guard in front of it that answers for every host name."""

    site: PlainSite
    guard: RunningGuard
    folder: Path
    """Empty, for what a reader writes."""


def fill(site: PlainSite) -> None:
    """Give the gallery three pictures, a page, and a robots.txt of its own that closes a part of it."""
    for path, width in zip((*PATHS, MEMBERS), (320, 1200, 2400, 320), strict=True):
        site.put(path, jpeg(width, width * 2 // 3), "image/jpeg")
    images = "".join(f'<img src="{path}">' for path in ("/thumb.jpg", MEMBERS))
    site.put("/", f"<!doctype html><html><head><title>Gallery</title></head><body>{images}</body></html>", "text/html")
    site.put("/robots.txt", OWN_ROBOTS)


def configuration(site: PlainSite) -> dict[str, object]:
    """Return the settings of such a guard."""
    return {
        "sites": [{"host": "*", "upstream": site.url, "public_url": "https://photo.example"}],
        "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
    }


def _robots(name: str, title: str) -> Callable[[Place], Read]:
    def check(place: Place) -> Read:
        crawlers = tuple((one.token, one.purpose) for one in load_catalogue(rules_root().path).crawlers)
        out = robots.choose(Statement(), crawlers).protected
        body = ask(place.guard.port, "/robots.txt", agent=CHROME).body
        queries = [(token, "/original.jpg") for token in out]
        welcome = [(token, "/original.jpg") for token in WELCOME]
        closed = [(token, MEMBERS) for token in WELCOME]
        kept = READERS[name](body, queries).count(False)
        let_in = READERS[name](body, welcome).count(True)
        members = READERS[name](body, closed).count(False)
        control = READERS[name](OWN_ROBOTS.encode(), queries).count(True)
        return Read(
            title,
            "robots.txt",
            f"{kept} of {len(out)} AI crawlers out; {let_in} of {len(welcome)} others in, but not in /members/",
            f"the site's own file: {control} in",
            kept == len(out) == control and let_in == len(welcome) and members == len(closed) and len(out) > 80,
        )

    return check


def strict(place: Place) -> Read:
    """Six carriers, as the one training crawler reads them whose rules are public."""
    verdict = StrictReader(place.guard.port, "photo.example", agent=CHROME).get("/original.jpg")
    port = int(place.site.url.rpartition(":")[2])
    control = StrictReader(port, "photo.example", agent=CHROME).get("/original.jpg")
    carriers = (
        verdict.robots_usage, verdict.robots_signal, verdict.tdmrep, verdict.header_tdm, verdict.header_usage,
        verdict.header_noai,
    )  # fmt: skip
    return Read(
        "PostHog's published rules (our reading)",
        "robots.txt, tdmrep.json, header lines",
        f"refused by {sum(map(bool, carriers))} of {len(carriers)} carriers",
        "unguarded: takes it" if control.takes else "unguarded: refuses",
        all(carriers) and control.takes,
    )


def content_usage(place: Place) -> Read:
    """The dictionary of the header, as the reference parser of RFC 9651 reads it."""
    value = ask(place.guard.port, "/thumb.jpg", agent=CHROME).get("Content-Usage")
    said = {key: str(item[0]) for key, item in http_sf.parse(value.encode(), tltype="dictionary").items()}
    return Read(
        f"http-sf {version('http-sf')}",
        "`Content-Usage`",
        ", ".join(f"{key}={answer}" for key, answer in said.items()),
        "-",
        said == {"train-ai": "n", "ai-use": "n", "search": "y"},
    )


def datadiligence(place: Place) -> Read:
    """The library that data-set tools ask whether they may."""
    import datadiligence as library
    import requests

    def allowed(url: str) -> bool:
        response = requests.get(f"{url}/thumb.jpg", headers={"User-Agent": CHROME}, timeout=10)
        return bool(library.is_allowed(response=response))

    guarded, control = allowed(place.guard.url), allowed(place.site.url)
    words = {True: "allowed", False: "not allowed"}
    return Read(
        f"datadiligence {version('datadiligence')}",
        "`X-Robots-Tag`, `tdm-reservation`",
        words[guarded],
        f"unguarded: {words[control]}",
        (guarded, control) == (False, True),
    )


def img2dataset(folder: Path, base: str, *options: str) -> dict[str, int]:
    """Run img2dataset over three pictures and return its count of outcomes."""
    urls, out = folder / "urls.txt", folder / "out"
    urls.write_text("".join(f"{base}{path}\n" for path in PATHS))
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(
        [
            need("img2dataset"), f"--url_list={urls}", f"--output_folder={out}", "--output_format=files",
            "--processes_count=1", "--thread_count=2", "--image_size=64", "--enable_wandb=False", *options,
        ],
        check=True, capture_output=True, timeout=100, env={**os.environ, "WANDB_MODE": "disabled"},
    )  # fmt: skip
    return json.loads((out / "00000_stats.json").read_text())["status_dict"]  # type: ignore[no-any-return]


NOT_LOOKING = "--disallowed_header_directives=[]"


def data_set(place: Place) -> Read:
    """The downloader of image data sets."""
    guarded = img2dataset(place.folder, place.guard.url)
    control = img2dataset(place.folder, place.guard.url, NOT_LOOKING)
    skipped, taken = guarded.get("Use of image disallowed by X-Robots-Tag directive", 0), control.get("success", 0)
    return Read(
        "img2dataset 1.47.0",
        "`X-Robots-Tag`",
        f"{skipped} of {len(PATHS)} pictures skipped",
        f"`{NOT_LOOKING}`: {taken} taken",
        skipped == taken == len(PATHS),
    )


SPIDER = """
import scrapy
class Spider(scrapy.Spider):
    name = "gallery"
    def start_requests(self):
        for url in {urls!r}:
            yield scrapy.Request(url, dont_filter=True)
    async def start(self):
        for request in self.start_requests():
            yield request
    def parse(self, response):
        yield {{"url": response.url, "status": response.status, "bytes": len(response.body)}}
"""


def scrapy(folder: Path, base: str, *, obey: bool, agent: str) -> list[dict[str, object]]:
    """Run a Scrapy spider over three pictures, one after the other, and return what it got.

    Not at once: of several requests that wait for robots.txt, Scrapy 2.19 lets all but two through unasked.
    """
    spider, out = folder / "spider.py", folder / "out.json"
    spider.write_text(SPIDER.format(urls=[base + path for path in PATHS]))
    out.unlink(missing_ok=True)
    subprocess.run(
        [
            sys.executable, "-m", "scrapy", "runspider", str(spider), "-o", str(out), "--nolog",
            "-s", f"ROBOTSTXT_OBEY={obey}", "-s", f"USER_AGENT={agent}", "-s", "HTTPERROR_ALLOW_ALL=True",
            "-s", "CONCURRENT_REQUESTS=1",
        ],
        check=True, capture_output=True, timeout=100, cwd=folder,
    )  # fmt: skip
    return json.loads(out.read_text() or "[]") if out.exists() else []  # type: ignore[no-any-return]


def crawler(place: Place) -> Read:
    """Scrapy under the name of a crawler that we close."""
    obeys = scrapy(place.folder, place.guard.url, obey=True, agent="CCBot/2.0")
    control = scrapy(place.folder, place.site.url, obey=True, agent="CCBot/2.0")
    taken = [one["status"] for one in control].count(200)
    return Read(
        f"Scrapy {version('Scrapy')} as CCBot",
        "robots.txt",
        f"{len(obeys)} of {len(PATHS)} pictures asked for",
        f"unguarded: {taken} taken",
        obeys == [] and taken == len(PATHS),
    )


def wget(folder: Path, base: str, *options: str) -> set[str]:
    """Copy the gallery with `wget -r` and return the paths of the pictures that it has."""
    out = folder / "copy"
    shutil.rmtree(out, ignore_errors=True)
    command = [need("wget"), "--no-proxy", "-q", "-r", "-l2", "-p", "-nH", "-P", str(out), *options, f"{base}/"]
    subprocess.run(command, check=False, capture_output=True, timeout=60)
    return {f"/{path.relative_to(out)}" for path in out.rglob("*.jpg")}


def copier(place: Place) -> Read:
    """The site's own closed part, through the merged file."""
    obeys = wget(place.folder, place.guard.url)
    control = wget(place.folder, place.guard.url, "-e", "robots=off")
    program = subprocess.run([need("wget"), "--version"], capture_output=True, text=True, check=True).stdout
    return Read(
        f"wget {program.split()[2]}",
        "robots.txt, the site's own part of it",
        f"{len(obeys)} of 2 pictures taken, /members/ not",
        f"`-e robots=off`: {len(control)} taken",
        (obeys, control) == ({"/thumb.jpg"}, {"/thumb.jpg", MEMBERS}),
    )


def terms(place: Place) -> Read:
    """The one reader of terms in prose that there is."""
    with urllib.request.urlopen(f"{place.guard.url}/.well-known/guard/terms") as reply:
        page = reply.read().decode()
    without = re.sub(r"<p>.*?</p>", "", page, flags=re.DOTALL)
    answers = [_weboptout(body) for body in (page, without)]
    return Read(
        f"weboptout {version('weboptout')}",
        "the terms page",
        "recognised as an opt-out" if answers[0] else "not recognised",
        "without its sentences: recognised" if answers[1] else "without its sentences: not recognised",
        answers == [True, False],
    )


def _weboptout(page: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is of 2023
        from weboptout.client import ClientSession
        from weboptout.html import check_tos_reservation

        async def ask_it() -> bool:
            async with ClientSession() as client:
                found = check_tos_reservation(client, "https://photo.example/.well-known/guard/terms", page)
                return "SUCCESS" in str(found)

        return asyncio.run(ask_it())


CHECKS: dict[str, Callable[[Place], Read]] = {
    "urllib": _robots("urllib", f"urllib.robotparser (Python {sys.version_info[0]}.{sys.version_info[1]})"),
    "protego": _robots("protego", f"Protego {version('Protego')}"),
    "robotspy": _robots("robotspy", f"robotspy {version('robotspy')}"),
    "gpyrobotstxt": _robots("gpyrobotstxt", f"gpyrobotstxt {version('gpyrobotstxt')} (Google's parser)"),
    "npm": _robots("npm", "npm robots-parser 3.0.1"),
    "scrapy": crawler,
    "wget": copier,
    "img2dataset": data_set,
    "datadiligence": datadiligence,
    "http-sf": content_usage,
    "strict reader": strict,
    "weboptout": terms,
}
"""By the name of the program."""


def added(reply: Reply) -> int:
    """Return the bytes that our header lines take in an answer: names, values, colons and line ends."""
    return sum(len(name) + len(value) + 4 for name, value in reply.lines if name.lower() in OURS)
