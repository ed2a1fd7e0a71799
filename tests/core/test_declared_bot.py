"""Does a user agent that says it is a program get noticed, and does one of a person get spared?"""

import json
from importlib.resources import files
from pathlib import Path

import crawleruseragents
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.declared_bot import MAX_MATCHED, find_declared_bot, find_other_bot, fold, looks_like_browser
from guard.store.rule_files import load_catalogue, rules_root

PEOPLE = (Path(__file__).parent / "people_user_agents.txt").read_text(encoding="utf-8").splitlines()
BROWSERS = sorted(
    {
        json.loads(line)["useragent"]
        for line in (files("fake_useragent") / "data" / "browsers.jsonl").read_text(encoding="utf-8").splitlines()
    }
)
BOTS = sorted({text for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for text in entry["instances"]})
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 9; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "word"),
    [
        pytest.param("NewAI-Bot/1.0", "NewAI-Bot", id="a name that ends in bot"),
        pytest.param("Mozilla/5.0 (compatible; newbots; x)", "newbots", id="a name that ends in bots"),
        pytest.param(f"{CHROME} (compatible; some_bot_/1)", "some_bot_", id="bot before an underscore"),
        pytest.param(f"{CHROME} MegaCrawler/2", "MegaCrawler", id="a crawler"),
        pytest.param(f"{CHROME} Chrome-Lighthouse", "Chrome-Lighthouse", id="a word of the trade"),
        pytest.param("Mozilla/5.0 (compatible; Fancy/1.0; +https://fancy.example/)", "Fancy", id="an address"),
        pytest.param("Mozilla/5.0 (compatible; Fancy/1.0; me@fancy.example)", "Fancy", id="a mailbox"),
        pytest.param(f"{CHROME} PrintFriendly.com", "PrintFriendly.com", id="a host name"),
        pytest.param("Mozilla/5.0 (compatible; Page/1.0; +http://a.example/bots)", "Page", id="bot in the address"),
        pytest.param(f"{CHROME} (Fancy, https://www.fancy.example)", "www.fancy.example", id="a browser's dress"),
        pytest.param("Mozilla/5.0 (compatible; Best Bot; x)", "Best Bot", id="a name of two words"),
        pytest.param("Mozilla/5.0 (compatible; +https://a.example/)", "a.example", id="an address and no name"),
        pytest.param("Mozilla/5.0 (compatible; Attracta)", "Attracta", id="no platform, in a comment"),
        pytest.param("Faraday v2.7", "Faraday", id="no platform, a library"),
        pytest.param("Zapier", "Zapier", id="no platform, one word"),
        pytest.param(f"{CHROME}; Newcomer-User/1.0", "Newcomer-User", id="sent by a user"),
        pytest.param(f"{CHROME} (compatible; SomeAgent-Sailor)", "SomeAgent-Sailor", id="an agent with a name"),
        pytest.param("Pinterest/0.2 (+https://www.pinterest.com/bot.html)", "Pinterest", id="people's program, as bot"),
        pytest.param(PHONE.format("Pixel 9") + " (compatible; phone-bot)", "phone-bot", id="behind a telephone"),
        pytest.param("evil\x1b[31mbot\u202e/1", "31mbot", id="nothing that a terminal acts on"),
        pytest.param("x" * 100 + "bot", "x" * 40, id="a long name is cut"),
    ],
)
def test_a_declared_bot_is_found_by_its_word(user_agent, word):
    """Four ways to say it: a name, a word of the trade, an address, no platform."""
    assert find_declared_bot(user_agent) == word


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param(PHONE.format("CUBOT X19"), id="CUBOT is a telephone"),
        pytest.param(PHONE.format("SpiderBot 3 Build/PPR1"), id="a model may have any name"),
        pytest.param(PHONE.format("Scraper Http Crawler"), id="whatever name"),
        pytest.param(
            "Mozilla/5.0 (Linux; U; Android 4.1; de-de; Bot Build/X) AppleWebKit/534", id="model with a locale"
        ),
        pytest.param(f"{CHROME} robotics/1.0".replace("robotics", "abotics"), id="bot inside a word"),
        pytest.param("Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1", id="a text browser names its library"),
        pytest.param("XBMC/9.04 r19840 (Mac OS X; Darwin 9.6.0; http://www.xbmc.org)", id="a player with an address"),
        pytest.param("App/1 (Android 13; com.example.app)", id="a package name is no host name"),
        pytest.param("Mozilla/5.0 (Unheard of TV) AppleWebKit/537.36 (KHTML, like Gecko)", id="a television"),
        pytest.param("Mozilla/5.0", id="a browser's first word alone"),
        pytest.param("", id="nothing"),
        pytest.param("\0\xff\udc80 ;;; ()", id="noise"),
        *(pytest.param(text, id=f"people {number}") for number, text in enumerate(PEOPLE, 1)),
    ],
)
def test_what_declares_nothing_is_spared(user_agent):
    """A person's software is never a bot because of a telephone's name, a library or an old habit."""
    assert find_declared_bot(user_agent) == ""


def test_no_browser_is_taken_for_a_bot():
    """Held against every distinct browser string of fake-useragent: none is a bot, all look like browsers."""
    assert len(BROWSERS) > 500
    assert [text for text in BROWSERS if find_declared_bot(text)] == []
    assert [text for text in BROWSERS if not looks_like_browser(text)] == []


def test_most_bots_that_the_catalogue_does_not_know_are_noticed():
    """At least 97 of 100 bots of crawler-user-agents that no entry names; among the rest are people's apps."""
    catalogue = load_catalogue(rules_root().path)
    unnamed = [text for text in BOTS if (found := catalogue.find(text)).crawler is None and not found.also]
    noticed = [text for text in unnamed if find_declared_bot(text)]

    assert len(unnamed) > 1000
    assert len(noticed) / len(unnamed) >= 0.97


def test_people_with_a_platform_look_like_browsers():
    """Old telephones and televisions included; apps and players need not."""
    assert [
        text for text in PEOPLE if text.startswith(("Mozilla", "Opera", "Lynx")) and not looks_like_browser(text)
    ] == []


@pytest.mark.parametrize(
    "user_agent", ["curl/8.0", "GPTBot/1.0", "Mozilla/5.0", "Mozilla/5.0 (compatible; x)", "", "Bot"]
)
def test_programs_do_not_look_like_browsers(user_agent):
    """A browser names its platform first."""
    assert not looks_like_browser(user_agent)


def test_folding_keeps_length_and_place():
    """A place in the folded text is the same place in the field, or the shown word would be another."""
    text = "Ab\u212a\u0130\udcff\0" + "Z" * 600

    assert fold(text) == "ab???\0" + "z" * (MAX_MATCHED - 6)


@pytest.mark.parametrize(
    ("user_agent", "other"),
    [
        pytest.param("EvilBot/1.0 like Googlebot", "EvilBot", id="another name"),
        pytest.param("Googlebot-EvilBot/1.0", "", id="the same word"),
        pytest.param("Googlebot (https://a.example/evilbot)", "", id="an address"),
        pytest.param("Googlebot evilbotany", "", id="bot inside a word"),
        pytest.param("Googlebot CUBOT X6", "", id="a telephone"),
    ],
)
def test_another_bot_beside_a_known_name_is_found(user_agent, other):
    """Only a name of its own counts."""
    start = user_agent.index("Googlebot")

    assert find_other_bot(user_agent, [(start, start + len("Googlebot"))]) == other


@given(st.text(st.characters(codec=None), max_size=MAX_MATCHED + 20))
def test_any_text_gives_a_short_harmless_word(text):
    """The word is shown on terminals and pages."""
    for word in (find_declared_bot(text), find_other_bot(text, [(0, min(3, len(text)))])):
        assert len(word) <= 40
        assert word.isprintable()
        assert word.isascii()
        assert not set(word) & set("<>\"'`$\\;")
