"""The owner is written to once about every week, and about none that nobody had asked for."""

import asyncio
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.server.digests import TOLD, Digests, due, numbers
from guard.settings import Settings
from guard.store.day_files import FOLDER, write_part
from tests.support.mail import MailServer
from tests.support.states import a_day

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("every", "told", "today", "days"),
    [
        ("week", SUNDAY - timedelta(days=7), SUNDAY, None),
        ("week", SUNDAY - timedelta(days=7), SUNDAY + timedelta(days=1), (SUNDAY - timedelta(days=6), SUNDAY)),
        ("week", SUNDAY - timedelta(days=7), SUNDAY + timedelta(days=4), (SUNDAY - timedelta(days=6), SUNDAY)),
        ("week", SUNDAY, SUNDAY + timedelta(days=6), None),
        ("week", SUNDAY + timedelta(days=2), SUNDAY + timedelta(days=8),
         (SUNDAY + timedelta(days=3), SUNDAY + timedelta(days=7))),
        ("day", SUNDAY, SUNDAY + timedelta(days=1), None),
        ("day", SUNDAY, SUNDAY + timedelta(days=2), (SUNDAY + timedelta(days=1),) * 2),
        ("day", SUNDAY - timedelta(days=400), SUNDAY, (SUNDAY - timedelta(days=31), SUNDAY - timedelta(days=1))),
        ("week", SUNDAY + timedelta(days=9), SUNDAY, None),
    ],
)  # fmt: skip
def test_it_is_due_when_a_week_or_a_day_is_over(every: str, told: date, today: date, days: object):
    """Never about days that are known already; after a long time about the last month."""
    assert due(every, told, today) == days


def settings(folder: Path, port: int, **changes: Any) -> Settings:
    mail = {"to": "jane@photo.example", "from": "guard@photo.example", "host": "127.0.0.1", "port": port,
            "security": "none"}  # fmt: skip
    return Settings.model_validate(
        {
            "sites": [{"host": "photo.example", "upstream": "http://127.0.0.1:1"}],
            "evidence": {"directory": folder},
            "notify": {"mail": mail, **changes},
        }
    )


def test_a_week_is_told_once_and_also_after_a_restart(tmp_path: Path):
    """The first look only notes from when on; each message is about what the books of those days say."""
    server, said = MailServer(), list[str]()
    moment = datetime(2026, 11, 18, 9, tzinfo=UTC)
    write_part(tmp_path / FOLDER, date(2026, 11, 19), a_day())
    own = settings(tmp_path, server.port, every="week")

    async def look() -> None:
        await Digests(said.append, now=lambda: moment).look(own)

    try:
        asyncio.run(look())
        before = len(server.letters)
        moment += timedelta(days=5)
        asyncio.run(look())
        asyncio.run(look())
    finally:
        server.stop()

    assert before == 0
    assert len(server.letters) == 1
    assert b"GPTBot asked for 812 pictures and got none." in server.letters[0].replace(b"=\r\n", b"")
    assert (tmp_path / TOLD).read_text() == "2026-11-22"
    assert said == []


def test_what_could_not_be_sent_is_said_and_tried_again(tmp_path: Path):
    """The owner does not learn less because the mail server was away."""
    said = list[str]()
    moment = datetime(2026, 11, 18, 9, tzinfo=UTC)
    digests = Digests(said.append, now=lambda: moment)
    asyncio.run(digests.look(settings(tmp_path, 9)))
    moment += timedelta(days=5)
    asyncio.run(digests.look(settings(tmp_path, 9)))
    server = MailServer()
    try:
        asyncio.run(digests.look(settings(tmp_path, server.port)))
    finally:
        server.stop()

    assert len(said) == 1
    assert "guard: the digest: the mail server 127.0.0.1 does not take it" in said[0]
    assert len(server.letters) == 1


def test_nobody_is_told_whom_the_owner_did_not_name(tmp_path: Path):
    """Without `notify` not even a file is written."""
    own = Settings.model_validate(
        {
            "sites": [{"host": "photo.example", "upstream": "http://127.0.0.1:1"}],
            "evidence": {"directory": tmp_path},
        }
    )

    asyncio.run(Digests(print).look(own))

    assert os.listdir(tmp_path) == []


def test_the_numbers_are_those_of_the_book():
    """For programs: without the registers of sketches."""
    said = numbers(a_day(), SUNDAY, SUNDAY)

    assert (said["first"], said["people"]) == ("2026-11-22", 840)
    crawlers = said["crawlers"]
    assert isinstance(crawlers, list)
    assert {one["name"]: one["asked"] for one in crawlers}["GPTBot"] == 812
    assert "taken" not in crawlers[0]
