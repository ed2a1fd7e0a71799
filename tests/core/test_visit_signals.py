"""What is odd about the pictures that a client took, and how it came to them?"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from guard.core.facts import Kind
from guard.core.observation import Answered
from guard.core.signals import SignalId
from tests.core.test_header_signals import CHROME, HINTS, IMAGE, PAGE, without
from tests.support.captures import capture, judge, names, play, rules
from tests.support.facts import request

NAVIGATION = PAGE | {"Sec_Fetch_Site": "none"}
LIST = {"User_Agent": "ExampleApp/2.0", "Accept": "image/*", "Accept_Language": "en", "Accept_Encoding": "gzip, br"}
"""A program that asks for pictures, one after the other, and says nothing else about itself."""


def fired(requests: Iterable, **arguments) -> set[SignalId]:
    """Return every signal that spoke while `requests` were played."""
    return {one.id for step in play(list(requests), judge(), **arguments) for one in step.verdict.fired}


def pictures(count: int, *, gap=2.0, headers=LIST, name="/o/p{}.jpg", step=7, **more):
    for number in range(count):
        facts = request(name.format(number * step % 1009), **headers)
        yield gap * number, facts, Answered(kind=Kind.ORIGINAL, **{"status": 200, **more})


def sizes(count, **more):
    """Four sizes of one picture after the other."""
    for number, (at, facts, answered) in enumerate(pictures(count, **more)):
        target = f"/o/p{number // 4}-{('300x200', '768x512', '1024x683', 'full')[number % 4]}.jpg"
        yield at, replace(facts, target=target, path=target), answered


def pages(count: int, *, method="GET", status=200, kind=Kind.PAGE, headers=PAGE, path="/album-{}"):
    for number in range(count):
        yield 3.0 * number, request(path.format(number), method=method, **headers), Answered(kind=kind, status=status)


def paced(count: int, *gaps: float):
    at = 0.0
    for number, (_, facts, answered) in enumerate(pictures(count)):
        at += gaps[number % len(gaps)]
        yield at, facts, answered


SCENES = {
    SignalId.PAGES_WITHOUT_PARTS: (pages(5), pages(2)),
    SignalId.HEAD_SWEEP: (pages(8, method="HEAD"), pages(3, method="HEAD")),
    SignalId.MISSING_ADDRESSES: (pages(20, status=404, kind=Kind.OTHER), pages(5, status=404, kind=Kind.OTHER)),
    SignalId.BREADTH: (pictures(60), pictures(40)),
    SignalId.DATASET_ORDER: (pictures(20, step=1), pictures(20, step=101)),
    SignalId.SIZE_ENUMERATION: (sizes(12), pictures(20, name="/o/p{}-1024x683.jpg")),
    SignalId.NO_REVISITS: (pictures(120, gap=1), pictures(120, gap=1, status=304)),
    SignalId.REGULAR_GAPS: (paced(20, 5, 5.2), paced(20, 2, 9, 31, 4, 75)),
    SignalId.SUSTAINED_RATE: (pictures(260, gap=0.5), pictures(260, gap=30)),
    SignalId.WENT_ON: (pictures(20, refused=True), pictures(20)),
    SignalId.PICTURES_WITHOUT_PAGES: (pictures(10), pictures(4)),
    SignalId.NO_REFERER: (pictures(10), pictures(10, headers=IMAGE)),
    SignalId.NAVIGATION_TO_PICTURES: (pictures(10, headers=NAVIGATION), pictures(3, headers=NAVIGATION)),
    SignalId.PICTURE_IN_PAGE: (pictures(3, headers=IMAGE), pictures(3)),
    SignalId.OLD_PROTOCOL: (
        [(at, replace(facts, version="1.0"), answered) for at, facts, answered in pages(4)],
        pages(4),
    ),
    SignalId.ILLEGAL_FETCH_METADATA: (pages(1, headers=PAGE | {"Sec_Fetch_Site": "?1"}), pages(3)),
    SignalId.CONTRADICTING_CLIENT_HINTS: (pages(2, headers=PAGE | {"Sec_CH_UA": HINTS.replace("156", "99")}), pages(3)),
    SignalId.CONTRADICTING_PLATFORM: (pages(2, headers=PAGE | {"Sec_CH_UA_Platform": '"Windows"'}), pages(3)),
    SignalId.MISSING_CLIENT_HINTS: (pages(2, headers=without(PAGE, "Sec_CH_UA")), pages(3)),
    SignalId.FORGED_FORWARDING: (pages(2, headers=PAGE | {"X_Forwarded_For": "10.0.0.1"}), pages(3)),
    SignalId.ROBOTS_READ: (
        [(0.0, request("/robots.txt", **PAGE), Answered(kind=Kind.OTHER, status=200, robots_digest=b"12345678")),
         *pages(2)],
        pages(2),
    ),
}  # fmt: skip
ELSEWHERE = {SignalId.ROBOTS_BREACH, SignalId.DECOY, SignalId.CONNECTION_CONTRADICTS, SignalId.ONE_GREETING}
"""Told by the caller; in test_conduct."""


@pytest.mark.parametrize("signal", SCENES)
def test_a_signal_fires_where_it_must_and_only_there(signal):
    """Every scene that shows the oddity has one beside it that just does not."""
    odd, ordinary = SCENES[signal]

    assert signal in fired(odd)
    assert signal not in fired(ordinary)


def test_pictures_whose_addresses_name_no_size_are_no_sizes():
    """Nor is one picture that is asked for again and again."""
    assert SignalId.SIZE_ENUMERATION not in fired(pictures(30))
    assert SignalId.SIZE_ENUMERATION not in fired(pictures(30, name="/o/p7-1024x683.jpg"))


CASES = [(signal.id, name, True) for signal in rules().signals for name in signal.fires] + [
    (signal.id, name, False) for signal in rules().signals for name in signal.spares
]


@pytest.mark.parametrize(("signal", "name", "expected"), CASES, ids=str)
def test_a_signal_keeps_the_cases_of_its_entry(signal, name, expected):
    """The captures that the rule file names: it fires in these and spares those."""
    assert (signal in fired(capture(name).requests, originals=60)) is expected


def test_every_signal_is_shown_somewhere():
    """A signal that fires nowhere is a claim that nobody has checked."""
    shown = {signal.id for signal in rules().signals if signal.fires}

    assert shown | set(SCENES) | ELSEWHERE == set(SignalId)


@pytest.mark.parametrize("name", names("person"))
def test_nothing_speaks_against_a_person(name):
    """Below one nat at any moment, also where the portfolio is small; what speaks for people does."""
    speaking = {
        (one.id, round(one.level, 2))
        for step in play(capture(name).requests, judge(), originals=60)
        for one in step.verdict.fired
        if one.level > 1
    }

    assert speaking == set()


def test_a_small_portfolio_is_not_half_gone_first():
    """With 40 originals on the site, four pictures from nowhere are what ten are elsewhere."""
    assert SignalId.PICTURES_WITHOUT_PAGES not in fired(pictures(5))
    assert SignalId.PICTURES_WITHOUT_PAGES in fired(pictures(5), originals=40)


def test_a_share_of_the_portfolio_counts():
    """Thirty of sixty originals are half a life's work; thirty of ten thousand are not."""
    assert SignalId.PORTFOLIO_SHARE in fired(pictures(30), originals=60)
    assert SignalId.PORTFOLIO_SHARE not in fired(pictures(30), originals=10_000)
    assert SignalId.PORTFOLIO_SHARE not in fired(pictures(30, headers=IMAGE), originals=60)


def test_a_hotlink_and_a_reader_in_the_web_are_people():
    """Pictures that another site's page shows have no page of ours, and that is as it should be."""
    elsewhere = IMAGE | {"Sec_Fetch_Site": "cross-site", "Referer": "https://forum.example/"}
    old = without(elsewhere, "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest", "Sec_CH_UA")
    old = old | {"User_Agent": CHROME.replace("156", "68")}

    for headers in (elsewhere, old, without(elsewhere, "Referer")):
        assert SignalId.PICTURES_WITHOUT_PAGES not in fired(pictures(40, headers=headers))
        assert SignalId.DATASET_ORDER not in fired(pictures(40, headers=headers, step=1))


def test_a_program_that_claims_no_browser_is_given_a_feed():
    """Library headers under an honest name are nobody's lie: thirty pictures before they are held against it."""
    plain = {"User_Agent": "ExampleReader/1.0", "Accept": "*/*"}

    assert SignalId.LIBRARY_HEADERS not in fired(pictures(28, headers=plain))
    assert SignalId.LIBRARY_HEADERS in fired(pictures(40, headers=plain))
    assert SignalId.LIBRARY_HEADERS in fired(pictures(3, headers={"User_Agent": CHROME, "Accept": "*/*"}))


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.IMAGE, 200), (Kind.THUMBNAIL, 200), (Kind.PAGE, 404), (Kind.OTHER, 404)]
)
def test_an_icon_beside_a_bare_picture_excuses_nothing(kind, status):
    """Browsers ask for it by themselves, so a driven one does too; it may be no picture but a page that says 404."""
    icon = request("/favicon.ico", **IMAGE)
    bulk = [
        one
        for at, facts, answered in pictures(12, headers=NAVIGATION)
        for one in ((at, facts, answered), (at + 0.1, icon, Answered(kind=kind, status=status)))
    ]

    assert SignalId.NAVIGATION_TO_PICTURES in fired(bulk[:12])
    assert SignalId.PICTURES_WITHOUT_PAGES in fired(bulk)


UNTOLD = without(IMAGE, "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest", "Sec_CH_UA", "Sec_CH_UA_Platform")
"""What an add-on and a stripping proxy leave of a browser's request for a picture in a page."""
SEARCHED = PAGE | {"Sec_Fetch_Site": "cross-site", "Referer": "https://images.search.example/"}
VISIT = [*pictures(60, headers=IMAGE)]
TYPED = [(200 + at, facts, answered) for at, facts, answered in pictures(15, headers=NAVIGATION)]
SHOWN = [*pictures(15, headers=UNTOLD)]
OPENED = [*pictures(15, headers=UNTOLD | {"Accept": "text/html"})]
SPARED = {
    "an add-on that hides the page": (SignalId.NO_REFERER, pictures(20, headers=UNTOLD)),
    "the sizes of one picture": (SignalId.DATASET_ORDER, pictures(20, name="/{}/p7.jpg")),
    "an image search": (SignalId.NAVIGATION_TO_PICTURES, pictures(14, headers=SEARCHED)),
    "typed addresses after a visit": (SignalId.NAVIGATION_TO_PICTURES, VISIT + TYPED),
    "originals beside what a cached page shows": (
        SignalId.NAVIGATION_TO_PICTURES,
        [one for pair in zip(SHOWN, OPENED, strict=True) for one in pair],
    ),
}


@pytest.mark.parametrize(("signal", "requests"), SPARED.values(), ids=SPARED)
def test_what_people_do_is_spared(signal, requests):
    """Each of these looks like the signal at first sight."""
    assert signal not in fired(requests)


def test_what_nobody_does_is_not_spared():
    """Thirty pictures from a search; and a visit whose lines contradict themselves excuses nothing."""
    forged = UNTOLD | {"Accept": "text/html", "Sec_CH_UA": HINTS.replace("156", "99")}
    style = (0.5, request("/style.css", **forged), Answered(kind=Kind.OTHER, status=200))

    assert SignalId.NAVIGATION_TO_PICTURES in fired(pictures(35, headers=SEARCHED))
    assert SignalId.NAVIGATION_TO_PICTURES in fired([*pages(1, headers=forged), style, *pictures(12, headers=forged)])
