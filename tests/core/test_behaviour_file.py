"""What does `rules/behaviour.yaml` say?"""

import pytest

from guard.core.behaviour_file import parse_behaviour
from guard.core.signals import SIGNALS, Family
from guard.errors import ConfigurationError
from guard.yaml12 import load
from tests.support.captures import FOLDER, RULES_FILE, rules

TEXT = RULES_FILE.read_text(encoding="utf-8")


def faults(old: str, new: str) -> list[str]:
    assert old in TEXT
    with pytest.raises(ConfigurationError) as caught:
        parse_behaviour(load(TEXT.replace(old, new, 1).encode(), "b.yaml"))
    return [str(fault) for fault in caught.value.faults]


PROXIES = 'weight: 1.5\n    steps: 4\n    hurts: "proxies'
PLAIN = 'lines: ["Host:", "User-Agent:", "Accept: */*"]'
PLAIN_AIOHTTP = 'lines: ["Host:", "User-Agent:", "Accept: */*", "Accept-Encoding: gzip, deflate"]'
WRONG = {
    "an unknown signal": ("id: old-browser", "id: old-browsre", "old-browser"),
    "a signal twice": ("id: old-browser", "id: no-revisits", "given twice"),
    "a missing signal": ("id: old-browser", "id: no-revisits", "'old-browser' is missing"),
    "a weight that is text": (PROXIES, PROXIES.replace("1.5", "much"), "weight"),
    "a weight of nothing": (PROXIES, PROXIES.replace("1.5", "0"), "says nothing"),
    "no cost for people": ('hurts: "private windows"', 'hurts: ""', "hurts"),
    "a family alone is enough": ("headers: 4.0", "headers: 7.0", "lets one family alone"),
    "a family without cap": ("  timing: 1.5\n", "", "'timing' has no cap"),
    "thresholds upside down": ("suspect: 3.0", "suspect: 8.0", "suspect < hostile"),
    "an unknown key": ("speaks: 1.6", "speak: 1.6", "speak"),
    "a print without a value": (PLAIN, PLAIN.replace(" */*", ""), "no line has a value"),
    "a print twice": (PLAIN_AIOHTTP, PLAIN, "these are the lines of"),
    "a tool twice": ("id: wget", "id: curl", "given twice"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_a_fault_is_named_at_its_place(old, new, message):
    """Each with file and line, in the form that an editor can open."""
    found = faults(old, new)

    assert any(message in fault for fault in found), found
    assert all(fault.startswith("b.yaml:") for fault in found)


def test_the_shipped_file_knows_every_signal():
    """In the order of their levels in a record."""
    assert tuple(signal.id for signal in rules().signals) == SIGNALS
    assert set(rules().caps) == set(Family)


def test_no_family_can_make_a_client_hostile_alone():
    """The caps of the shipped file keep the law of the house."""
    assert max(rules().caps.values()) < rules().thresholds.hostile


def test_every_case_names_a_capture():
    """A case that nobody can play proves nothing."""
    named = {name for signal in rules().signals for name in (*signal.fires, *signal.spares)}

    assert named <= {path.stem for path in FOLDER.glob("*.json")}
    assert all(signal.spares for signal in rules().signals)
