"""Does the privacy text say what this configuration does, and nothing that it does not?"""

import re

import pytest
from typer.testing import CliRunner

from guard.cli.privacy import app
from guard.cli.privacy_words import BALANCE, NOTICE
from guard.errors import UsageError

SITE = (
    "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
    "rights: {holder: Jane Doe, contact: rights@photo.example}\n"
)
TICKETS = "tickets: {give: yes}\n"


@pytest.fixture
def say(tmp_path):
    """Return a function that gives the text for a configuration."""

    def text(more: str = "", *options: str) -> str:
        (tmp_path / "guard.yaml").write_text(SITE + more)
        done = CliRunner().invoke(app, ["-c", str(tmp_path / "guard.yaml"), *options])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return text


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_notice_has_what_article_13_asks_for(say, lang):
    """Who, why, on which basis, for how long, to whom, which rights; a template, and said to be one."""
    text = say("", "--lang", lang)
    basis = "Art. 6(1)(f) GDPR" if lang == "en" else "Art. 6 Abs. 1 Buchst. f DSGVO"

    assert ("To be checked by your lawyer" if lang == "en" else "zu prüfen") in text.splitlines()[0]
    for said in ("Jane Doe, rights@photo.example", "photo.example", basis, "30", "(Art. 17)", "Art. 21", "Art. 77"):
        assert said in text
    assert not re.search(r"\{[a-z ]+\}", text)


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_periods_are_those_of_the_configuration(say, lang):
    """Also where the second one has no end: then the text gives the criterion and asks for more."""
    days = say("evidence: {retention: {people_days: 7, tool_days: 400}}\n", "--lang", lang)

    assert (
        "after 7 days, at the latest within 8" if lang == "en" else "nach 7 Tagen gelöscht, spätestens innerhalb von 8"
    ) in days
    assert ("400 days" if lang == "en" else "400 Tagen") in days
    assert ("as long as a copy may still have to be traced" if lang == "en" else "solange eine Kopie noch") in say(
        "", "--lang", lang
    )


ONLY = {
    "cookies of tickets": (TICKETS, "To show pictures in full size only after a look at a page"),
    "cookies of challenges": ("rules: [{id: pages, when: {kind: page}, action: challenge}]\n", "they are a browser"),
    "look-ups of names": ("identity: {reverse_dns: yes}\n", "looked up in the domain name system"),
    "private areas": ("evidence: {private: [/clients/]}\n", "Of requests for private areas"),
    "those who vouch": ("evidence: {time_stamps: [https://tsa.example/tsr]}\n", "Time-stamp authorities"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "said"), ONLY.values(), ids=list(ONLY))
def test_what_is_off_is_not_spoken_of(say, more, said):
    """And what is on is."""
    assert said in say(more)
    assert said not in say()


def test_marks_are_spoken_of_unless_they_are_off(say):
    """They are on by default."""
    assert "invisible number" in say()
    assert "invisible number" not in say("marks: {copies: no}\n")


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_weighing_asks_every_question_and_answers_none_for_the_owner(say, lang):
    """Interest, necessity, data, period, effect, safeguards, what speaks against it, result."""
    text = say("", "--balance", "--lang", lang)

    assert [line[:4] for line in text.splitlines() if line.startswith("## ")] == [f"## {n}" for n in range(1, 9)]
    assert "C-597/19" in text
    assert ("do / do not override" if lang == "en" else "überwiegen / überwiegen nicht") in text
    assert not re.search(r"\{[a-z ]+\}", text)


def test_both_languages_say_the_same_parts():
    """A part that is missing in one would be missing on the page."""
    for words in (NOTICE, BALANCE):
        assert list(words[False]) == list(words[True])
        for name, text in words[False].items():
            assert set(re.findall(r"\{[a-z ]+\}", text)) == set(re.findall(r"\{[a-z ]+\}", words[True][name])), name
            assert (text.count("[") > 0) == (words[True][name].count("[") > 0), name


def test_without_a_configuration_nothing_is_made_up(tmp_path, monkeypatch):
    """Periods and names are the owner's."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [])

    assert isinstance(done.exception, UsageError)
    assert "name the configuration with -c" in str(done.exception)
