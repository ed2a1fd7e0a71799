"""Do all carriers of the reservation give the same answers, for every possible statement?

Each carrier is read back by a parser that does not share code with what wrote it, into the
questions that it can answer. `True` means permitted.
"""

import http.client
import itertools
import json
import re
from datetime import date
from html.parser import HTMLParser
from io import BytesIO

import http_sf
import pytest
from protego import Protego

from guard.reservation import documents
from guard.reservation.statement import Statement

STANCES = [
    dict(zip(("train", "ai_use", "search", "tdm"), row, strict=True))
    for row in itertools.product((False, True), repeat=4)
]


def robots_rules(body: bytes) -> dict[str, bool]:
    """What the crawlers may fetch. Robots.txt does not say search: nobody who indexes is ever kept out by it."""
    parser = Protego.parse(body.decode("ascii"))
    answers = {
        question: {parser.can_fetch("https://photo.example/a.jpg", token) for token in tokens}
        for question, tokens in {
            "train": ("GPTBot", "CCBot", "Google-Extended", "ImagesiftBot", "FirecrawlAgent"),
            "ai_use": ("OAI-SearchBot", "ChatGPT-User", "NovaAct", "Claude-Code"),
            "welcome": ("Googlebot", "bingbot", "Applebot", "Twitterbot"),
        }.items()
    }
    assert answers.pop("welcome") == {True}
    assert all(len(answer) == 1 for answer in answers.values())
    return {question: answer.pop() for question, answer in answers.items()}


def group_values(body: bytes, name: str) -> list[str]:
    """Return the value of `name` for each group, as a reader sees it that knows records of RFC 9309, section 2.2.4."""
    values: list[str] = []
    closed = True
    for line in body.decode("ascii").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if not colon:
            continue
        if key.strip().lower() == "user-agent":
            if closed:
                values.append("")
            closed = False
        else:
            closed = True
            if key.strip().lower() == name:
                values[-1] += value.strip()
    return values


def usage(value: str) -> dict[str, bool]:
    parsed = http_sf.parse(value.encode(), tltype="dictionary")
    labels = {"train-ai": "train", "ai-use": "ai_use", "search": "search"}
    return {labels[key]: {"y": True, "n": False}[str(token)] for key, (token, _) in parsed.items()}


def signal(value: str) -> dict[str, bool]:
    names = {"ai-train": "train", "ai-input": "ai_use", "search": "search"}
    pairs = (part.strip().split("=") for part in value.split(","))
    return {names[key]: {"yes": True, "no": False}[answer] for key, answer in pairs}


def comment(body: bytes) -> dict[str, bool]:
    found = re.findall(r"(?m)^#   (\S+?),? .* (RESERVED|permitted)$", body.decode("ascii"))
    names = {"train-ai": "train", "ai-use": "ai_use", "search": "search", "tdm": "tdm"}
    return {names[key]: answer == "permitted" for key, answer in found}


def ai_txt(body: bytes) -> dict[str, bool]:
    """A downloader's view: is a JPEG file allowed? Longest pattern that fits, as Spawning's grammar borrows it."""
    rules = re.findall(r"(?mi)^(allow|disallow): (\S+)$", body.decode("ascii"))
    fitting = [
        (len(path), word) for word, path in rules if re.fullmatch(re.escape(path).replace(r"\*", ".*"), "/a.jpg")
    ]
    return {"train": max(fitting)[1].lower() == "allow"}


class Cells(HTMLParser):
    """The table cells of each section."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.sections: list[list[str]] = []
        self.inside = False
        self.feed(body.decode())

    def handle_starttag(self, tag, *_):
        self.inside = tag == "td"
        if tag == "section":
            self.sections.append([])

    def handle_data(self, data):
        if self.inside:
            self.sections[-1].append(data)
            self.inside = False


def header_lines(lines) -> http.client.HTTPMessage:
    """Return the lines as the standard library's client reads them from the wire."""
    return http.client.parse_headers(BytesIO("".join(f"{n}: {v}\r\n" for n, v in lines).encode("ascii") + b"\r\n"))


@pytest.mark.parametrize("stances", STANCES, ids=lambda stances: "".join("ny"[v] for v in stances.values()))
def test_every_carrier_gives_the_statements_answers(stances, crawlers):
    """Sixteen statements, eleven carriers, one truth."""
    statement = Statement(holder="Jane Doe", base_url="https://photo.example", **stances)
    rendered = documents.render(statement, crawlers, as_of=date(2026, 11, 22))
    body = {document.path: document.body for document in rendered.documents}
    header = header_lines(rendered.headers)
    directives = {word.strip() for value in header.get_all("X-Robots-Tag", []) for word in value.split(",")}
    (rule,) = json.loads(body["/.well-known/tdmrep.json"])
    three = {name: stances[name] for name in ("train", "ai_use", "search")}
    groups = 1 if stances["train"] and stances["ai_use"] else 2

    assert robots_rules(body["/robots.txt"]) == {name: stances[name] for name in ("train", "ai_use")}
    assert [usage(value) for value in group_values(body["/robots.txt"], "content-usage")] == [three] * groups
    assert [signal(value) for value in group_values(body["/robots.txt"], "content-signal")] == [three] * groups
    assert comment(body["/robots.txt"]) == stances
    assert ai_txt(body["/ai.txt"]) == {"train": stances["train"]}
    assert rule["tdm-reservation"] == int(not all(stances.values()))
    assert header.get_all("tdm-reservation") == [str(rule["tdm-reservation"])]
    assert header.get("tdm-policy") == rule.get("tdm-policy")
    assert usage(header["Content-Usage"]) == three
    assert ("noai" in directives, "noimageai" in directives) == (not stances["train"],) * 2
    assert ("noindex" in directives, "noimageindex" in directives) == (not stances["search"],) * 2
    english, german = Cells(body["/.well-known/guard/terms"]).sections
    assert [{"permitted": True, "reserved": False}[answer] for answer in english] == list(stances.values())
    assert [{"erlaubt": True, "vorbehalten": False}[answer] for answer in german] == list(stances.values())
