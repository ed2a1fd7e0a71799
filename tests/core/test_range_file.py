"""Are the address lists read, and are mistakes in them named?"""

from ipaddress import ip_network

import pytest

from guard.core.range_file import Proof, RangeFormat, parse_ranges
from guard.errors import ConfigurationError
from guard.yaml12 import load

GOOD = """\
ranges:
  example:
    urls: ["https://example.org/bots.json"]
    format: jafar
  own-block:
    format: fixed
    proof: network
    prefixes: ["192.0.2.0/24", "2001:db8::/32"]
    asns: [64496]
    note: a note
web_bot_auth:
  - origin: "https://bot.example.org"
    operator: Example
    agent: Example Agent
"""


def parsed(text: str):
    """Return the parsed file."""
    return parse_ranges(load(text.encode(), "rules/ranges.yaml"))


def test_a_good_file_becomes_sources():
    """Lists by name, networks as networks, signers as given."""
    file = parsed(GOOD)

    assert file.ranges["example"].urls == ("https://example.org/bots.json",)
    assert file.ranges["example"].format is RangeFormat.JAFAR
    assert file.ranges["example"].proof is Proof.CRAWLER
    own = file.ranges["own-block"]
    assert own.prefixes == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    assert (own.proof, own.asns, own.note) == (Proof.NETWORK, (64496,), "a note")
    assert file.signing_agents[0].origin == "https://bot.example.org"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  example:", "  Example:", ":2:"),
        ("https://example.org/bots.json", "http://example.org/bots.json", ":3:12: ranges.example.urls.0"),
        ("format: jafar", "format: json", "ranges.example.format: must be one of"),
        ("format: jafar", "format: fixed", "give 'prefixes' with the format 'fixed'"),
        ('    urls: ["https://example.org/bots.json"]\n', "", "give 'prefixes' with the format 'fixed'"),
        ("192.0.2.0/24", "192.0.2.1/24", ":8:16: ranges.own-block.prefixes.0: '192.0.2.1/24' is not a network"),
        ("64496", "0", "ranges.own-block.asns.0: must be at least 1"),
        ("https://bot.example.org", "https://bot.example.org/keys", "web_bot_auth.0.origin"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, fault):
    """Each row breaks one line of a good file."""
    text = GOOD.replace(old, new, 1)
    assert text != GOOD

    with pytest.raises(ConfigurationError) as caught:
        parsed(text)

    (found,) = caught.value.faults
    assert fault in str(found)
