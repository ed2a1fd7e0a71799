"""Does a user agent name the crawler that it names, and no other?"""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.classification import HardFact, classify
from guard.core.crawlers import CATALOGUE_PURPOSES, TRUST, Catalogue, Crawler, Purpose, RobotsStance, TokenMatch
from guard.store.rule_files import load_catalogue, load_crawler_files, rules_root

PEOPLE = (Path(__file__).parent / "people_user_agents.txt").read_text(encoding="utf-8").splitlines()


def crawler(token: str, purpose: Purpose, match: TokenMatch = TokenMatch.SUBSTRING, **more) -> Crawler:
    """Return an entry with what the claims below are about."""
    return Crawler(
        id=token.lower().replace("/", "").replace(" ", "-"),
        token=token,
        operator="Example",
        purpose=purpose,
        match=match,
        robots=RobotsStance.TOKEN_ONLY if match is TokenMatch.NONE else RobotsStance.UNKNOWN,
        references=("https://crawler.example/",),
        checked=date(2026, 11, 22),
        **more,
    )


SMALL = Catalogue(
    [
        crawler("Goodsearch", Purpose.SEARCH_ENGINE),
        crawler("Goodsearch-Image", Purpose.SEARCH_ENGINE),
        crawler("Goodsearch-Extended", Purpose.AI_TRAINING, TokenMatch.NONE),
        crawler("SentiBot", Purpose.AI_DATASET),
        crawler("Previewer", Purpose.SOCIAL_PREVIEW),
        crawler("LinkCard", Purpose.SOCIAL_PREVIEW),
        crawler("dotbot", Purpose.SEO, TokenMatch.WORD),
        crawler("Yeti/", Purpose.SEARCH_ENGINE, TokenMatch.WORD),
        crawler("curl/", Purpose.HTTP_LIBRARY, TokenMatch.PREFIX),
        crawler("TwoPart Agent", Purpose.AI_AGENT, TokenMatch.NONE),
    ]
)


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """The catalogue that ships."""
    return load_catalogue(rules_root().path)


@pytest.mark.parametrize(
    ("user_agent", "crawler_id"),
    [
        pytest.param("Goodsearch/2.1", "goodsearch", id="alone"),
        pytest.param("Mozilla/5.0 (compatible; Goodsearch/2.1)", "goodsearch", id="behind a browser's prefix"),
        pytest.param("GOODSEARCH", "goodsearch", id="in capitals"),
        pytest.param("Goodsearch-Image/1.0", "goodsearch-image", id="a longer token hides the one inside it"),
        pytest.param("NotGoodsearch2", "goodsearch", id="a substring token inside a word"),
        pytest.param("Mozilla/5.0 (compatible; DotBot/1.1)", "dotbot", id="a word token between signs"),
        pytest.param("x-dotbot-y", "dotbot", id="a word token between hyphens"),
        pytest.param("dotbot", "dotbot", id="a word token that is everything"),
        pytest.param("(Yeti/1.1; Naver)", "yeti", id="a word token that ends in a slash"),
        pytest.param("Curl/8.5.0", "curl", id="a prefix token at the start"),
        pytest.param("\0\0 Goodsearch \udc80\xff", "goodsearch", id="between bytes that are no text"),
    ],
)
def test_a_token_is_found_where_its_entry_says(user_agent, crawler_id):
    """Case does not matter, place matters as the entry says."""
    sighting = SMALL.find(user_agent)

    assert sighting.crawler is not None
    assert sighting.crawler.id == crawler_id
    assert sighting.claimed == sighting.crawler.token.removesuffix("/")
    assert sighting.purpose is sighting.crawler.purpose
    assert not sighting.forged_token
    assert sighting.also == ()


@pytest.mark.parametrize(
    ("user_agent", "crawler_id"),
    [
        pytest.param("mydotbot/1.0", "dotbot", id="letters before a word token"),
        pytest.param("dotbots/1.0", "dotbot", id="letters behind a word token"),
        pytest.param("dotbot_2", "dotbot", id="an underscore behind a word token"),
        pytest.param("SierraYeti/1.0", "yeti", id="letters before a token with a slash"),
        pytest.param("Mozilla/5.0 libcurl/7.58.0", "curl", id="a prefix token further back"),
        pytest.param(" curl/8.0", "curl", id="a prefix token behind a space"),
        pytest.param("x" * 512 + "Goodsearch", "goodsearch", id="behind the 512th character"),
        pytest.param("Goodsearc\u212a Goodsearc\u0127", "goodsearch", id="letters that only look alike"),
    ],
)
def test_a_token_is_not_found_elsewhere(user_agent, crawler_id):
    """Near misses stay near misses."""
    sighting = SMALL.find(user_agent)

    assert crawler_id not in {found.id for found in (sighting.crawler, *sighting.also) if found}


def test_the_kelvin_sign_is_not_a_k():
    """Lower case in Unicode would turn U+212A into an ASCII k and so make a token out of nothing."""
    catalogue = Catalogue([crawler("Kraken", Purpose.SEO)])

    assert catalogue.find("Kraken").crawler is not None
    assert catalogue.find("\u212araken").crawler is None


def test_of_several_tokens_the_least_trusted_purpose_counts():
    """Whoever adds a search engine's name to its own stays what it is."""
    sighting = SMALL.find("Goodsearch Previewer SentiBot www.example.eu (compatible with Goodsearch)")

    assert sighting.crawler is not None
    assert sighting.crawler.id == "sentibot"
    assert [found.id for found in sighting.also] == ["goodsearch", "previewer"]


@pytest.mark.parametrize(
    ("user_agent", "crawler_id"),
    [("LinkCard (like Previewer)", "linkcard"), ("Previewer (like LinkCard)", "previewer")],
)
def test_of_equals_the_first_counts(user_agent, crawler_id):
    """Products stand in decreasing order of significance."""
    sighting = SMALL.find(user_agent)

    assert sighting.crawler is not None
    assert sighting.crawler.id == crawler_id
    assert len(sighting.also) == 1


@pytest.mark.parametrize(
    ("user_agent", "claimed", "also"),
    [
        pytest.param("Mozilla/5.0 (X11; Linux) Goodsearch-Extended", "Goodsearch-Extended", [], id="alone"),
        pytest.param("goodsearch-extended/1.0", "Goodsearch-Extended", [], id="not as the token inside it"),
        pytest.param("Goodsearch TwoPart agent", "TwoPart Agent", ["goodsearch"], id="beside a search engine"),
        pytest.param("SentiBot Goodsearch-Extended", "SentiBot", ["goodsearch-extended"], id="beside a worse one"),
    ],
)
def test_a_token_of_robots_txt_in_a_user_agent_is_forged(user_agent, claimed, also):
    """Nobody honest sends a name that exists in robots.txt only, whichever entry counts in the end."""
    sighting = SMALL.find(user_agent)

    assert sighting.forged_token
    assert sighting.claimed == claimed
    assert [found.id for found in sighting.also] == also


@pytest.mark.parametrize(
    ("user_agent", "claimed"),
    [
        pytest.param("EvilBot/1.0 (compatible with Goodsearch)", "EvilBot", id="before it"),
        pytest.param("Mozilla/5.0 (compatible; Goodsearch; new-Crawler/2)", "new-Crawler", id="behind it"),
        pytest.param("Previewer evilspider", "evilspider", id="beside a link preview"),
    ],
)
def test_an_unknown_bot_that_borrows_a_good_name_is_an_unknown_bot(user_agent, claimed):
    """The catalogue does not know it, but what it claims beside its own name is not what it is."""
    sighting = SMALL.find(user_agent)

    assert sighting.purpose is Purpose.UNKNOWN_DECLARED_BOT
    assert sighting.crawler is None
    assert sighting.claimed == claimed
    assert len(sighting.also) == 1


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param("Mozilla/5.0 (compatible; Goodsearch/2.1; +http://good.example/bot.html)", id="address"),
        pytest.param("Mozilla/5.0 (compatible; Goodsearch/2.1; +http://good.example/the-crawler)", id="address' end"),
        pytest.param("Goodsearch-Video-Bot/1.0", id="the rest of its own word"),
        pytest.param("Goodsearch/1.0 (mail@goodbot.example)", id="the host of a mailbox"),
        pytest.param("Goodsearch Mozilla/5.0 (Linux; Android 4.2.2; CUBOT X6)", id="a telephone"),
    ],
)
def test_a_search_engine_is_not_outweighed_by_its_own_words(user_agent):
    """An address in the field often holds the word bot; the search traffic must not be lost over that."""
    assert SMALL.find(user_agent).purpose is Purpose.SEARCH_ENGINE


@pytest.mark.parametrize(
    ("user_agent", "purpose"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", Purpose.BROWSER),
        ("NewAI-Bot/1.0", Purpose.UNKNOWN_DECLARED_BOT),
        ("VLC/3.0.20 LibVLC/3.0.20", Purpose.UNKNOWN),
        ("Mozilla/5.0", Purpose.UNKNOWN),
        ("-", Purpose.UNKNOWN),
        ("", Purpose.UNKNOWN),
    ],
)
def test_what_names_no_crawler_is_a_bot_a_browser_or_unknown(user_agent, purpose):
    """Only an unknown bot claims something."""
    sighting = SMALL.find(user_agent)

    assert sighting.crawler is None
    assert sighting.purpose is purpose
    assert bool(sighting.claimed) == (purpose is Purpose.UNKNOWN_DECLARED_BOT)


@pytest.mark.parametrize(
    ("user_agent", "word"),
    [
        ("NewAI-Bot/1.0", "ai"),
        ("Mozilla/5.0 (compatible; Newcomer/1.0; +https://newcomer.ai/bot)", "newcomer.ai"),
        ("GPT-Spider/1.0 (compatible with Goodsearch)", "gpt"),
        ("PixelBot/1.0", ""),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AI-Browser Firefox/144.0", ""),
        ("VLC/3.0.20 AI", ""),
    ],
)
def test_an_unknown_bot_may_say_that_it_is_of_the_ai_trade(user_agent, word):
    """Only a bot that the catalogue does not know: of all others it knows better, and people's programs are spared."""
    sighting = SMALL.find(user_agent)

    assert sighting.says_ai == word
    assert (HardFact.SAYS_AI in classify(sighting).facts) is bool(word)


def test_a_sibling_of_known_ai_crawlers_says_ai():
    """Only where its operator runs nothing else, and not after that operator was forgotten."""
    files, _ = load_crawler_files(rules_root().path)
    crawlers = [one for file in files for one in file.crawlers]

    assert Catalogue(crawlers).find("Anthropic-Sitecheck/1.0 (crawler)").says_ai == "anthropic"
    assert not Catalogue(crawlers).find("Google-Sitecheck/1.0 (crawler)").says_ai
    less = Catalogue([one for one in crawlers if one.operator != "Anthropic"])
    assert not less.find("Anthropic-Sitecheck/1.0 (crawler)").says_ai


def test_every_purpose_has_its_place_in_the_order_of_trust():
    """The collections that others train on are trusted least, a search engine most of all crawlers."""
    assert len(CATALOGUE_PURPOSES) == 23
    assert min(TRUST, key=TRUST.__getitem__) is Purpose.IMAGE_DATASET
    assert max(CATALOGUE_PURPOSES, key=TRUST.__getitem__) is Purpose.SEARCH_ENGINE
    assert TRUST[Purpose.AI_DATASET] < TRUST[Purpose.UNKNOWN_DECLARED_BOT] < TRUST[Purpose.SOCIAL_PREVIEW]


@pytest.mark.parametrize(
    ("published", "verifiable"),
    [({}, False), ({"ranges": ("a",)}, True), ({"rdns": ("*.a.example",)}, True), ({"signature_agent": "x"}, True)],
)
def test_a_crawler_is_verifiable_if_its_operator_publishes_something(published, verifiable):
    """Addresses, names or keys, each is enough."""
    assert crawler("Goodsearch", Purpose.SEARCH_ENGINE, **published).verifiable is verifiable


def test_an_empty_catalogue_finds_nobody():
    """A guard without crawlers still tells bots from browsers."""
    catalogue = Catalogue([])

    assert catalogue.find("GPTBot/1.0").purpose is Purpose.UNKNOWN_DECLARED_BOT
    assert catalogue.get("openai-gptbot") is None
    assert repr(catalogue) == "<Catalogue of 0 crawlers>"


def test_an_entry_is_found_by_its_id():
    """Records name crawlers by id."""
    found = SMALL.get("sentibot")

    assert found is not None
    assert found.token == "SentiBot"


HOSTILE = [
    pytest.param("A" * 65536, id="64 KiB of a letter"),
    pytest.param("bot" * 22000, id="64 KiB of bot"),
    pytest.param("Googlebot" * 8000, id="64 KiB of tokens"),
    pytest.param("Googlebot,GPTBot;" * 4000, id="64 KiB of different tokens"),
    pytest.param("a@" * 32768, id="64 KiB of mailboxes"),
    pytest.param("+a." * 22000, id="64 KiB of host names"),
    pytest.param("Googlebot aspider" + "aspider" * 9000, id="64 KiB of spiders"),
    pytest.param("Mozilla/5.0 (" * 5000, id="64 KiB of open brackets"),
    pytest.param("(Linux; Android 9; " + "x" * 65000, id="an endless model"),
    pytest.param("\udcff" * 65536, id="64 KiB of surrogate escapes"),
    pytest.param("\0" * 65536, id="64 KiB of NUL"),
    pytest.param("İ" * 65536, id="64 KiB of a letter whose lower case is two"),
]


@pytest.mark.parametrize("user_agent", HOSTILE)
def test_a_hostile_field_costs_little(shipped, user_agent):
    """No field buys more than 5 ms of processor time, some twenty times what the worst of these costs."""
    shipped.find(user_agent)
    best = min(_seconds(shipped, user_agent) for _ in range(5))

    assert best < 0.005


def _seconds(catalogue: Catalogue, user_agent: str) -> float:
    start = time.thread_time()
    catalogue.find(user_agent)
    return time.thread_time() - start


@given(st.text(st.characters(codec=None), max_size=700))
def test_any_text_is_answered_in_bounds(text):
    """Whatever is sent, the answer is whole, and what it shows is short and harmless."""
    sighting = SMALL.find(text)

    assert len(sighting.claimed) <= 40
    assert all(character.isascii() and character.isprintable() for character in sighting.claimed)
    assert len({found.id for found in sighting.also}) == len(sighting.also) <= len(SMALL.crawlers)
    assert (sighting.claimed == "") == (sighting.purpose in {Purpose.BROWSER, Purpose.UNKNOWN})
    assert sighting.crawler not in sighting.also
    assert SMALL.find(text[:512]) == sighting


@given(
    st.lists(
        st.sampled_from(
            [found.token for found in SMALL.crawlers] + ["/1.0", " ", "x", "-", "EvilBot", "http://a.example"]
        ),
        max_size=12,
    )
)
def test_tokens_in_any_order_follow_the_order_of_trust(parts):
    """No arrangement of tokens makes a sender more trusted than the least trusted one that counts."""
    sighting = SMALL.find("".join(parts))

    named = [found for found in (sighting.crawler, *sighting.also) if found]
    assert all(TRUST[sighting.purpose] <= TRUST[found.purpose] for found in named)
    assert sighting.forged_token == any(found.match is TokenMatch.NONE for found in named)


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_people_are_not_taken_for_crawlers(shipped, user_agent):
    """Neither the catalogue nor the lexer touches the software of people."""
    sighting = shipped.find(user_agent)

    assert sighting.purpose in {Purpose.BROWSER, Purpose.UNKNOWN}, sighting
    assert sighting.claimed == ""
    assert sighting.also == ()
