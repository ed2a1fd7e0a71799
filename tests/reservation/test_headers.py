"""Do the header lines reach the readers that exist, and does merging never weaken them?"""

import http.client
import io
import itertools

import datadiligence
import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation import headers
from guard.reservation.offer import PURPOSES, Offer
from guard.reservation.statement import Statement

STATEMENT = Statement(holder="Jane Doe", base_url="https://photo.example")
POLICY = "https://photo.example/.well-known/guard/terms"
OURS = headers.lines(STATEMENT)


def response(lines) -> http.client.HTTPResponse:
    """Return what the standard library's client makes of a response with these header lines."""

    class Wire:
        def makefile(self, *_: object) -> io.BytesIO:
            head = "".join(f"{name}: {value}\r\n" for name, value in lines)
            return io.BytesIO(f"HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode("latin-1"))

    answer = http.client.HTTPResponse(Wire())  # type: ignore[arg-type]
    answer.begin()
    return answer


def downloader_skips(lines, token: str = "") -> bool:
    """Read X-Robots-Tag as img2dataset does: each line cut at its first colon, what stands before it is an agent."""
    for name, value in lines:
        if name.lower() == "x-robots-tag":
            agent, colon, directives = value.partition(":")
            words = {word.strip().lower() for word in (directives if colon else value).split(",")}
            if words & {"noai", "noimageai", "noindex", "noimageindex"} and (not colon or agent.lower() == token):
                return True
    return False


def test_the_lines_are_these_in_this_order():
    """The defaults cost seven lines, 318 bytes for this host, spelled as readers look for them."""
    assert OURS == (
        ("X-Robots-Tag", "noai, noimageai"),
        ("X-Robots-Tag", "noarchive"),
        ("tdm-reservation", "1"),
        ("tdm-policy", POLICY),
        ("Content-Usage", "train-ai=n, ai-use=n, search=y"),
        ("content-signal", "search=yes, ai-input=no, ai-train=no"),
        ("Link", '<https://photo.example/rsl.xml>; rel="license"; type="application/rsl+xml"'),
    )
    assert sum(len(f"{name}: {value}\r\n") for name, value in OURS) == 318


@pytest.mark.parametrize("stances", list(itertools.product((True, False), repeat=4)), ids=str)
def test_no_statement_costs_more_than_400_bytes(stances):
    """For a host name of 33 characters, with an offer where there can be one."""
    answers = dict(zip(("train", "ai_use", "search", "tdm"), stances, strict=True))
    offers = tuple(Offer(purpose=name, url="https://a.example/") for name in PURPOSES if not answers[name])
    statement = Statement(base_url=f"https://{'x' * 25}.example", offers=offers, **answers)

    assert sum(len(f"{name}: {value}\r\n") for name, value in headers.lines(statement)) <= 400


@pytest.mark.parametrize(
    ("stances", "words"),
    [
        ({}, ["noai, noimageai", "noarchive"]),
        ({"ai_use": True}, ["noai, noimageai", "nocache"]),
        ({"train": True}, []),
        ({"train": True, "search": False}, ["noindex, noimageindex"]),
        ({"search": False}, ["noai, noimageai", "noarchive", "noindex, noimageindex"]),
    ],
    ids=["both reserved", "answers permitted", "training permitted", "only search reserved", "all reserved"],
)
def test_bing_is_told_what_the_statement_says(stances, words):
    """`noarchive` keeps content out of training and answers, `nocache` out of training; both at once are `nocache`."""
    lines = headers.lines(Statement(**stances))

    assert [value for name, value in lines if name == "X-Robots-Tag"] == words


def test_a_reserved_search_is_a_line_of_its_own_without_a_colon():
    """noindex is what search engines read, and stands behind the line for downloaders."""
    lines = headers.lines(Statement(holder="J", search=False))

    assert lines[:3] == (
        ("X-Robots-Tag", "noai, noimageai"),
        ("X-Robots-Tag", "noarchive"),
        ("X-Robots-Tag", "noindex, noimageindex"),
    )


def test_nothing_reserved_says_so():
    """With four permissions there is no directive and no policy, and the answers are 0 and y."""
    lines = headers.lines(Statement(holder="J", train=True, ai_use=True, search=True, tdm=True))

    assert lines == (
        ("tdm-reservation", "0"),
        ("Content-Usage", "train-ai=y, ai-use=y, search=y"),
        ("content-signal", "search=yes, ai-input=yes, ai-train=yes"),
        ("Link", '</rsl.xml>; rel="license"; type="application/rsl+xml"'),
    )


def test_datadiligence_says_no():
    """The library that data-set makers use refuses a response with our lines, by either of them alone too."""
    by_robots = [line for line in OURS if line[0] == "X-Robots-Tag"]
    by_tdm = [line for line in OURS if line[0].startswith("tdm-")]

    assert datadiligence.is_allowed(response=response([])) is True
    assert datadiligence.is_allowed(response=response(OURS)) is False
    assert datadiligence.is_allowed(response=response(by_robots)) is False
    assert datadiligence.is_allowed(response=response(by_tdm)) is False
    assert datadiligence.rules.TDMRepHeader().is_allowed(headers=dict(by_tdm)) is False


def test_datadiligence_needs_our_spelling():
    """Capitals in the value or, in a plain dict, in the name would be missed: the tests above can fail."""
    assert datadiligence.is_allowed(response=response([("X-Robots-Tag", "NoAI, NoImageAI")])) is True
    assert datadiligence.is_allowed(response=response([("X-Robots-Tag", "noai; noimageai")])) is True
    assert datadiligence.rules.TDMRepHeader().is_allowed(headers={"TDM-Reservation": "1"}) is True


def test_a_downloader_of_data_sets_skips():
    """The noai line is found by a reader that cuts lines at a colon; joined with another directive it would not be."""
    upstream = [("X-Robots-Tag", "max-image-preview:none"), ("X-Robots-Tag", "otherbot: noindex")]

    assert downloader_skips(headers.merge(upstream, OURS))
    assert not downloader_skips(upstream)
    assert not downloader_skips([("X-Robots-Tag", "noai, noimageai, max-image-preview:none")])
    assert not downloader_skips([("X-Robots-Tag", "max-image-preview:none, noai")])


def test_a_reader_of_the_first_line_alone_sees_noai():
    """http.client gives the first line of a name, so the upstream's line comes second."""
    merged = headers.merge([("x-robots-tag", "max-image-preview:large")], OURS)

    assert response(merged).headers["X-Robots-Tag"] == "noai, noimageai"


def test_content_usage_is_a_structured_dictionary_of_tokens():
    """An independent RFC 9651 parser reads y and n as tokens, not as text or truth values."""
    parsed = http_sf.parse(dict(OURS)["Content-Usage"].encode(), tltype="dictionary")

    assert {key: (type(value), str(value)) for key, (value, _) in parsed.items()} == {
        "train-ai": (http_sf.Token, "n"),
        "ai-use": (http_sf.Token, "n"),
        "search": (http_sf.Token, "y"),
    }


PERMITTED = headers.lines(Statement(holder="J", train=True, ai_use=True, search=True, tdm=True))


@pytest.mark.parametrize(
    ("upstream", "ours", "expected"),
    [
        ([], OURS, OURS),
        ([("Content-Type", "image/jpeg"), ("Server", "x")], OURS, OURS),
        (
            [("X-Robots-Tag", "max-image-preview:large"), ("x-robots-tag", "googlebot: noindex")],
            OURS,
            (*OURS[:2], ("X-Robots-Tag", "max-image-preview:large"), ("X-Robots-Tag", "googlebot: noindex"), *OURS[2:]),
        ),
        ([("X-Robots-Tag", "NoAI,noimageai"), ("X-Robots-Tag", " ")], OURS, OURS),
        ([("TDM-Reservation", "0"), ("tdm-policy", "https://other.example/")], OURS, OURS),
        ([("tdm-reservation", "1"), ("tdm-policy", "https://other.example/")], OURS, OURS),
        (
            [("TDM-Reservation", "1"), ("TDM-Policy", "https://other.example/")],
            PERMITTED,
            (("tdm-reservation", "1"), ("tdm-policy", "https://other.example/"), *PERMITTED[1:]),
        ),
        ([("tdm-reservation", "0"), ("tdm-reservation", "1")], PERMITTED, (("tdm-reservation", "1"), *PERMITTED[1:])),
        ([("tdm-reservation", "yes"), ("tdm-policy", "https://other.example/")], PERMITTED, PERMITTED),
        ([("Content-Usage", "train-ai=y, search=y")], OURS, OURS),
        (
            [("content-usage", "search=n, train-genai=n, bots=y")],
            OURS,
            (*OURS[:4], ("Content-Usage", "train-ai=n, ai-use=n, search=n, train-genai=n"), *OURS[5:]),
        ),
        (
            [("Content-Usage", "train-ai=n;x=1"), ("Content-Usage", "train-ai=y")],
            PERMITTED,
            (PERMITTED[0], ("Content-Usage", "train-ai=n, ai-use=y, search=y"), *PERMITTED[2:]),
        ),
        ([("Content-Usage", 'search="n", train-ai=?0, ai-use')], OURS, OURS),
        ([("Content-Usage", r'x="a,search=n,b", y="\",search=n,b"')], OURS, OURS),
        (
            [("Content-Signal", "search=no,use=reference"), ("content-signal", "ai-train=yes, tdm=no")],
            OURS,
            (*OURS[:5], ("content-signal", "search=no, ai-input=no, ai-train=no, tdm=no"), OURS[6]),
        ),
        (
            [("X-Robots-Tag", "nosnippet, nocache"), ("X-Robots-Tag", "nocache"), ("X-Robots-Tag", "bingbot: nocache")],
            OURS,
            (*OURS[:2], ("X-Robots-Tag", "nosnippet"), ("X-Robots-Tag", "bingbot: nocache"), *OURS[2:]),
        ),
        ([("Link", "</style.css>; rel=preload")], OURS, OURS),
        ([("X-Robots-Tag", "a\r\nb"), ("tdm-policy", "x\x00"), ("Content-Usage", "search=n\n")], OURS, OURS),
    ],
    ids=[
        "nothing upstream",
        "other fields",
        "its directives follow",
        "its equal directives go",
        "it permits mining",
        "it reserves too: one policy",
        "it alone reserves: its policy",
        "it says both",
        "it says nonsense",
        "it permits training",
        "it reserves search and an old label",
        "it says both of training",
        "other types mean unknown",
        "a comma in a string",
        "signals",
        "nocache would undo noarchive",
        "its links are not ours to merge",
        "control characters",
    ],
)
def test_of_two_answers_the_stricter_stays(upstream, ours, expected):
    """The upstream can add to the reservation and never take from it, and no field gives two answers."""
    assert headers.merge(upstream, ours) == expected


NAMES = st.sampled_from(
    ["X-Robots-Tag", "tdm-reservation", "TDM-Reservation", "tdm-policy", "Content-Usage", "Content-Signal", "Link"]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["0", "1", "noai", "all", "https://other.example/p", "train-ai=y, ai-use=y", "search=n", 'a="']),
)
STANCES = st.sampled_from(list(itertools.product((True, False), repeat=4)))


def usage(lines) -> dict[str, str]:
    value = next(value for name, value in lines if name == "Content-Usage")
    return {key: str(answer) for key, (answer, _) in http_sf.parse(value.encode(), tltype="dictionary").items()}


@given(upstream=st.lists(st.tuples(NAMES, VALUES), max_size=6), stances=STANCES)
def test_nothing_from_upstream_weakens_or_contradicts(upstream, stances):
    """Whatever the upstream sends: our lines stay first, every n stays n, and there is one answer a field."""
    train, ai_use, search, tdm = stances
    ours = headers.lines(Statement(holder="J", train=train, ai_use=ai_use, search=search, tdm=tdm))

    merged = headers.merge(upstream, ours)

    names = [name for name, _ in merged]
    robots = [line for line in merged if line[0] == "X-Robots-Tag"]
    mine = [line for line in ours if line[0] == "X-Robots-Tag"]
    assert robots[: len(mine)] == mine
    assert names.count("tdm-reservation") == names.count("Content-Usage") == names.count("content-signal") == 1
    assert [line for line in merged if line[0] == "Link"] == [line for line in ours if line[0] == "Link"]
    assert names.count("tdm-policy") <= 1
    assert dict(merged)["tdm-reservation"] >= dict(ours)["tdm-reservation"]
    before, after = usage(ours), usage(merged)
    assert {label for label, answer in before.items() if answer == "n"} <= {
        label for label, answer in after.items() if answer == "n"
    }
    assert headers.merge(merged, ours) == merged
    assert not any(character in value for _, value in merged for character in "\r\n\x00")
