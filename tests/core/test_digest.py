"""The owner reads what was counted, in two languages, and nothing that strangers made of it."""

from datetime import date

import pytest

from guard.core.day_book import DayBook
from guard.core.digest import digest
from tests.support.states import a_day

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 22)
SITES = ("photo.example",)


def test_the_week_in_english():
    """The sentence that the owner waits for, and what was refuted."""
    message = digest(a_day(), FIRST, LAST, SITES, "en")

    assert message.subject == "photo.example: 1,072 requests by 3 crawlers"
    assert "From 16 November 2026 to 22 November 2026: 1,072 requests by 3 crawlers." in message.text
    assert "- GPTBot asked for 812 pictures and got none.\n" in message.text
    assert "- Googlebot-Image asked for 200 pictures and got 200 in full.\n" in message.text
    assert (
        "Claims refuted: 2 requests under the name of ClaudeBot came from addresses that the operators do not list."
        in message.text
    )
    assert "At least 1.9 GB of pictures were not handed out." in message.text
    assert "- /alps/ridge.jpg (3 times)" in message.text
    assert message.text.endswith("not what was done with it.\n")


def test_the_week_in_german():
    """In the words that the rest of the program uses."""
    message = digest(a_day(), FIRST, LAST, SITES, "de")

    assert message.subject == "photo.example: 1.072 Abrufe von 3 Crawlern"
    assert "Vom 16. November 2026 bis 22. November 2026: 1.072 Abrufe von 3 Crawlern." in message.text
    assert "- GPTBot wollte 812 Bilder und bekam keines.\n" in message.text
    assert "Angabe widerlegt: 2 Abrufe unter dem Namen ClaudeBot, Adresse nicht in der Liste" in message.text
    assert "Mindestens 1,9 GB an Bildern" in message.text


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_day_on_which_nobody_came_is_a_message_too(language: str):
    """Without a table of nothing."""
    message = digest(DayBook(), LAST, LAST, SITES, language)  # type: ignore[arg-type]

    assert "0 " in message.subject
    assert "16" not in message.text
    assert "- " not in message.text


def test_names_that_strangers_chose_do_nothing_in_a_chat_or_a_mail():
    """No line of their own, no mention, no markup, no end to their length."""
    book = DayBook()
    name = "Evil\r\nBcc: all@example.org <b>`@everyone`" + "x" * 300
    row = book.row(site="s", name=name, crawler="", operator="", purpose="unknown_declared_bot")
    row.requests = row.asked = row.impostor = 1
    book.picture("s", "/a\n<script>.jpg", given=False)

    message = digest(book, FIRST, LAST, SITES, "en")

    assert not set("<>`@") & set(message.text)
    assert max(map(len, message.text.splitlines())) < 250
    assert not any(line.startswith("Bcc") for line in message.text.splitlines())


def test_many_crawlers_are_one_line():
    """The first six have a sentence each."""
    book = DayBook()
    for number in range(10):
        row = book.row(site="s", name=f"Bot{number}", crawler="", operator="", purpose="unknown_declared_bot")
        row.requests = row.asked = row.smaller = 100 - number

    text = digest(book, FIRST, LAST, SITES, "en").text

    assert "- Bot5 asked for 95 pictures and got 95 in a smaller size." in text
    assert "Bot6" not in text
    assert "- 4 others asked for 370." in text
