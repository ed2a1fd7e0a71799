"""Does a draft say what is on record, in the words of its grade, and claim nothing that it can not?"""

import os
import re

import pytest
from typer.testing import CliRunner

from guard.cli.claim import app
from guard.errors import UsageError
from guard.evidence import disclosure
from guard.evidence.record import RecordKind
from guard.store.batch import Entry
from tests.cli.test_evidence_show import of_kind
from tests.support.evidence import AT, end_leaf, fill, open_log, request_leaf

MINE = "203.0.113.7"
PARTIES = {
    "A": {"claimed": "SignBot", "operator": "Signers", "identity": "verified"},
    "B": {"claimed": "ListBot", "operator": "Listers", "identity": "verified"},
    "C": {"claimed": "NameBot", "operator": "Namers", "identity": "verified"},
    "D": {"claimed": "GPTBot", "operator": "OpenAI", "identity": "unknown"},
    "E": {"claimed": "", "operator": "", "crawler": "", "identity": "none_claimed", "mark": "00c0ffee00c0ffee",
          "original": "05" * 32, "action": "mark", "rendition": "marked"},
}  # fmt: skip
NEVER = ("used for training", "zum training", "court-proof", "gerichtsfest", "openai fetched", "thief", "dieb ")


@pytest.fixture
def root(tmp_path):
    """Return a log with a reservation and two requests of each grade."""
    log = open_log(tmp_path / "e")
    fill(log, 0)
    rsv = of_kind(tmp_path / "e", RecordKind.RESERVATION)[0].fields["digest"]
    for grade, fields in PARTIES.items():
        for number in range(2):
            groups = (
                disclosure.commit("person", {"address": MINE, "port": 4711}, os.urandom(16)),
                disclosure.commit("target", {"path": f"/album/{number}.jpg"}, os.urandom(16)),
            )
            leaf = request_leaf(grade=grade, sd=[one.commitment for one in groups], rsv=rsv, **fields)
            (index,) = log.append([Entry(leaf, groups)])
            log.append([Entry(end_leaf(index))])
    refuted = {**PARTIES["D"], "claimed": "Googlebot", "operator": "Google", "identity": "impostor"}
    log.append([Entry(request_leaf(grade="D", robots="ab" * 8, robots_since=AT, **refuted))])
    log.close()
    return tmp_path / "e"


def run(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


WORDS = {
    "A": ("SignBot", "by a signature of the request, which was verified (grade A)", "kryptographisch nachgewiesen"),
    "B": ("ListBot", "address is in the list that Listers publishes (grade B)", "im veröffentlichten Bereich von"),
    "C": ("NameBot", "or lies in a network, of Namers (grade C)", "in einem Netz von Namers"),
    "D": ("GPTBot", "whether it was a crawler of OpenAI is not established", "Client, der sich GPTBot nannte. Das ist"),
    "D refuted": ("Googlebot", "The claim is refuted: its address is not in the list", "Die Angabe ist widerlegt"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "english", "german"), WORDS.values(), ids=list(WORDS))
def test_who_asked_is_said_in_the_words_of_the_grade(root, name, english, german):
    """In both languages, and in no letter more than that."""
    for lang, said in (("en", english), ("de", german)):
        text = run(root, "--crawler", name, "--lang", lang).stdout
        assert said in text
        assert not [word for word in NEVER if word in text.lower()]


@pytest.mark.parametrize(
    ("operator", "lang", "said"),
    [
        ("anyone (tool)", "en", "called itself curl. That is its own word; who was behind it is not known (grade D)"),
        (
            "anyone (tool)",
            "de",
            "der sich curl nannte. Das ist seine eigene Angabe; wer dahinterstand, ist nicht bekannt",
        ),
        ("", "en", "called itself curl. That is its own word; who was behind it is not known (grade D)"),
    ],
)
def test_a_program_that_anybody_can_run_is_nobodys(tmp_path, operator, lang, said):
    """No letter goes to it; its provider is told of the program, and of no operator."""
    log = open_log(tmp_path / "e")
    fill(log, 0)
    person = disclosure.commit("person", {"address": MINE, "port": 4711}, os.urandom(16))
    fields = {"claimed": "curl", "operator": operator, "grade": "D", "identity": "unverifiable"}
    log.append([Entry(request_leaf(sd=[person.commitment], **fields), (person,))])
    log.close()

    told = run(tmp_path / "e", "--crawler", "curl", "--letter", "host", "--lang", lang).stdout
    assert said in " ".join(told.split())
    assert "anyone" not in told
    if operator:
        with pytest.raises(UsageError, match="anybody can run curl, so there is nobody to write to"):
            run(tmp_path / "e", "--crawler", "curl")


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_default_asks_without_a_deadline(root, lang):
    """With the requests one by one, the reservation, and what the records can not say."""
    text = run(root, "--crawler", "GPTBot", "--lang", lang).stdout

    assert ("There is no deadline" if lang == "en" else "Eine Frist setze ich nicht") in text
    assert ("DRAFT of" if lang == "en" else "ENTWURF vom") in text.splitlines()[0]
    assert "/album/1.jpg" in text
    assert ("machine-readable reservation" if lang == "en" else "maschinenlesbaren Nutzungsvorbehalt") in text
    assert ("my records can not say" if lang == "en" else "können meine Aufzeichnungen nicht sagen") in text
    assert MINE not in text
    assert "UrhG" not in text
    assert not re.search(r"\{\w+\}", text)


def test_the_robots_txt_that_a_client_had_been_delivered_is_told(root):
    """Delivered to, not read by."""
    english, german = (run(root, "--crawler", "Googlebot", "--lang", lang).stdout for lang in ("en", "de"))

    assert "robots.txt was delivered to one of these clients, first on 2026-01-01" in english
    assert "robots.txt der Website wurde an einen dieser Clients ausgeliefert, zuerst am 01.01.2026" in german
    assert "delivered the robots.txt" not in run(root, "--crawler", "GPTBot").stdout


def test_a_provider_is_told_addresses_ports_and_times_and_that_is_on_record(root):
    """It asks for no data about the customer."""
    text = run(root, "--letter", "host", "--grade", "E").stdout

    assert f"{MINE}: 2 (2026-01-01 00:00:00 – 2026-01-01 00:00:00)" in text
    assert f"{MINE} port 4711  /album/0.jpg" in text
    assert "I do not ask you for data about your customer" in text
    assert "00c0ffee00c0ffee" in text
    (look,) = of_kind(root, RecordKind.ACCESS)
    assert (look.fields["by"], look.fields["records"]) == ("claim", 2)


def test_a_german_provider_is_told_the_port_in_german(root):
    """Every word of the letter is of its language."""
    text = run(root, "--letter", "host", "--grade", "E", "--lang", "de").stdout

    assert f"{MINE} Port 4711  /album/0.jpg" in text


def test_letters_that_assert_claims_are_for_lawyers(root):
    """Without saying so there is none; with it the costs stand on top."""
    for letter in ("information", "cease"):
        with pytest.raises(UsageError, match=r"say --for-lawyer .* bill .* 97a\(4\) UrhG"):
            run(root, "--letter", letter, "--crawler", "ListBot")
        done = run(root, "--letter", letter, "--crawler", "ListBot", "--for-lawyer")
        assert "FOR A LAWYER" in done.stdout
        assert "97a(4) UrhG" in done.stdout
        assert "97a(4) UrhG" in done.stderr
        assert "To be decided before it is sent" in done.stdout


@pytest.mark.parametrize("grade", ["D", "E"])
def test_nobody_is_warned_whose_identity_is_not_established(root, grade):
    """Whoever is named by a stranger's claim would rightly send a bill."""
    name = ["--operator", "OpenAI"] if grade == "D" else []

    with pytest.raises(UsageError, match="is not established"):
        run(root, "--letter", "cease", "--grade", grade, *name, "--for-lawyer")


WRONG = {
    "about everybody": ([], "name what the letter is about"),
    "to several": (["--grade", "A", "--grade", "B"], "name several operators: Listers, Signers"),
    "to nobody": (["--grade", "E"], "there is nobody to ask"),
    "of nothing": (["--crawler", "NeverBot"], "no request on record fits"),
    "in no language": (["--grade", "A", "--lang", "fr"], "there are en and de"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=list(WRONG))
def test_what_can_not_be_a_letter_is_none(root, arguments, said):
    """With what to do instead."""
    with pytest.raises(UsageError, match=said):
        run(root, *arguments)


def test_the_letter_bears_the_owners_name(root, tmp_path):
    """From the configuration; written to a file it is only the owner's."""
    config = tmp_path / "guard.yaml"
    config.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
        "rights: {holder: Jane Doe, contact: rights@photo.example}\n"
    )
    file = tmp_path / "letter.txt"
    done = run(root, "--letter", "removal", "--crawler", "GPTBot", "-c", config, "-o", file)

    assert "a draft; read it, edit it" in done.stdout
    assert "Jane Doe\nrights@photo.example" in file.read_text()
    assert "May I ask you to leave my pictures on photo.example out" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_hostile_name_stays_text(tmp_path):
    """No control character, and no placeholder of ours, comes out of it."""
    log = open_log(tmp_path / "e")
    log.append([Entry(request_leaf(grade="D", claimed="Bot\x1b[31m{operator}", operator="X"))])
    log.close()

    text = run(tmp_path / "e", "--operator", "X").stdout

    assert "Bot\\x1b[31m{operator}" in text
    assert "\x1b" not in text
