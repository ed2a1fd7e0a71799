"""What do the programs that people really collect pictures with do here?

img2dataset and Scrapy run as themselves where they are installed. Where they are not,
a stand-in sends what they send and obeys what they obey, and says that it is one:
img2dataset looks at `X-Robots-Tag` before it reads a picture and never at robots.txt;
Scrapy looks at robots.txt when it is told to obey it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import urllib.robotparser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from guard.demo.answers import BODY_LIMIT, Answer, Report, answer_of
from guard.demo.clients import Errand, Visitor
from guard.demo.pages import read_page

if TYPE_CHECKING:
    from scrapy.http import Request, Response

IMG2DATASET_USER_AGENT: Final = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0"
"""What img2dataset says when nobody gives it a name: a browser of early 2020."""

NOT_FOR_DATASETS: Final = frozenset({"noai", "noimageai", "noindex", "noimageindex"})
"""The directives that img2dataset obeys unless it is told not to."""

SCRAPY_USER_AGENT: Final = "Scrapy/2 (+https://scrapy.org)"

TOOL_TIMEOUT: Final = 80.0
"""Seconds that a program may take."""


def img2dataset(errand: Errand) -> Report:
    """Download a list of picture addresses, with the real program if there is one."""
    program = find_img2dataset()
    return _run_img2dataset(program, errand) if program else img2dataset_replica(errand)


def find_img2dataset() -> str | None:
    """Look on PATH, then in the environment for tools beside the one this runs in."""
    beside = Path(sys.prefix).parent / ".venv-tools" / "bin" / "img2dataset"
    return shutil.which("img2dataset") or (str(beside) if os.access(beside, os.X_OK) else None)


def _run_img2dataset(program: str, errand: Errand) -> Report:
    with tempfile.TemporaryDirectory(prefix="guard-demo-") as name:
        directory = Path(name)
        urls = directory / "urls.txt"
        urls.write_text("".join(f"{errand.address}{path}\n" for path in errand.known))
        finished = subprocess.run(
            [
                program,
                f"--url_list={urls}",
                f"--output_folder={directory / 'out'}",
                "--output_format=files",
                "--processes_count=1",
                "--thread_count=4",
                "--resize_mode=no",
                "--enable_wandb=False",
            ],
            env={**os.environ, "WANDB_MODE": "disabled"},
            timeout=TOOL_TIMEOUT,
            capture_output=True,
            check=False,
        )
        statuses: dict[str, int] = {}
        for file in sorted((directory / "out").glob("*_stats.json")):
            for status, count in json.loads(file.read_bytes())["status_dict"].items():
                statuses[status] = statuses.get(status, 0) + count
        if not statuses:
            raise RuntimeError(f"img2dataset left no statistics: {finished.stderr[-500:].decode(errors='replace')}")
        kept = [
            answer_of(f"/{file.name}", 200, [("Content-Type", "image/jpeg")], file.read_bytes())
            for file in sorted((directory / "out").glob("*/*.jpg"))
        ]
    return Report(
        user_agent=IMG2DATASET_USER_AGENT,
        answers=tuple(kept),
        skipped=statuses.get("Use of image disallowed by X-Robots-Tag directive", 0),
        note="; ".join(f"{count} × {status}" for status, count in statuses.items()),
    )


def img2dataset_replica(errand: Errand) -> Report:
    """Ask as img2dataset asks and obey what it obeys.

    It uses urllib as it comes, so the replica does too: `Accept-Encoding: identity`,
    `Host`, `User-Agent`, `Connection: close`, and no `Accept`.
    """
    # An empty handler, so that a proxy in the environment does not stand between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answers: list[Answer] = []
    skipped = 0
    for path in errand.known:
        request = urllib.request.Request(  # noqa: S310
            f"{errand.address}{path}", headers={"User-Agent": IMG2DATASET_USER_AGENT}
        )
        try:
            with opener.open(request, timeout=10.0) as response:
                disallowed = tells_datasets_no(response.headers.get_all("X-Robots-Tag", []))
                # It turns away with the body unread.
                body = b"" if disallowed else response.read(BODY_LIMIT)
                skipped += disallowed
                answers.append(answer_of(path, response.status, response.headers.items(), body))
        except urllib.error.HTTPError as error:
            with error:
                answers.append(answer_of(path, error.code, error.headers.items(), error.read(BODY_LIMIT)))
        except OSError:
            answers.append(Answer(path=path, status=0, content_type="", size=0, digest=""))
    return Report(user_agent=IMG2DATASET_USER_AGENT, stand_in="img2dataset", answers=tuple(answers), skipped=skipped)


def tells_datasets_no(lines: list[str]) -> bool:
    """Tell whether one of the `X-Robots-Tag` lines is for everybody and says no.

    A line that begins with `name:` is for the crawler of that name only; the replica has none.
    """
    return any(
        ":" not in line and not NOT_FOR_DATASETS.isdisjoint(item.strip().lower() for item in line.split(","))
        for line in lines
    )


def scrapy(errand: Errand) -> Report:
    """Crawl the gallery as Scrapy does when it is told to obey robots.txt."""
    try:
        import scrapy as _installed  # noqa: F401
    except ImportError:
        return scrapy_stand_in(errand)
    return _run_scrapy(errand)


def _run_scrapy(errand: Errand) -> Report:
    from scrapy import Spider, signals
    from scrapy.crawler import CrawlerProcess

    answers: list[Answer] = []
    agents: list[str] = []

    class GallerySpider(Spider):
        name = "gallery"
        start_urls = [f"{errand.address}/"]  # noqa: RUF012 - as Scrapy declares it

        def parse(self, response: "Response", **_: Any) -> Any:
            links = read_page(response.body, response.url.removeprefix(errand.address))
            for path in (*links.pages, *links.images, *links.pictures):
                yield response.follow(path, callback=self.parse)

    def received(response: "Response", request: "Request", **_: Any) -> None:
        agents.append((request.headers.get("User-Agent") or b"").decode())
        lines = [(name.decode(), value.decode()) for name, values in response.headers.items() for value in values]
        answers.append(answer_of(response.url.removeprefix(errand.address), response.status, lines, response.body))

    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_ENABLED": False,
            "LOG_INSTALL_ROOT_HANDLER": False,
            "RETRY_ENABLED": False,
            "CLOSESPIDER_TIMEOUT": TOOL_TIMEOUT,
            "CLOSESPIDER_PAGECOUNT": 200,
        }
    )
    crawler = process.create_crawler(GallerySpider)
    crawler.signals.connect(received, signals.response_received)
    process.crawl(crawler)
    process.start()
    return Report(user_agent=next(iter(agents), SCRAPY_USER_AGENT), answers=tuple(answers))


def scrapy_stand_in(errand: Errand) -> Report:
    """Read robots.txt as the product token Scrapy and take what it allows, pages first."""
    visitor = Visitor(
        errand,
        SCRAPY_USER_AGENT,
        [
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", "en"),
            ("Accept-Encoding", "gzip, deflate"),
        ],
    )
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(visitor.ask("/robots.txt").decode(errors="replace").splitlines())
    allowed: Callable[[str], bool] = lambda path: rules.can_fetch("Scrapy", f"{errand.address}{path}")  # noqa: E731
    ahead = ["/"]
    for number in range(200):
        if number == len(ahead):
            break
        if allowed(ahead[number]):
            links = read_page(visitor.ask(ahead[number]), ahead[number])
            ahead += [path for path in (*links.pages, *links.images, *links.pictures) if path not in ahead]
    report = visitor.report()
    return Report(user_agent=report.user_agent, stand_in="Scrapy", answers=report.answers)
