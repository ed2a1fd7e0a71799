"""Is robots.txt read alike by parsers that others wrote, and would a mistake be seen?"""

import itertools
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import http_sf
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationError
from guard.reservation import robots
from guard.reservation.statement import Override, Statement

STATEMENT = Statement(holder="Jane Doe", base_url="https://photo.example")
PATHS = ("/", "/a.jpg", "/album/2/photo.webp?size=full")
SIGNALS = (
    "Content-Usage: train-ai=n, ai-use=n, search=y",
    "Content-Signal: search=yes, ai-input=no, ai-train=no",
    "License: https://photo.example/rsl.xml",
)


def protected(crawlers) -> tuple[str, ...]:
    return robots.choose(STATEMENT, crawlers).protected


def test_every_ai_crawler_with_a_valid_token_is_blocked(reader, crawlers):
    """Each reader keeps each letter-only AI crawler from every path."""
    queries = [(token, path) for token in protected(crawlers) for path in PATHS]

    answers = reader(robots.render(STATEMENT, crawlers), queries)

    assert len(queries) > 80 * len(PATHS)
    assert [query for query, allowed in zip(queries, answers, strict=True) if allowed] == []


def test_search_engines_previews_and_people_are_let_in(reader, crawlers, welcome):
    """No reader finds a rule against a search engine, a link preview, an unknown crawler or a browser."""
    queries = [(token, path) for token in welcome for path in PATHS]

    answers = reader(robots.render(STATEMENT, crawlers), queries)

    assert [query for query, allowed in zip(queries, answers, strict=True) if not allowed] == []


def test_private_paths_are_closed_to_everybody(reader, crawlers):
    """A Disallow line of the `*` group holds for search engines, and for nothing beside its path."""
    body = robots.render(STATEMENT, crawlers, disallow=["/private/"])

    answers = reader(body, [("Googlebot", "/private/a.jpg"), ("Googlebot", "/public/a.jpg"), ("GPTBot", "/private/")])

    assert answers == [False, True, False]


def test_a_closed_site_is_closed_for_every_reader(reader, crawlers):
    """`Disallow: /` is not undone by an `Allow: /` beside it."""
    body = robots.render(STATEMENT, crawlers, disallow=["/private/", "/*"])

    assert reader(body, [("Googlebot", "/"), ("Googlebot", "/a.jpg")]) == [False, False]


def test_token_only_names_are_in_the_file_even_if_the_catalogue_lacks_them():
    """Google-Extended, Applebot-Extended and Webzio-Extended are listed, Googlebot-News never."""
    body = robots.render(STATEMENT, [("Googlebot-News", "search_engine")]).decode()

    for token in ("Google-Extended", "Applebot-Extended", "Webzio-Extended"):
        assert f"\nUser-agent: {token}\n" in body
    assert "News" not in body


def test_names_that_can_not_be_product_tokens_are_sorted_out(crawlers):
    """Digits and dots go behind the valid tokens, a closing slash goes away, a name with a space is left out."""
    tokens = robots.choose(STATEMENT, crawlers)

    assert {"Devin", "Scrapy", "newsai"} <= set(tokens.protected)
    assert {"AI2Bot", "img2dataset", "bigsur.ai"} <= set(tokens.listed)
    assert set(tokens.left_out) == {"ChatGPT Agent", "Kangaroo Bot", "The Knowledge AI"}
    named = robots.groups(STATEMENT, crawlers)[0].tokens
    assert named == tokens.protected + tokens.listed


def test_a_digit_in_a_name_is_no_protection_so_the_signals_for_everybody_stay(readers, crawlers):
    """Google-style readers do not know img2dataset by its name; the group they read instead reserves too."""
    body = robots.render(STATEMENT, crawlers)

    missed = {name for name, read in readers.items() if read(body, [("img2dataset", "/a.jpg")]) == [True]}

    assert missed == {"robotspy", "gpyrobotstxt"}
    assert robots.groups(STATEMENT, crawlers)[1].signals == SIGNALS


@pytest.mark.parametrize(
    ("stances", "listed", "unlisted"),
    [
        ({}, {"GPTBot", "CCBot", "Scrapy", "ChatGPT-User", "PerplexityBot", "Claude-Code"}, set()),
        ({"train": True}, {"ChatGPT-User", "NovaAct"}, {"GPTBot", "CCBot", "Google-Extended"}),
        ({"ai_use": True}, {"GPTBot", "WRTNBot"}, {"ChatGPT-User", "OAI-SearchBot", "Devin"}),
        ({"search": False}, {"GPTBot"}, {"Googlebot", "bingbot"}),
        ({"train": True, "ai_use": True}, set(), {"GPTBot", "ChatGPT-User", "Googlebot"}),
    ],
    ids=["defaults", "train permitted", "ai_use permitted", "search reserved", "only tdm reserved"],
)
def test_the_stances_choose_who_is_listed(crawlers, stances, listed, unlisted):
    """A crawler is listed when the stance on its purpose is no; a search engine never."""
    body = robots.render(Statement(holder="Jane Doe", **stances), crawlers).decode()

    found = set(re.findall(r"(?m)^User-agent: (\S+)$", body))

    assert listed <= found
    assert not unlisted & found


def test_every_group_has_its_rules_first_and_all_signals(crawlers):
    """A reader that looks at one group only, as RFC 9309 tells it to, finds the whole reservation there."""
    body = robots.render(STATEMENT, crawlers, disallow=["/private/"], sitemaps=["https://photo.example/sitemap.xml"])

    _, named, everybody, sitemap = [block.split("\n") for block in body.decode().rstrip("\n").split("\n\n")]

    assert named[-4:] == ["Disallow: /", *SIGNALS]
    assert all(line.startswith("User-agent: ") for line in named[:-4])
    assert everybody == ["User-agent: *", "Disallow: /private/", "Allow: /", *SIGNALS]
    assert sitemap == ["Sitemap: https://photo.example/sitemap.xml"]


def test_the_comment_names_the_law_the_answers_and_the_terms(crawlers):
    """The signals do not say on which law they stand, so the comment does, and says tdm, which no signal does."""
    comment = robots.render(STATEMENT, crawlers).decode().split("\n\n")[0]

    assert all(line.startswith("#") for line in comment.split("\n"))
    for words in (
        "Article 4(3) of Directive (EU) 2019/790",
        "section 44b(3)",
        "https://photo.example/.well-known/guard/",
    ):
        assert words in comment
    assert re.findall(r"(?m) (RESERVED|permitted)$", comment) == ["RESERVED", "RESERVED", "permitted", "RESERVED"]
    assert re.search(r"(?m)^#   tdm .* RESERVED$", comment)


def test_nothing_reserved_claims_nothing(crawlers):
    """With four permissions the file has one group, no reservation in words, and says yes."""
    statement = Statement(holder="Jane Doe", train=True, ai_use=True, search=True, tdm=True)

    body = robots.render(statement, crawlers).decode()

    assert body.count("User-agent: ") == 1
    assert "RESERVED" not in body
    assert "44b" not in body
    assert "Content-Usage: train-ai=y, ai-use=y, search=y" in body


def test_the_bytes_are_plain_and_the_same_in_any_order_of_the_catalogue(crawlers):
    """ASCII, LF, no byte order mark, under 500 KiB; shuffling or repeating the catalogue changes nothing."""
    body = robots.render(STATEMENT, crawlers)
    shuffled = [*crawlers, *crawlers, ("gptbot", "ai_training")]
    random.Random(4).shuffle(shuffled)

    assert body.isascii()
    assert b"\r" not in body
    assert body.startswith(b"# ")
    assert body.endswith(b"\n")
    assert len(body) < robots.MAX_BYTES
    assert robots.render(STATEMENT, shuffled) == body


def test_a_file_that_parsers_would_cut_is_refused(crawlers):
    """More than 500 KiB would be read in part, so it is not written."""
    with pytest.raises(ConfigurationError, match="bytes"):
        robots.render(STATEMENT, crawlers, disallow=[f"/{number:04}{'x' * 1000}" for number in range(600)])


def test_a_group_without_rules_can_not_be_made():
    """The group that melts into its neighbour is impossible by construction."""
    with pytest.raises(ValueError, match="needs a user agent and an Allow or Disallow line"):
        robots.Group(tokens=("*",), disallow=(), allow=(), signals=SIGNALS)


# Each row is a file with one mistake. It is read otherwise than meant by the readers named, so each row proves
# that the mistake matters, and that the matrix above would see it.
def _signals_only_for_everybody(body: str) -> str:
    comment, named, _ = body.rstrip("\n").split("\n\n")
    return "\n\n".join([comment, "\n".join(["User-agent: *", *SIGNALS]), named]) + "\n"


def _allow_first(body: str) -> str:
    return body.replace("Disallow: /private/\nAllow: /\n", "Allow: /\nDisallow: /private/\n")


def _second_group(body: str) -> str:
    return body.replace("\n\nUser-agent: ", "\n\nUser-agent: GPTBot\nDisallow: /private/\n\nUser-agent: ", 1)


def _byte_order_mark(body: str) -> str:
    return "\ufeffUser-agent: GPTBot\nDisallow: /\n\n" + body.split("\n\n")[2]


MISTAKES: dict[str, tuple[Callable[[str], str], str, str, bool, set[str]]] = {
    "signals without a rule for *": (
        _signals_only_for_everybody,
        "Googlebot",
        "/a.jpg",
        True,
        {"robotspy", "gpyrobotstxt"},
    ),
    "blank line in a group": (
        lambda body: body.replace("\nDisallow: /\n", "\n\nDisallow: /\n"),
        "GPTBot",
        "/a.jpg",
        False,
        {"urllib"},
    ),
    "Allow before Disallow": (_allow_first, "Googlebot", "/private/", False, {"urllib"}),
    "wildcard alone": (
        lambda body: body.replace("\nDisallow: /\n", "\nDisallow: /*.jpg$\n"),
        "GPTBot",
        "/a.jpg",
        False,
        {"urllib"},
    ),
    "two groups for one token": (_second_group, "GPTBot", "/a.jpg", False, {"urllib"}),
    "byte order mark": (_byte_order_mark, "GPTBot", "/a.jpg", False, {"urllib", "protego", "robotspy"}),
    "CR alone": (lambda body: body.replace("\n", "\r"), "GPTBot", "/a.jpg", False, {"robotspy"}),
    "version in the token": (
        lambda body: body.replace("User-agent: GPTBot\n", "User-agent: GPTBot/1.1\n"),
        "GPTBot",
        "/a.jpg",
        False,
        {"urllib", "protego"},
    ),
    "name with a digit behind a welcome one": (
        lambda body: body.replace("User-agent: GPTBot\n", "User-agent: GPTBot\nUser-agent: Googlebot2\n"),
        "Googlebot",
        "/a.jpg",
        True,
        {"robotspy", "gpyrobotstxt"},
    ),
    "name inside a welcome one": (
        lambda body: body.replace("User-agent: GPTBot\n", "User-agent: GPTBot\nUser-agent: Google\n"),
        "Googlebot",
        "/a.jpg",
        True,
        {"urllib", "protego"},
    ),
    "Allow: / beside Disallow: /": (
        lambda body: body.replace("Disallow: /private/\nAllow: /\n", "Disallow: /\nAllow: /\n"),
        "Googlebot",
        "/a.jpg",
        False,
        {"protego", "robotspy", "gpyrobotstxt"},
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_form_turns_a_reader(mistake, readers, crawlers):
    """The file as written is read right by all; with the mistake, the readers named get it wrong."""
    mutate, token, path, meant, misled = MISTAKES[mistake]
    body = robots.render(STATEMENT, crawlers, disallow=["/private/"])
    mutated = mutate(body.decode()).encode()

    wrong = {name for name, read in readers.items() if read(mutated, [(token, path)]) != [meant]}

    assert mutated != body
    if mistake != "Allow: / beside Disallow: /":
        assert all(read(body, [(token, path)]) == [meant] for read in readers.values())
    if "urllib" in misled and "urllib" not in wrong:
        pytest.skip("this Python's urllib.robotparser has learned to read it")
    assert wrong == misled


def test_names_that_would_shut_out_a_welcome_crawler_are_left_out(reader, welcome):
    """A careless catalogue can not cost search traffic: such a name is not written."""
    careless = [
        ("Google", "ai_training"),
        ("bot", "ai_search"),
        ("Googlebot2", "ai_training"),
        ("mozilla", "ai_agent"),
        ("GPTBot", "ai_training"),
        *((token, "search_engine") for token in ("Googlebot", "bingbot", "Applebot")),
    ]

    answers = reader(robots.render(STATEMENT, careless), [*((token, "/a.jpg") for token in welcome), ("GPTBot", "/")])

    assert answers == [True] * len(welcome) + [False]
    assert robots.choose(STATEMENT, careless).left_out == ("bot", "Google", "Googlebot2", "mozilla")


def preferences(lines: list[str]) -> dict:
    """Read a group's Content-Usage lines as a strict reader does: joined, as one dictionary; or not at all."""
    values = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("content-usage:")]
    try:
        return {
            key: str(value)
            for key, (value, _) in http_sf.parse(", ".join(values).encode(), tltype="dictionary").items()
        }
    except ValueError:
        return {}


def test_content_usage_has_no_path(crawlers):
    """The lines of each group parse as one dictionary of tokens; a single line with a path would lose them all."""
    for group in robots.groups(STATEMENT, crawlers):
        lines = list(group.lines())

        assert preferences(lines) == {"train-ai": "n", "ai-use": "n", "search": "y"}
        assert preferences([*lines, "Content-Usage: /img/ train-ai=n"]) == {}


@given(path=st.text(max_size=60).map(lambda tail: "/" + tail))
def test_no_path_adds_a_line_or_opens_the_site(path):
    """Whatever is in a path to close, the file keeps its lines, its groups and its answers."""
    calm = robots.render(STATEMENT, [], disallow=["/x"]).decode("ascii").split("\n")

    body = robots.render(STATEMENT, [], disallow=[path])
    lines = body.decode("ascii").split("\n")

    assert [line.split(":")[0] for line in lines if not line.startswith("Allow")] == [
        line.split(":")[0] for line in calm if not line.startswith("Allow")
    ]
    written = next(line for line in lines[lines.index("User-agent: *") :] if line.startswith("Disallow: "))
    assert re.fullmatch(r"Disallow: /[!-~]*", written)
    assert "#" not in written


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/a b/ä#c", "/a%20b/%C3%A4%23c"),
        ("/100%/%41%zz", "/100%25/%41%25zz"),
        ("/x*.jpg$", "/x*.jpg$"),
        ("/a\r\nAllow: /", "/a%0D%0AAllow:%20/"),
        ("/**", "/"),
    ],
)
def test_a_path_is_percent_encoded(path, written):
    """Patterns keep their wildcards; what would end the path or the line is encoded (RFC 9309, section 2.2.3)."""
    assert f"\nUser-agent: *\nDisallow: {written}\n" in robots.render(STATEMENT, [], disallow=[path]).decode()


def test_a_path_that_a_parser_would_cut_is_refused():
    """Google's parser cuts long lines, which would close less or more than was said."""
    with pytest.raises(ConfigurationError, match="longer than 2000 characters"):
        robots.render(STATEMENT, [], disallow=["/" + "x" * robots.MAX_PATH])


@pytest.mark.parametrize("path", ["", "private", "*.jpg", "https://photo.example/a"])
def test_a_path_that_does_not_begin_with_a_slash_is_refused(path):
    """An empty Disallow line would permit everything."""
    with pytest.raises(ConfigurationError, match="does not begin with /"):
        robots.render(STATEMENT, [], disallow=[path])


@pytest.mark.parametrize(
    "url", ["/sitemap.xml", "https://photo.example/a b.xml", "https://photo.example/\nDisallow: /"]
)
def test_a_sitemap_that_is_not_a_url_is_refused(url):
    """A sitemap's address is written as it is, so it must be safe to write."""
    with pytest.raises(ConfigurationError, match="sitemap"):
        robots.render(STATEMENT, [], sitemaps=[url])


def _entries(value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        here = [(value["token"], value["purpose"])] if {"token", "purpose"} <= value.keys() else []
        return here + [entry for child in value.values() for entry in _entries(child)]
    return [entry for child in value for entry in _entries(child)] if isinstance(value, list) else []


RULE_FILES = sorted((Path(__file__).parents[2] / "rules" / "crawlers").glob("*.yaml"))


@pytest.mark.skipif(not RULE_FILES, reason="the catalogue's files are not there")
def test_the_shipped_catalogue_is_read_alike(reader, welcome):
    """With the crawlers that ship, every protected token is blocked and nobody welcome is."""
    catalogue = [entry for file in RULE_FILES for entry in _entries(yaml.safe_load(file.read_bytes()))]
    tokens = robots.choose(STATEMENT, catalogue)
    body = robots.render(STATEMENT, catalogue)

    answers = reader(
        body, [*((token, "/a.jpg") for token in tokens.protected), *((token, "/a.jpg") for token in welcome)]
    )

    assert len(tokens.protected) > 150
    assert answers == [False] * len(tokens.protected) + [True] * len(welcome), json.dumps(tokens.left_out)


def album(path: str, **stances: bool) -> Override:
    return Override(path=path, **{"train": False, "ai_use": False, "search": True, "tdm": False} | stances)


ALBUMS = {
    "a milder album": (
        Statement(paths=(album("/press/", train=True),)),
        [("GPTBot", "/press/a.jpg", True), ("GPTBot", "/a.jpg", False), ("ChatGPT-User", "/press/a.jpg", False)],
    ),
    "a stricter album": (
        Statement(train=True, ai_use=True, paths=(album("/private/", ai_use=True),)),
        [("GPTBot", "/private/a.jpg", False), ("GPTBot", "/a.jpg", True), ("ChatGPT-User", "/private/a.jpg", True)],
    ),
    "an album in an album": (
        Statement(paths=(album("/press/", train=True, ai_use=True), album("/press/new/"))),
        [("GPTBot", "/press/a.jpg", True), ("GPTBot", "/press/new/a.jpg", False), ("GPTBot", "/a.jpg", False)],
    ),
    "an album that is closed to everybody": (
        Statement(paths=(album("/hidden/press/", train=True),)),
        [("GPTBot", "/hidden/press/a.jpg", False), ("Googlebot", "/hidden/press/a.jpg", False)],
    ),
    "a closed path below a permitted album": (
        Statement(train=True, paths=(album("/private/"),)),
        [("GPTBot", "/hidden/a.jpg", False), ("GPTBot", "/private/a.jpg", False), ("GPTBot", "/a.jpg", True)],
    ),
    "an album out of the index": (
        Statement(paths=(album("/quiet/", search=False),)),
        [("Googlebot", "/quiet/a.jpg", True), ("GPTBot", "/quiet/a.jpg", False)],
    ),
}


@pytest.mark.parametrize(("statement", "answers"), ALBUMS.values(), ids=list(ALBUMS))
def test_a_path_with_answers_of_its_own_is_read_alike(reader, crawlers, statement, answers):
    """A reader of the first line that fits and a reader of the longest take the same one."""
    body = robots.render(statement, crawlers, disallow=["/hidden/"])

    assert reader(body, [(token, path) for token, path, _ in answers]) == [allowed for *_, allowed in answers]


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("ai_use", [False, True])
def test_every_statement_is_read_alike(reader, crawlers, welcome, train, ai_use):
    """Who may crawl follows the two answers that it can; search and tdm keep nobody out."""
    tokens = ("GPTBot", "CCBot", "Google-Extended", "FirecrawlAgent", "OAI-SearchBot", "ChatGPT-User", "NovaAct")
    for search, tdm in itertools.product((False, True), repeat=2):
        body = robots.render(Statement(train=train, ai_use=ai_use, search=search, tdm=tdm), crawlers)

        answers = reader(body, [(token, "/a.jpg") for token in (*tokens, *welcome)])

        assert answers == [train] * 4 + [ai_use] * 3 + [True] * len(welcome)


def test_a_site_that_permits_but_for_one_path_still_reserves_in_words(crawlers):
    """The law and the policy text are there as soon as one path needs them."""
    statement = Statement(train=True, ai_use=True, tdm=True, paths=(album("/private/", ai_use=True, tdm=True),))

    text = robots.render(statement, crawlers).decode()

    assert "44b(3)" in text
    assert "EXPRESS RESERVATIONS OF" in text
    assert "#   /private/  permitted: ai_use search tdm; reserved: train\n" in text


def test_nobody_is_in_two_groups(crawlers):
    """urllib forgets a second group of the same name, so a crawler stands in one, also where two purposes differ."""
    twice = (*crawlers, ("GPTBot", "ai_search"))

    body = robots.render(ALBUMS["a milder album"][0], twice).decode().lower()

    assert body.count("user-agent: gptbot\n") == 1
    assert body.count("user-agent: chatgpt-user\n") == 1
    assert body.count("disallow: /\n") == 2


def test_signals_are_never_written_with_a_path(crawlers):
    """However many albums there are: the lines of each group stay one dictionary."""
    statement = Statement(train=True, paths=(album("/a/"), album("/b/", train=True, search=False)))

    for group in robots.groups(statement, crawlers):
        assert preferences(list(group.lines())) == {"ai-use": "n"}


def test_without_a_host_there_is_no_licence_line(crawlers):
    """RSL wants an absolute address there; a relative one would be read as none, or as another."""
    assert "License" not in robots.render(Statement(holder="J"), crawlers).decode()
