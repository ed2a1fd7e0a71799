"""Two files become one that allows nobody more than either of them, in the eyes of parsers that others wrote."""

import random
import re

import http_sf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.errors import ReservationError
from guard.reservation import robots
from guard.reservation.robots_file import read
from guard.reservation.robots_merge import merge
from guard.reservation.statement import Override, Statement
from tests.reservation.conftest import CRAWLERS, READERS, Reader

STATEMENT = Statement(holder="Jane Doe", base_url="https://photo.example")
FEW = [
    (token, purpose) for token, purpose in CRAWLERS if token in ("GPTBot", "CCBot", "AI2Bot", "Scrapy/", "img2dataset")
]
OURS = robots.render(STATEMENT, FEW, disallow=["/works-abc/", "/private/"])
MILDER = robots.render(
    Statement(
        base_url="https://photo.example",
        paths=(
            Override(path="/a/", train=True, ai_use=False, search=True, tdm=False),
            Override(path="/album/", train=False, ai_use=True, search=True, tdm=False),
        ),
    ),
    FEW,
    disallow=["/works-abc/", "/private/"],
)
"""With parts that some crawlers may have."""

NAMES = ("Googlebot", "googlebot-image", "bingbot", "GPTBot", "CCBot", "Foo", "Foobar", "AI2Bot", "Scrapy", "Some_Bot")
PATHS = (
    "/", "/a", "/a/b.jpg", "/wp-admin/", "/wp-admin/admin-ajax.php", "/works-abc/x.html", "/works-abc/", "/private/x",
    "/private", "/album/2/photo.webp?size=full", "/%C3%A4", "/x%20y", "/index.html", "/a/index.html",
)  # fmt: skip
PATTERNS = (
    "/", "/*", "/a", "/a/", "/a/b", "/*.jpg$", "/wp-admin/", "/wp-admin/admin-ajax.php", "/works-abc/x", "/works",
    "/private/x.html", "/p*e/", "*", "/album/*/photo", "/*?size=", "/ä", "/%c3%a4", "/a/index.html", "/$",
    "/works-abc/*.html$", "/pri%76ate/x", "",
)  # fmt: skip


def generated(chance: random.Random, *, repeats: bool) -> str:
    """Return a file as sites have them: any order, any case, wildcards, records of all kinds, repeated names."""
    lines = []
    unused = [*NAMES, "*"]
    for _ in range(chance.randint(0, 5)):
        names = chance.sample((*NAMES, "*") if repeats else unused, min(chance.randint(1, 3), len(unused)))
        names = ["*"] if "*" in names else names  # urllib forgets the names beside it
        unused = [name for name in unused if name not in names] or unused[:0]
        if not names:
            break
        lines += [
            f"{chance.choice(('User-agent', 'user-agent', 'USER-AGENT'))}:{chance.choice((' ', ''))}{n}" for n in names
        ]
        for _ in range(chance.randint(1, 5)):
            word = chance.choice(("Disallow", "Disallow", "disallow", "Allow", "allow"))
            lines.append(f"{word}: {chance.choice(PATTERNS)}{chance.choice(('', '', ' # why', '  '))}")
        lines += chance.sample(
            ("Crawl-delay: 10", "Content-Signal: search=yes, ai-train=no", "Noindex: /b", "# a comment",
             "Unknown: record",
             "Sitemap: https://photo.example/s.xml", "Content-Usage: train-ai=n", "License: https://photo.example/l"),
            chance.randint(0, 3),
        )  # fmt: skip
        lines += [""] * chance.randint(0, 2)
    return chance.choice(("\n", "\r\n")).join(lines) + chance.choice(("", "\n"))


def opened(reader: Reader, upstream: str, queries: list[tuple[str, str]], mine: bytes = OURS) -> list[tuple[str, str]]:
    """Return the queries that the merged file allows and one of the two files does not."""
    merged = merge(mine, read(upstream.encode())).body
    answers = zip(
        queries,
        reader(merged, queries),
        reader(upstream.encode(), queries),
        reader(mine, queries),
        strict=True,
    )
    return [query for query, both, theirs, ours in answers if both and not (theirs and ours)]


QUERIES = [(name, path) for name in (*NAMES, "Unnamed", "img2dataset") for path in PATHS]


# urllib forgets a second group of the same name, and robotspy gives it to others; what they read is not what is meant.
@pytest.mark.parametrize(
    ("name", "repeats"), [("urllib", False), ("protego", True), ("robotspy", False), ("gpyrobotstxt", True)]
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
def test_the_merged_file_allows_nobody_more_than_either_file(name: str, repeats: bool, chance: random.Random):
    """For every name and path: what it allows is allowed by the site's own file and by ours."""
    upstream = generated(chance, repeats=repeats)

    assert opened(READERS[name], upstream, QUERIES, chance.choice((OURS, MILDER))) == [], upstream


def test_npm_reads_it_so_too():
    """The same claim over files of fixed seeds, for a parser that is slow to start."""
    for seed in range(4):
        assert opened(READERS["npm"], generated(random.Random(seed), repeats=True), QUERIES) == []


def merged(upstream: str | bytes) -> str:
    """Return the merged file without its first comment."""
    body = upstream if isinstance(upstream, bytes) else upstream.encode()
    return merge(OURS, read(body)).body.decode().split("\n\n", 1)[1]


def group(text: str, name: str) -> list[str]:
    """Return the lines of the group that names this user agent."""
    return next(
        block.split("\n")
        for block in text.rstrip("\n").split("\n\n")
        if f"user-agent: {name}\n".lower() in block.lower() + "\n"
    )


SIGNALS = [
    "Content-Usage: train-ai=n, ai-use=n, search=y",
    "Content-Signal: search=yes, ai-input=no, ai-train=no",
    "License: https://photo.example/rsl.xml",
]


def test_nothing_to_merge_gives_our_file():
    """An empty file of the site's, or one that only says how often to come, changes no rule."""
    assert merge(OURS, read(b"")).body == OURS
    assert merged("User-agent: *\nDisallow:\n") == OURS.decode().split("\n\n", 1)[1]


def test_the_sites_own_rules_stay_and_everybodys_closed_paths_are_added():
    """Search engines keep what they were told, in the order that all parsers read alike."""
    text = merged(
        "User-agent: Googlebot\nAllow: /wp-admin/admin-ajax.php\nDisallow: /wp-admin/\nCrawl-delay: 5\n\n"
        "User-agent: *\nDisallow: /cart/\n\nSitemap: https://photo.example/sitemap.xml\n"
    )

    assert group(text, "Googlebot") == [
        "User-agent: Googlebot", "Disallow: /works-abc/", "Disallow: /private/", "Disallow: /wp-admin/",
        "Allow: /wp-admin/admin-ajax.php", "Crawl-delay: 5", *SIGNALS,
    ]  # fmt: skip
    assert group(text, "*")[1:] == [
        "Disallow: /works-abc/", "Disallow: /private/", "Disallow: /cart/", "Allow: /", *SIGNALS,
    ]  # fmt: skip
    assert text.endswith("\n\nSitemap: https://photo.example/sitemap.xml\n")


@pytest.mark.parametrize("name", ["GPTBot", "gptbot", "GPTBot/1.1", "CCBot"])
def test_what_the_site_opens_for_a_crawler_that_we_refuse_stays_closed(name: str):
    """The rights statement decides, and the owner is told."""
    upstream = f"User-agent: {name}\nAllow: /\nDisallow: /tmp/\n"
    found = merge(OURS, read(upstream.encode()))

    assert group(found.body.decode(), name)[-4:] == ["Disallow: /", *SIGNALS]
    assert f"the group of {name} is closed".lower() in found.findings[0].lower()


def test_an_allow_line_that_might_open_what_we_close_is_left_out():
    """`/works-abc/x` is longer than `/works-abc/` and would win; `/$` is another path and stays."""
    text = merged("User-agent: *\nDisallow: /\nAllow: /works-abc/x\nAllow: /*.html\nAllow: /$\nAllow: /a\n")

    assert group(text, "*")[1:] == [
        "Disallow: /works-abc/",
        "Disallow: /private/",
        "Disallow: /",
        "Allow: /$",
        "Allow: /a",
        *SIGNALS,
    ]


def test_a_reserving_answer_of_the_site_stays_on_one_line():
    """`no` and `n` of either file; a line with a path would make a strict reader drop all of them."""
    text = merged(
        "User-agent: *\nContent-Usage: search=n, train-ai=y\nContent-Usage: /x train-ai=y\nDisallow: /x\n"
        "Content-signal: search=no, use=reference\n"
    )
    usage, signal, _ = group(text, "*")[-3:]

    preferences = http_sf.parse(usage.partition(": ")[2].encode(), tltype="dictionary")
    assert {key: str(value[0]) for key, value in preferences.items()} == {"train-ai": "n", "ai-use": "n", "search": "n"}
    assert signal == "Content-Signal: search=no, ai-input=no, ai-train=no"


def test_every_group_has_rules_first_one_signal_of_each_kind_and_no_gap():
    """The form that all parsers read alike, whatever the site's own file looks like."""
    for seed in range(60):
        text = merge(OURS, read(generated(random.Random(seed), repeats=True).encode())).body.decode()
        names = []
        for block in text.rstrip("\n").split("\n\n"):
            keys = [line.partition(":")[0] for line in block.split("\n") if not line.startswith("#")]
            if "User-agent" in keys:
                assert re.fullmatch(
                    "(User-agent )+(Disallow )*(Allow )*((?!Allow|Disallow|User-agent|Content-|License)\\S+ )*"
                    "Content-Usage Content-Signal (License )?", " ".join(keys) + " ",
                )  # fmt: skip
                assert keys.count("Disallow") + keys.count("Allow") > 0
                names += [line[12:].lower() for line in block.split("\n") if line.startswith("User-agent: ")]
        assert len(names) == len(set(names)) > 0
        assert names[-1] == "*"


def test_the_comments_of_the_sites_own_file_stay():
    """Where it is managed by somebody else they may be its reservation, as those of Content Signals are."""
    text = merged(
        "# ANY RESTRICTIONS EXPRESSED VIA CONTENT SIGNALS\n# ARE EXPRESS RESERVATIONS\nUser-agent: *\nDisallow: /x\n"
    )

    assert text.startswith("# The comments of the site's own robots.txt:\n# ANY RESTRICTIONS EXPRESSED VIA")


def test_a_file_too_long_to_be_read_is_not_made():
    """Crawlers would read its beginning only; whoever serves it keeps the last good one."""
    upstream = "".join(f"User-agent: bot-{n}\nDisallow: /{n}\n\n" for n in range(6000))

    with pytest.raises(ReservationError, match="crawlers read 512,000"):
        merge(OURS, read(upstream.encode()))


def test_long_comments_go_before_rules_do():
    """A file near the limit loses its comments and no rule."""
    upstream = "# why\n" * 150 + "User-agent: *\n" + "".join(f"Disallow: /{n:06}{'x' * 490}\n" for n in range(1000))
    body = merge(OURS, read(upstream.encode())).body

    assert body.count(b"\nDisallow: /0") == 1000
    assert len(body) <= 512_000
