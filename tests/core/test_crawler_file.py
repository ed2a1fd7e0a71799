"""Does a file of the catalogue become crawlers, and does every mistake get its place?"""

from datetime import date

import pytest

from guard.core.crawler_file import check_together, parse
from guard.core.crawlers import Purpose, RobotsStance, TokenMatch
from guard.errors import ConfigurationError
from guard.yaml12 import load

GOOD = """\
operator: Example
references:
  - "https://example.org/bots"
  - "owner/repository"
crawlers:
  - id: example-bot
    token: ExampleBot
    purpose: ai_training
    robots: documented
    match: word
    verification:
      ranges: [example-list]
      rdns: ["crawl-*.bot.example.org"]
      signature_agent: "https://bot.example.org"
    note: a note
    checked: "2026-11-22"
    cases:
      match: ["ExampleBot/1.0"]
      no-match: ["MyExampleBot/1.0"]
referrers: [search.example.org]
"""
SECOND = """\
operator: Second
references: []
crawlers:
  - id: second-bot
    token: SecondBot
    purpose: seo
    robots: unknown
    note: found in a log
    checked: "2026-11-22"
    cases: {match: ["SecondBot"], no-match: ["Second"]}
"""


def parsed(text: str, name: str = "rules/crawlers/example.yaml"):
    """Return the parsed file."""
    return parse(load(text.encode(), name))


def faults_of(text: str) -> list[str]:
    """Return the faults of a file as a person reads them."""
    with pytest.raises(ConfigurationError) as caught:
        parsed(text)
    return [str(fault) for fault in caught.value.faults]


def test_a_good_file_becomes_typed_crawlers():
    """Every key arrives as what it is."""
    file = parsed(GOOD)

    (crawler,) = file.crawlers
    assert file.operator == crawler.operator == "Example"
    assert file.referrers == ("search.example.org",)
    assert (crawler.id, crawler.token) == ("example-bot", "ExampleBot")
    assert crawler.purpose is Purpose.AI_TRAINING
    assert crawler.robots is RobotsStance.DOCUMENTED
    assert crawler.match is TokenMatch.WORD
    assert crawler.ranges == ("example-list",)
    assert crawler.rdns == ("crawl-*.bot.example.org",)
    assert crawler.signature_agent == "https://bot.example.org"
    assert crawler.references == ("https://example.org/bots", "owner/repository")
    assert crawler.checked == date(2026, 11, 22)
    assert crawler.note == "a note"
    assert file.cases[0].match == ("ExampleBot/1.0",)
    assert file.cases[0].no_match == ("MyExampleBot/1.0",)


def test_what_is_left_out_has_a_default():
    """A short entry is a substring token that nobody can verify."""
    (crawler,) = parsed(SECOND).crawlers

    assert crawler.match is TokenMatch.SUBSTRING
    assert not crawler.verifiable


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("id: example-bot", "id: Example_Bot", ":6:9: Example_Bot: an id is made of lower-case words"),
        ("token: ExampleBot", "token: Bot", ":7:12: example-bot: a product token has 4 to 40"),
        ("token: ExampleBot", "token: 'Böt-Name'", ":7:12: example-bot: a product token has 4 to 40"),
        ("token: ExampleBot", "tokn: ExampleBot", ":7:5: crawlers.0.tokn: unknown key (did you mean 'token'?)"),
        ("purpose: ai_training", "purpose: ai_trainin", "(did you mean 'ai_training'?)"),
        ("purpose: ai_training", "purpose: unknown_declared_bot", ":8:14: crawlers.0.purpose: must be one of"),
        ("robots: documented", "robots: token-only", ":9:13: example-bot: 'match: none' and 'robots: token-only'"),
        ("match: word", "match: none", ":9:13: example-bot: 'match: none' and 'robots: token-only'"),
        ("match: word", "match: fuzzy", ":10:12: crawlers.0.match: must be one of"),
        ('["crawl-*.bot.example.org"]', '["*"]', ":13:14: example-bot: '*' is not a mask"),
        ('["crawl-*.bot.example.org"]', '["*.org"]', "is not a mask"),
        ('["crawl-*.bot.example.org"]', '["bot.*.example.org"]', "is not a mask"),
        ('["crawl-*.bot.example.org"]', '["*.gae.googleusercontent.com"]', "anybody can rent"),
        ('["crawl-*.bot.example.org"]', '["*.googleusercontent.com"]', "anybody can rent"),
        ('agent: "https://bot.example.org"', 'agent: "http://bot.example.org"', "is not an https origin"),
        ('agent: "https://bot.example.org"', 'agent: "https://bot.example.org/path"', "is not an https origin"),
        ('"https://example.org/bots"', '"http://example.org/bots"', ":3:5: references.0: 'http://example.org/bots' is"),
        ('checked: "2026-11-22"', 'checked: "2026-02-30"', ":16:14: example-bot: there is no day 2026-02-30"),
        ('checked: "2026-11-22"', 'checked: "soon"', ":16:14: crawlers.0.checked: must"),
        ("search.example.org", "http://search.example", ":20:13: referrers.0: 'http://search.example' is not a domain"),
        ('match: ["ExampleBot/1.0"]', "match: []", "add at least one user agent that the entry must match"),
        ('no-match: ["MyExampleBot/1.0"]', "no-match: []", "must have at least 1 item"),
        ("operator: Example", "operator: no", None),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, fault):
    """Each row breaks one line of a good file; `no` is text in YAML 1.2 and breaks nothing."""
    text = GOOD.replace(old, new, 1)
    assert text != GOOD

    if fault is None:
        assert parsed(text).operator == "no"
        return
    faults = faults_of(text)
    assert all(found.startswith("rules/crawlers/example.yaml:") for found in faults)
    assert any(fault in found for found in faults), faults


def test_a_token_that_is_never_sent_has_nothing_to_match():
    """`match: none` with a user agent to match would be a rule against itself."""
    text = GOOD.replace("match: word", "match: none").replace("robots: documented", "robots: token-only")

    assert "has no user agent to match" in faults_of(text)[0]


def test_an_entry_without_any_reference_says_where_it_is_from():
    """A file may have no reference, but then each entry has a note."""
    assert "the file names no reference" in faults_of(SECOND.replace("    note: found in a log\n", ""))[0]


def test_all_mistakes_of_a_file_come_together():
    """One run of the check shows them all."""
    text = GOOD.replace("id: example-bot", "id: EXAMPLE").replace("ExampleBot\n", "Bot\n").replace("owner/", "owner:")

    assert len(faults_of(text)) == 3


def test_a_token_can_not_be_taken_twice():
    """Without regard to case, and the fault names who has it, in the form an editor can open."""
    text = SECOND.replace("token: SecondBot", "token: examplebot")

    faults = check_together([parsed(GOOD), parsed(text, "rules/crawlers/second.yaml")], ["example-list"])

    assert [str(fault) for fault in faults] == [
        "rules/crawlers/second.yaml:5:12: second-bot: product token 'examplebot' is already taken by example-bot"
    ]


def test_an_id_can_not_be_taken_twice():
    """Not even in another file."""
    text = SECOND.replace("id: second-bot", "id: example-bot")

    faults = check_together([parsed(GOOD), parsed(text, "rules/crawlers/second.yaml")], ["example-list"])

    assert [str(fault) for fault in faults] == [
        "rules/crawlers/second.yaml:4:9: example-bot: the id is already taken in rules/crawlers/example.yaml:6"
    ]


def test_a_file_given_twice_is_one_fault_an_entry():
    """A copied entry has its own token, so only the id is said to be taken."""
    file = parsed(GOOD)

    assert len(check_together([file, file], ["example-list"])) == 1


def test_an_address_list_must_exist():
    """A name that nobody defines is a fault, unless the definitions themselves could not be read."""
    assert "no address list is called 'example-list'" in str(check_together([parsed(GOOD)], ["other"])[0])
    assert check_together([parsed(GOOD)], None) == ()
