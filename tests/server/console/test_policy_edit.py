"""One rule changes in the owner's file, and not a byte else."""

from datetime import date

import pytest

from guard.core.policy import Action
from guard.server.console.policy_edit import EditError, chosen, edited, rule_line
from guard.yaml12 import load

DAY = date(2026, 11, 25)
LINE = rule_line("openai-gptbot", Action.PREVIEW, DAY)
SITE = "# My gallery\nsites:\n  - host: photo.example   # the old one\n    upstream: http://127.0.0.1:8080\n"

FILES = {
    "no rules": (SITE, f"{SITE}\nrules:\n  {LINE}\n"),
    "no end of line": (SITE.rstrip("\n"), f"{SITE}\nrules:\n  {LINE}\n"),
    "windows": (SITE.replace("\n", "\r\n"), f"{SITE}\nrules:\n  {LINE}\n".replace("\n", "\r\n")),
    "empty rules": (
        SITE + "rules: []  # none yet\npolicy: strict\n",
        f"{SITE}rules:  # none yet\n  {LINE}\npolicy: strict\n",
    ),
    "own rules": (
        "rules:\n# the bank\n- id: bank\n  when: {network: 192.0.2.0/24}\n  action: allow  # always\n" + SITE,
        f"rules:\n# the bank\n{LINE}\n"
        "- id: bank\n  when: {network: 192.0.2.0/24}\n  action: allow  # always\n" + SITE,
    ),
    "indented rules": (
        SITE + "rules:\n    - {id: bank, action: allow, when: {path: /a}}\n",
        f"{SITE}rules:\n    {LINE}\n    - {{id: bank, action: allow, when: {{path: /a}}}}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_rule_is_put_in_as_one_line(name: str):
    """First under `rules:`; comments, order and line ends stay."""
    before, after = FILES[name]

    assert edited(before.encode(), "guard.yaml", "openai-gptbot", Action.PREVIEW, DAY).decode() == after


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("no end of line", "empty rules")])
def test_taking_it_out_gives_the_file_as_it_was(name: str):
    """There and back."""
    before, after = FILES[name]

    assert edited(after.encode(), "guard.yaml", "openai-gptbot", None, DAY).decode() == before


def test_a_rule_of_the_console_is_changed_in_its_place():
    """And another crawler's is left alone."""
    both = edited(SITE.encode(), "f", "openai-gptbot", Action.PREVIEW, DAY)
    both = edited(both, "f", "anthropic-claudebot", Action.ALLOW, DAY)

    changed = edited(both, "f", "openai-gptbot", Action.REFUSE, date(2026, 12, 1))

    document = load(changed, "f")
    assert chosen(document, "openai-gptbot") is Action.REFUSE
    assert chosen(document, "anthropic-claudebot") is Action.ALLOW
    assert chosen(document, "google-googlebot") is None
    assert len(changed.splitlines()) == len(both.splitlines())
    assert b"2026-12-01" in changed


HARD = {
    "flow": '{"sites": [{"host": "a.example"}], "rules": [{"id": "x", "action": "allow"}]}',
    "flow rules": SITE + "rules: [{id: bank, action: allow}]\n",
    "anchor": SITE + "rules: &mine\n  - {id: bank, action: allow}\naccess_log: '-'\nmore: *mine\n",
    "dash alone": SITE + "rules:\n  -\n    id: bank\n    action: allow\n",
    "changed by hand": SITE + "rules:\n  - id: console-openai-gptbot\n    action: allow\n",
    "nothing": "# empty\n",
    "end marker": SITE + "...\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_a_file_that_can_not_be_changed_safely_is_left_to_the_hand(name: str):
    """With the line to write."""
    with pytest.raises(EditError):
        edited(HARD[name].encode(), "guard.yaml", "openai-gptbot", Action.PREVIEW, DAY)


def test_there_is_nothing_to_take_out_where_nothing_was_put_in():
    """And that is said."""
    with pytest.raises(EditError, match="no rule of the console"):
        edited(SITE.encode(), "guard.yaml", "openai-gptbot", None, DAY)
