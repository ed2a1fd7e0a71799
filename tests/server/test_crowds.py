"""Is a walk spread over many addresses seen, and are people who look a little like it left alone?"""

import random
from dataclasses import replace
from ipaddress import ip_address

import pytest

from guard.core.autonomous_systems import parse
from guard.core.classification import Conduct
from guard.core.facts import Kind
from guard.core.observation import Answered
from guard.errors import GuardError
from guard.server.crowds import NOBODY, CrowdWatch
from tests.support.captures import FULL, START, capture, names
from tests.support.people import CHANGES, changed, interleaved, no_referer, stripped_and_no_referer
from tests.support.world import World


@pytest.fixture
def world():
    one = World()
    yield one
    one.close()


def moved(facts, address):
    return replace(facts, client=replace(facts.client, address=ip_address(address)))


def aimed(facts, number):
    path = f"/albums/{number % 23}/p{number:05}.jpg"
    return replace(facts, target=path, path=path)


def scattered(number):
    """Addresses of as many networks."""
    return f"{11 + number % 180}.{number * 7 % 251}.{number * 13 % 241}.{1 + number % 250}"


def heads(name):
    """The heads with which a tool asked for pictures."""
    return [facts for _, facts, answered in capture(name).requests if answered.kind in FULL]


def walk(world, lines, *, clients=500, gap=2.0, address=scattered, chance=None, start=START, each=(1, 3), size=10**6):
    """Let clients take one to three pictures each of a list; return for each picture whether it was degraded."""
    chance = chance or random.Random(7)
    jobs = [client for client in range(clients) for _ in range(chance.randint(*each))]
    if each != (1, 1):
        # The work of one client is spread over the walk a little.
        jobs = sorted(jobs, key=lambda client: client + chance.uniform(0, 40))
    taken = []
    for place, client in enumerate(jobs):
        facts = moved(aimed(lines[client % len(lines)], place % size), address(client))
        believed = world.ask(start + place * gap, facts, Answered(kind=Kind.ORIGINAL, status=200), originals=size)
        taken.append(believed.suspect)
    return taken


def share_after_a_tenth(taken):
    later = taken[len(taken) // 10 :]
    return sum(later) / len(later)


IMPERSONATORS = {
    "Chrome": ["tool-curl-cffi-chrome"],
    "Firefox": ["tool-curl-cffi-firefox"],
    "Safari": ["tool-curl-cffi-safari"],
    "copied out of a browser": ["tool-curl-copied"],
    "three browsers": ["tool-curl-cffi-chrome", "tool-curl-cffi-firefox", "tool-curl-cffi-safari"],
    "a library": ["tool-requests"],
}


@pytest.mark.parametrize("who", IMPERSONATORS)
@pytest.mark.parametrize("gap", [0.2, 60.0])
def test_a_walk_by_five_hundred_addresses_is_seen(world, who, gap):
    """After the first tenth at least 60 % of the pictures come degraded, whatever browser the clients pretend to be."""
    lines = [facts for name in IMPERSONATORS[who] for facts in heads(name)[:1]]

    taken = walk(world, lines, gap=gap)

    assert not any(taken[:30])
    assert share_after_a_tenth(taken) >= 0.6, share_after_a_tenth(taken)


def test_a_walk_whose_clients_say_that_a_page_shows_the_picture_is_seen(world):
    """A forged Referer and Sec-Fetch-Site: a page of ours was never sent to that client."""
    facts = next(f for _, f, a in capture("person-slides").requests if a.kind in FULL)
    assert facts.header("sec-fetch-site") == "same-origin"

    assert share_after_a_tenth(walk(world, [facts])) >= 0.6


def test_a_walk_through_one_network_is_seen(world):
    """Two hundred addresses of one /24."""
    taken = walk(world, heads("tool-curl-cffi-chrome"), clients=200, address=lambda number: f"198.51.100.{number + 1}")

    assert share_after_a_tenth(taken) >= 0.6


def test_a_walk_in_rotation_over_a_small_portfolio_is_seen(world):
    """Three hundred originals, each taken three times."""
    assert share_after_a_tenth(walk(world, heads("tool-curl-cffi-chrome"), size=300)) >= 0.6


def visits(world, sessions, address, *, start=START, known=True):
    """Play sessions side by side; return the reasons for which anybody was suspect."""
    why = []
    numbered = [
        [(at, moved(facts, address(number)), answered) for at, facts, answered in requests]
        for number, requests in enumerate(sessions)
    ]
    for at, facts, answered in interleaved(numbered, random.Random(3)):
        believed = world.ask(start + at, facts, answered, known=known)
        if believed.suspect:
            why.append((facts.path, believed.why))
    return why


def albums_of(name, number):
    """Return a session that looks at other albums than all others do."""
    return [
        (at, replace(facts, target=f"/{number}{facts.target}", path=f"/{number}{facts.path}"), answered)
        if answered.kind in FULL
        else (at, facts, answered)
        for at, facts, answered in capture(name).requests
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_two_hundred_people_behind_one_address_are_clean(world, change):
    """Each with pages and whatever the network leaves of their lines."""
    people = names("person")
    sessions = [changed(albums_of(people[n % len(people)], n), CHANGES[change]) for n in range(200)]

    assert visits(world, sessions, lambda _: "203.0.113.9") == []


def viral(number, chance, change=lambda facts: facts):
    """Somebody who follows a link that goes round, to one of a few pictures that another site shows."""
    _, facts, answered = next(r for r in capture("person-slides").requests if r[2].kind in FULL)
    lines = {"referer": "https://forum.example/t/1", "sec-fetch-site": "cross-site"}
    headers = tuple((name, lines.get(name.lower(), value)) for name, value in facts.headers)
    picture = aimed(replace(facts, headers=headers), chance.randrange(12))
    return [(chance.uniform(0, 60), change(picture), answered)]


@pytest.mark.parametrize("change", [lambda facts: facts, no_referer, stripped_and_no_referer])
def test_five_hundred_visitors_of_a_viral_picture_are_clean(world, change):
    """With the other site's name, without it, and behind proxies that strip all: many people, few pictures."""
    chance = random.Random(5)
    sessions = [viral(number, chance, change) for number in range(500)]

    assert visits(world, sessions, scattered) == []


def test_visitors_of_a_viral_picture_stay_clean_while_a_walk_goes_on(world):
    """They come with the other site's name; the crowd that is suspected comes with none."""
    assert any(walk(world, heads("tool-curl-cffi-chrome")))
    chance = random.Random(5)
    sessions = [viral(number, chance) for number in range(200)]
    people = [list(capture(name).requests) for name in names("person") if "image-search" not in name]

    assert visits(world, sessions, lambda number: scattered(number + 3), start=START + 2500) == []
    assert visits(world, people, lambda number: f"203.0.113.{number + 1}", start=START + 2500) == []


def test_people_from_image_searches_are_no_crowd(world):
    """Hundreds of them, each with another picture, and nothing before it: the browser says that a link led here."""
    facts = next(f for _, f, a in capture("person-image-search").requests if a.kind in FULL)
    for number in range(600):
        answered = Answered(kind=Kind.ORIGINAL, status=200)
        assert not world.ask(START + 5 * number, moved(aimed(facts, number), scattered(number)), answered).suspect


def test_people_with_old_browsers_from_image_searches_are_no_crowd(world):
    """They name the search engine in Referer, which nothing attests; each is at an address of its own."""
    old = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/68.0.3440.106 Safari/537.36"
    facts = heads("tool-requests-copied-headers")[0]
    lines = tuple((name, old if name.lower() == "user-agent" else value) for name, value in facts.headers)
    for number in range(300):
        request = moved(aimed(replace(facts, headers=lines), number), scattered(number))
        assert not world.ask(START + 5 * number, request, Answered(kind=Kind.ORIGINAL, status=200)).suspect


def test_readers_of_a_feed_are_no_crowd(world):
    """Five hundred programs that bring their reader the twenty pictures of one feed."""
    chance = random.Random(9)
    facts = heads("tool-requests")[0]
    for number in range(500):
        for picture in chance.sample(range(20), 3):
            request = moved(aimed(facts, picture), scattered(number))
            assert not world.ask(START + 7 * number, request, Answered(kind=Kind.IMAGE, status=200)).suspect


def test_one_client_makes_no_crowd_of_those_who_look_like_it(world):
    """A bulk downloader with a thousand pictures beside thirty people with a link: only few of its pictures count."""
    facts = heads("tool-curl-cffi-chrome")[0]
    answered = Answered(kind=Kind.ORIGINAL, status=200)
    for number in range(1000):
        agent = tuple((k, f"{v} x{number}" if k.lower() == "user-agent" else v) for k, v in facts.headers)
        world.ask(START + number, moved(aimed(replace(facts, headers=agent), number), "198.51.100.5"), answered)

    for number in range(30):
        one = moved(aimed(facts, 5000 + number), scattered(number))
        assert not world.ask(START + 1000 + number, one, answered).suspect


def test_a_member_that_looks_at_a_page_is_none_any_more(world):
    """Whoever was taken for one of them by mistake is so only until the first page."""
    walk(world, heads("tool-curl-cffi-chrome"))
    at, address = START + 5000, "203.0.113.200"
    page, picture = (
        next(f for _, f, a in capture("person-tabs").requests if a.kind is Kind.PAGE),
        moved(aimed(heads("tool-curl-cffi-chrome")[0], 77777), address),
    )
    original = Answered(kind=Kind.ORIGINAL, status=200)
    assert world.ask(at, picture, original).suspect
    picture = replace(picture, headers=tuple(line for line in page.headers if line[0].lower() != "referer"))
    world.ask(at + 1, moved(page, address), Answered(kind=Kind.PAGE, status=200))

    assert not world.ask(at + 2, picture, original).suspect


def others(day):
    """Other clients than on other days."""
    return lambda number: scattered(number + 1000 * day)


def test_what_a_site_is_used_to_is_no_walk():
    """A site whose pages come from elsewhere: learnt in the learning week, and more than three times that is a walk."""
    world = World(learning_until=START + 7 * 86_400)
    lines = heads("tool-curl-cffi-chrome")
    for day in range(7):
        assert not any(walk(world, lines, clients=60, gap=700, start=START + day * 86_400, address=others(day)))
    calm = walk(world, lines, clients=60, gap=700, start=START + 7 * 86_400, address=others(7))
    wild = walk(world, lines, clients=500, gap=60, start=START + 9 * 86_400, address=others(9))
    world.close()

    assert not any(calm)
    assert any(wild)


def test_after_a_start_with_empty_tables_visitors_are_still_looking_at_pages():
    """Nobody remembers the pages that were sent before; so who says to come from one is believed for a while."""
    world = World()
    world.watch = CrowdWatch(world.crowds, since=START)
    facts = next(f for _, f, a in capture("person-slides").requests if a.kind in FULL)
    taken = walk(world, [facts], clients=200, gap=2)
    world.close()

    assert not any(taken)


def test_a_page_and_a_thumbnail_are_never_meant(world):
    """What is known to be no picture of full size is left alone, whoever asks."""
    walk(world, heads("tool-curl-cffi-chrome"))
    facts = moved(aimed(heads("tool-curl-cffi-chrome")[0], 1), "203.0.113.77")

    assert world.ask(START + 3000, facts, Answered(kind=Kind.THUMBNAIL, status=200), known=True) is NOBODY
    page = replace(facts, target="/", path="/", client=replace(facts.client, address=ip_address("203.0.113.78")))
    assert not world.ask(START + 3000, page, Answered(kind=Kind.PAGE, status=200)).suspect


def test_a_table_that_can_not_be_used_accuses_nobody(world, monkeypatch):
    """A fault of ours is nobody else's."""

    def broken(*_args, **_more):
        raise GuardError("broken")

    walk(world, heads("tool-curl-cffi-chrome"), clients=100)
    monkeypatch.setattr(world.crowds.table, "get", broken)
    monkeypatch.setattr(world.crowds.table, "update", broken)

    assert not any(walk(world, heads("tool-curl-cffi-chrome"), clients=100, start=START + 1000))


AGENTS = [
    *(f"Mozilla/5.0 (X11; Linux x86_64; rv:{major}.0) Gecko/20100101 Firefox/{major}.0" for major in range(135, 154)),
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(135, 154)),
    *(f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(135, 154)),
]


def named(facts, number):
    """Return the request under another browser's name."""
    agent = AGENTS[number % len(AGENTS)]
    lines = tuple((name, agent if name.lower() == "user-agent" else value) for name, value in facts.headers)
    return replace(facts, headers=lines)


def renamed(world, head, *, gap, count=36, pictures=36, start=START, address=lambda _: "198.51.100.5"):
    """Ask for one picture after the other under ever new names; return when it was marked, and when blocked."""
    marked, blocked = [], []
    for number in range(count):
        facts = moved(aimed(named(head, number), number % pictures), address(number))
        believed = world.ask(start + gap * number, facts, Answered(kind=Kind.ORIGINAL, status=200))
        marked.append(believed.suspect or world.conduct is not Conduct.CLEAN)
        blocked.append(world.conduct is Conduct.HOSTILE)
    return marked, blocked


@pytest.mark.parametrize("gap", [0.5, 60, 300])
def test_a_client_that_changes_its_name_with_every_picture_is_one_client(world, gap):
    """Header lines that bear out every single name: marked by the 15th picture, blocked by the 30th."""
    marked, blocked = renamed(world, heads("tool-curl-cffi-firefox")[0], gap=gap)

    assert all(marked[14:])
    assert all(blocked[29:])
    assert not any(blocked[:8])


def test_households_of_one_ipv6_network_are_not_judged_as_one(world):
    """A /48 has many customers of a provider in it: they may be suspect together, never blocked for each other."""
    head = heads("tool-curl-cffi-firefox")[0]
    _, blocked = renamed(world, head, gap=2, address=lambda number: f"2001:db8:1:{number:x}::7")
    marked_at_home, blocked_at_home = renamed(
        world, head, gap=2, start=START + 9 * 86_400, address=lambda number: f"2001:db8:1:1::{number:x}"
    )

    assert not any(blocked)
    assert all(marked_at_home[14:])
    assert all(blocked_at_home[29:])


def test_who_opens_links_from_a_messenger_behind_one_address_is_clean(world):
    """A telephone company's customers with one kind of browser: a dozen in two days, each with another picture."""
    marked, _ = renamed(world, heads("tool-curl-cffi-firefox")[0], gap=3600 * 4, count=12)

    assert not any(marked)


def test_colleagues_who_open_the_same_few_pictures_are_clean(world):
    """A mail with four links goes round in an office with browsers of all ages."""
    marked, _ = renamed(world, heads("tool-curl-cffi-firefox")[0], gap=20, pictures=4)

    assert not any(marked)


def test_one_who_changes_names_does_no_harm_to_visitors_behind_its_address(world):
    """They look alike line for line, but look at pages first, or came by a search."""
    renamed(world, heads("tool-curl-cffi-firefox")[0], gap=2)
    people = [list(capture(name).requests) for name in names("person") if "firefox" in name]
    search = [(at, replace(f, headers=f.headers), a) for at, f, a in capture("person-image-search").requests]

    assert people
    assert visits(world, [*people, search], lambda _: "198.51.100.5", start=START + 200) == []


def test_a_few_addresses_that_take_turns_are_seen_by_the_15th_picture(world):
    """Three of one network with the same browser; none of them alone has taken more than five."""
    head = heads("tool-curl-cffi-chrome")[0]
    marked = []
    for number in range(36):
        facts = moved(aimed(head, number), f"198.51.100.{number % 3}")
        believed = world.ask(START + 2 * number, facts, Answered(kind=Kind.ORIGINAL, status=200))
        marked.append(believed.suspect or world.conduct is not Conduct.CLEAN)

    assert all(marked[14:])
    assert not any(marked[:9])


def test_two_neighbours_with_one_kind_of_browser_are_no_team(world):
    """Each opens ten pictures by themselves, one in half an hour."""
    head = heads("tool-curl-cffi-chrome")[0]
    for number in range(12):
        facts = moved(aimed(head, number), f"198.51.100.{number % 2}")
        assert not world.ask(START + 1800 * number, facts, Answered(kind=Kind.ORIGINAL, status=200)).suspect


def test_a_walk_from_one_hosting_company_is_one():
    """Addresses of as many networks, all of one autonomous system; from as many systems these are too few to speak."""
    marked = []
    for apart in (False, True):
        systems = parse([f"{first}.0.0.0/8,{first if apart else 64500}" for first in range(1, 224)]).systems
        world = World(systems=systems)
        # Two kinds of lines under many names, so that no other group is large enough.
        head = heads("tool-curl-cffi-firefox")[0]
        taken = []
        for number in range(70):
            facts = moved(aimed(named(head, number), number), scattered(number))
            if number % 2:
                facts = replace(facts, headers=(*facts.headers[:3], ("DNT", "1"), *facts.headers[3:]))
            answered = Answered(kind=Kind.ORIGINAL, status=200)
            taken.append(world.ask(START + 30 * number, facts, answered).suspect)
        marked.append(taken)
        world.close()

    assert all(marked[0][45:])
    assert not any(marked[1])
