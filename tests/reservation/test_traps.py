"""Would a known mistake be seen, and by whom?

Each row puts one mistake back into what we serve, and names a reader that is then wrong: it finds
another answer than the statement's, or none. Mistakes in the grammar of robots.txt, in the
spelling of header lines and in tdmrep.json's form are rows of the tests of those modules.
"""

import json
import re
import urllib.robotparser
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from guard.reservation import documents
from guard.reservation.documents import ReservationSet
from guard.reservation.offer import Offer
from guard.reservation.statement import Override, Statement
from tests.reservation.conftest import CRAWLERS
from tests.support import carriers

ROBOTS, TDMREP, RSL, AI, TRUST = "/robots.txt", "/.well-known/tdmrep.json", "/rsl.xml", "/ai.txt", "/trust.txt"
STATEMENT = Statement(
    holder="Jane Doe",
    base_url="https://photo.example",
    offers=(Offer(purpose="train", url="https://photo.example/licence"),),
    paths=(Override(path="/open/", train=True, ai_use=True, search=True, tdm=True),),
)
RENDERED = documents.render(STATEMENT, CRAWLERS, as_of=date(2026, 11, 22))


def changed(path: str, change: Callable[[str], str]) -> ReservationSet:
    """Return the set with one document changed."""
    before = carriers.body(RENDERED, path).decode()
    after = change(before)
    assert after != before, "the mistake is not in the document"
    return replace(
        RENDERED,
        documents=tuple(replace(one, body=after.encode()) if one.path == path else one for one in RENDERED.documents),
    )


def header(change: Callable[[tuple[str, str]], tuple[str, str] | None]) -> ReservationSet:
    """Return the set with header lines changed; None leaves one out."""
    lines = tuple(line for line in map(change, RENDERED.headers) if line is not None)
    assert lines != RENDERED.headers
    return replace(RENDERED, headers=lines)


def _general_first(text: str) -> str:
    return json.dumps(json.loads(text)[::-1])


def _only_the_named(text: str) -> str:
    """A list of names, and nothing for everybody else."""
    return re.sub(
        r"(User-agent: \*\n.*?)\nContent-Usage[^\n]*\nContent-Signal[^\n]*\nLicense[^\n]*", r"\1", text, flags=re.S
    )


def _unsigned_names(text: str) -> str:
    """Signals in the group for everybody only."""
    named, everybody = text.rsplit("\n\n", 1)
    return re.sub(r"\nContent-Usage[^\n]*", "", named) + "\n\n" + everybody


Mistake = tuple[ReservationSet, str, str, object]
MISTAKES: dict[str, Callable[[], Mistake]] = {
    "names only, nothing for everybody": lambda: (
        changed(ROBOTS, _only_the_named), "robots.txt Content-Usage", "/a.jpg", AssertionError,
    ),
    "a named group without signals": lambda: (
        changed(ROBOTS, _unsigned_names), "robots.txt Content-Usage", "/a.jpg", AssertionError,
    ),
    "a path in a signal": lambda: (
        changed(ROBOTS, lambda text: text.replace("Content-Usage: ", "Content-Usage: /img/ train-ai=n, ")),
        "robots.txt Content-Usage", "/a.jpg", {},
    ),
    "AIPREF's words as Content Signals spells them": lambda: (
        changed(ROBOTS, lambda text: text.replace("train-ai=n", "train-ai=no")),
        "robots.txt Content-Usage", "/a.jpg", {"ai_use": False, "search": True},
    ),
    "a relative licence": lambda: (
        changed(ROBOTS, lambda text: text.replace("License: https://photo.example", "License: ")),
        "robots.txt License", "/a.jpg", AssertionError,
    ),
    "tdmrep.json as an object": lambda: (
        changed(TDMREP, lambda text: json.dumps({"policies": json.loads(text)})),
        "tdmrep.json", "/a.jpg", AssertionError,
    ),
    "tdm-reservation in quotes": lambda: (
        changed(TDMREP, lambda text: text.replace('"tdm-reservation": 1', '"tdm-reservation": "1"')),
        "tdmrep.json", "/a.jpg", AssertionError,
    ),
    "tdmrep.json with the general rule first": lambda: (
        changed(TDMREP, _general_first), "tdmrep.json", "/open/a.jpg", {"any": False},
    ),
    "a page in place of tdmrep.json": lambda: (
        changed(TDMREP, lambda _: "<!DOCTYPE html><title>Gallery</title>"), "tdmrep.json", "/a.jpg", ValueError,
    ),
    "an offer without a payment": lambda: (
        changed(RSL, lambda text: re.sub(r"\s*<payment.*?</payment>", "", text, flags=re.S)),
        "rsl.xml", "/a.jpg", {"train": True, "ai_use": False, "search": True, "tdm": False},
    ),
    "a licence that only prohibits": lambda: (
        changed(RSL, lambda text: text.replace('<permits type="usage">search</permits>', "")),
        "rsl.xml", "/a.jpg", {"train": True, "ai_use": False, "search": True, "tdm": True},
    ),
    "a use on offer that is free beside it": lambda: (
        changed(RSL, lambda text: text.replace('"usage">search', '"usage">ai-train search')),
        "rsl.xml", "/a.jpg", {"train": True, "ai_use": False, "search": True},
    ),
    "an element of one's own in RSL's namespace": lambda: (
        changed(RSL, lambda text: text.replace("<license>", "<origin>x</origin><license>", 1)),
        "rsl.xml", "/a.jpg", carriers.etree.DocumentInvalid,
    ),
    "the price as attribute": lambda: (
        changed(RSL, lambda text: text.replace("<payment ", '<payment price="0.01" ')),
        "rsl.xml", "/a.jpg", carriers.etree.DocumentInvalid,
    ),
    "another namespace": lambda: (
        changed(RSL, lambda text: text.replace("https://rslstandard.org/rsl", "urn:rsl")),
        "rsl.xml", "/a.jpg", carriers.etree.DocumentInvalid,
    ),
    "noindex against AI": lambda: (
        header(lambda line: ("X-Robots-Tag", "noindex, noimageindex") if line[1].startswith("noai") else line),
        "header X-Robots-Tag", "/a.jpg", AssertionError,
    ),
    "nocache beside noarchive": lambda: (
        header(lambda line: ("X-Robots-Tag", "noarchive, nocache") if line[1] == "noarchive" else line),
        "header X-Robots-Tag", "/a.jpg", AssertionError,
    ),
    "a header in capitals": lambda: (
        header(lambda line: (line[0], line[1].upper()) if line[0] == "Content-Usage" else line),
        "header Content-Usage", "/a.jpg", {},
    ),
    "a preference in quotes": lambda: (
        header(lambda line: (line[0], 'train-ai="n", ai-use=?0, search=y') if line[0] == "Content-Usage" else line),
        "header Content-Usage", "/a.jpg", {"search": True},
    ),
    "layers from two statements": lambda: (
        header(lambda line: (line[0], line[1].replace("ai-train=no", "ai-train=yes"))),
        "header content-signal", "/a.jpg", {"train": True, "ai_use": False, "search": True},
    ),
    "a reservation without its policy": lambda: (
        header(lambda line: None if line[0] == "tdm-policy" else line),
        "header tdm-reservation", "/a.jpg", AssertionError,
    ),
    "ai.txt's permission behind the rest": lambda: (
        changed(AI, lambda text: re.sub(r"((?:Allow: /open/\S*\n)+)((?:Disallow: \S+\n)+)", r"\2\1", text)),
        "ai.txt", "/open/a.jpg", AssertionError,
    ),
    "trust.txt that says it twice": lambda: (
        changed(TRUST, lambda text: f"{text}datatrainingallowed=yes\n"), "trust.txt", "/a.jpg", AssertionError,
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_turns_its_reader_red(mistake: Callable[[], Mistake]):
    """The reader is right on what we serve, and wrong or lost once the mistake is back."""
    wrong, name, path, found = mistake()
    read = (carriers.READERS | carriers.WITHOUT_PATHS)[name]
    right = read(RENDERED, path)
    here = STATEMENT.at(path)
    truth = {question: getattr(here, question) for question in carriers.QUESTIONS}
    truth["any"] = all(truth.values())

    assert right == {question: truth[question] for question in right}
    if isinstance(found, type):
        with pytest.raises(found):
            read(wrong, path)
    else:
        assert read(wrong, path) == found != right


@pytest.fixture
def answering() -> Iterator[Callable[[int], str]]:
    """Return a function that serves our robots.txt with a status, and gives its address."""
    servers: list[HTTPServer] = []

    def serve(status: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(carriers.body(RENDERED, ROBOTS))

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/robots.txt"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "allowed"), [(200, False), (404, True), (429, True), (451, True)])
def test_a_robots_file_that_is_not_answered_200_is_a_permission(answering, status: int, allowed: bool):
    """A crawler that is refused its robots.txt, or told to slow down, may fetch everything (RFC 9309, 2.3.1.3)."""
    parser = urllib.robotparser.RobotFileParser(answering(status))
    parser.read()

    assert parser.can_fetch("GPTBot", "https://photo.example/a.jpg") is allowed
