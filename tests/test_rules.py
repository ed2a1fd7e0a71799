"""Do the rules that ship say what they mean, and does every entry match what it must and spare what it must?"""

import json
import re
from importlib.resources import files
from pathlib import Path

import crawleruseragents
import pytest
import yaml

from guard.core.crawlers import CATALOGUE_PURPOSES, Catalogue, TokenMatch
from guard.store.rule_files import load_crawler_files, rules_root
from guard.yaml12 import load

ROOT = rules_root().path
FILES, RANGES = load_crawler_files(ROOT)
CATALOGUE = Catalogue([crawler for file in FILES for crawler in file.crawlers])
CASES = [cases for file in FILES for cases in file.cases]
LISTS = {
    "ai-robots-txt/ai.robots.txt",
    "arcjet/well-known-bots",
    "matomo-org/device-detector",
    "monperrus/crawler-user-agents",
    "TecharoHQ/anubis",
    "PyPI ai-crawler-index",
    "PyPI gallery-dl",
    "PyPI is-crawler",
}
# Written only in robots.txt: the four names that no client of their operator sends.
TOKEN_ONLY = {"ChatGPT Agent", "Google-Extended", "Googlebot-News", "Applebot-Extended"}
BROWSERS = sorted(
    {
        json.loads(line)["useragent"]
        for line in (files("fake_useragent") / "data" / "browsers.jsonl").read_text(encoding="utf-8").splitlines()
    }
)
PEOPLE = (Path(__file__).parent / "core" / "people_user_agents.txt").read_text(encoding="utf-8").splitlines()
AI_PURPOSES = {"image_dataset", "scraper_platform"} | {
    str(purpose) for purpose in CATALOGUE_PURPOSES if purpose.startswith("ai_")
}


@pytest.mark.parametrize("cases", CASES, ids=lambda cases: cases.crawler_id)
def test_an_entry_matches_its_cases_and_spares_the_others(cases):
    """The rows of the entry itself: whom it must name, and whom it must leave alone."""
    for user_agent in cases.match:
        sighting = CATALOGUE.find(user_agent)
        assert sighting.crawler is not None, user_agent
        assert sighting.crawler.id == cases.crawler_id, user_agent
        assert not sighting.forged_token, user_agent
    for user_agent in cases.no_match:
        sighting = CATALOGUE.find(user_agent)
        named = {crawler.id for crawler in (sighting.crawler, *sighting.also) if crawler}
        assert cases.crawler_id not in named, user_agent


@pytest.mark.parametrize("token", sorted(TOKEN_ONLY))
def test_a_token_that_is_never_sent_is_forged_in_a_user_agent(token):
    """A user agent that carries it convicts itself, with the purpose of the entry."""
    sighting = CATALOGUE.find(f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {token.swapcase()}/1.0")

    assert sighting.forged_token
    assert sighting.crawler is not None
    assert sighting.crawler.token == sighting.claimed == token
    assert sighting.crawler.match is TokenMatch.NONE


def test_only_the_names_that_are_never_sent_are_token_only():
    """Another one would call an honest crawler a forger."""
    assert {crawler.token for crawler in CATALOGUE.crawlers if crawler.match is TokenMatch.NONE} == TOKEN_ONLY


def test_the_catalogue_has_at_least_250_tokens_for_every_purpose():
    """Ids and tokens are unique, and no purpose is an empty word."""
    assert len({crawler.token.lower() for crawler in CATALOGUE.crawlers}) == len(CATALOGUE.crawlers) >= 250
    assert len({crawler.id for crawler in CATALOGUE.crawlers}) == len(CATALOGUE.crawlers)
    assert {crawler.purpose for crawler in CATALOGUE.crawlers} == set(CATALOGUE_PURPOSES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file.document.file).stem)
def test_every_reference_is_an_operators_page_or_a_known_list(file):
    """Nothing is cited that nobody can open; an entry without reference says so in its note."""
    for crawler in file.crawlers:
        assert crawler.references or "named by none" in crawler.note
        assert all(reference in LISTS or re.match(r"https://", reference) for reference in crawler.references)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.yaml")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_rule_file_reads_alike_in_old_and_new_yaml(path):
    """No value may mean one thing in YAML 1.1 and another in 1.2: editors and other programs read these files too."""
    if path.parent.name == "policies":
        return
    new = next((file.document.value for file in FILES if file.document.file.endswith(f"/{path.name}")), None)
    old = yaml.safe_load(path.read_text(encoding="utf-8"))

    if path.name == "behaviour.yaml" or path.parent.name == "profiles":
        assert old == load(path.read_bytes(), path.name).value
    elif new is None:
        assert set(old["ranges"]) == set(RANGES.ranges)
    else:
        assert old == new


def test_every_address_list_is_used():
    """A list that no crawler names would be fetched for nothing, or an entry has lost its proof."""
    used = {name for crawler in CATALOGUE.crawlers for name in crawler.ranges}

    # Amazon publishes its own three lists; every other one belongs to a crawler too.
    assert used == set(RANGES.ranges)


def test_every_signing_origin_is_a_crawlers():
    """Whoever signs is in the catalogue under the same origin."""
    signing = {crawler.signature_agent for crawler in CATALOGUE.crawlers if crawler.signature_agent}

    assert signing == {agent.origin for agent in RANGES.signing_agents}


def test_no_entry_touches_a_browser():
    """Held against every browser string of fake-useragent: not one hit."""
    assert len(BROWSERS) > 500
    assert [(text, CATALOGUE.find(text)) for text in BROWSERS if CATALOGUE.find(text).purpose != "browser"] == []


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_no_entry_touches_the_software_of_people(user_agent):
    """Browsers that are called like crawlers, in-app browsers, telephones, televisions, players, gallery apps."""
    sighting = CATALOGUE.find(user_agent)

    assert sighting.crawler is None
    assert sighting.also == ()


def test_almost_every_known_ai_crawler_is_named_as_one():
    """Of the AI strings of crawler-user-agents at least 98 in 100 have an AI purpose, and every one is a bot."""
    strings = [
        text
        for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA
        if "ai-crawler" in entry["tags"]
        for text in entry["instances"]
    ]
    purposes = [CATALOGUE.find(text).purpose for text in strings]

    assert len(strings) > 50
    assert sum(purpose in AI_PURPOSES for purpose in purposes) / len(purposes) >= 0.98
    assert not {"browser", "unknown"} & set(purposes)


def test_at_least_98_of_100_known_bots_are_bots():
    """Catalogue and lexer together, over all strings of crawler-user-agents; some of the rest are people's apps."""
    strings = {text for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for text in entry["instances"]}
    missed = [text for text in strings if CATALOGUE.find(text).purpose in {"browser", "unknown"}]

    assert len(strings) > 1500
    assert len(missed) / len(strings) <= 0.02
