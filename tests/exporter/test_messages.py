"""A message reaches whom the owner named, over a way that is kept secret, and a fault is told without secrets."""

import asyncio
import email
from collections.abc import Awaitable, Callable, Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from guard.core.digest import Digest
from guard.exporter.messages import MessageError, mail, post
from guard.settings_notify import Mail
from tests.support.mail import MailServer
from tests.support.tls_site import certificate

MESSAGE = Digest(subject="photo.example: 3 Abrufe", text="GPTBot wollte 2 Bilder und bekam keines – Größe.\n.\n")


def to(port: int, **changes: Any) -> Mail:
    fields = {"to": "jane@photo.example", "from": "guard@photo.example", "host": "localhost", "port": port}
    return Mail.model_validate({**fields, **changes})


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """Start a server that asks for TLS, with a certificate that this machine trusts."""
    context, _ = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "site.pem"))
    server = MailServer(context)
    yield server
    server.stop()


def test_a_letter_arrives_as_it_was_written(secure: MailServer):
    """Over STARTTLS, signed in, with umlauts and a line that is a dot."""
    mail(to(secure.port, user="jane", password="pa55"), MESSAGE)

    letter = email.message_from_bytes(secure.letters[0], policy=default)
    assert (letter["To"], letter["From"]) == ("jane@photo.example", "guard@photo.example")
    assert letter["Subject"] == MESSAGE.subject
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n") == MESSAGE.text.replace("\n.\n", "\n..\n")
    assert secure.signed_in == ["jane pa55"]
    assert secure.commands.index("STARTTLS") < secure.commands.index("AUTH")


def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_letter(
    secure: MailServer, monkeypatch: pytest.MonkeyPatch
):
    """Whoever stands in between learns nothing."""
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(MessageError, match=r"the mail server localhost does not take it: .*certificate"):
        mail(to(secure.port, user="jane", password="pa55"), MESSAGE)

    assert (secure.signed_in, secure.letters) == ([], [])


def test_what_the_server_says_is_passed_on():
    """The owner can do something about it."""
    server = MailServer(refuse="no such user here")
    try:
        with pytest.raises(MessageError, match=r"localhost does not take it: .*no such user here"):
            mail(to(server.port, security="none"), MESSAGE)
    finally:
        server.stop()


def test_a_server_that_is_away_is_told():
    """In one sentence."""
    with pytest.raises(MessageError, match=r"does not take it: .*[Rr]efused"):
        mail(to(9, security="none"), MESSAGE)


def with_webhook(work: Callable[[str, list[Any]], Awaitable[None]], status: int = 204) -> None:
    async def run() -> None:
        taken: list[Any] = []

        async def take(request: web.Request) -> web.Response:
            taken.append((request.headers["Content-Type"], await request.json()))
            return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})

        app = web.Application()
        app.router.add_post("/{any:.*}", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            await work(f"http://127.0.0.1:{runner.addresses[0][1]}/secret-in-the-path", taken)
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_a_webhook_gets_words_and_numbers():
    """As one JSON object."""

    async def work(url: str, taken: list[Any]) -> None:
        await post(url, MESSAGE, {"people": 7})

        ((media_type, body),) = taken
        assert media_type == "application/json"
        assert body == {
            "subject": MESSAGE.subject,
            "text": f"{MESSAGE.subject}\n\n{MESSAGE.text}",
            "digest": {"people": 7},
        }

    with_webhook(work)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_does_not_take_it_is_told_without_its_address(status: int):
    """The address is a secret; a redirect leads to somebody whom the owner did not name."""

    async def work(url: str, taken: list[Any]) -> None:
        with pytest.raises(MessageError) as raised:
            await post(url, MESSAGE, {})
        assert str(status) in str(raised.value)
        assert "secret" not in str(raised.value)
        assert len(taken) == 1

    with_webhook(work, status)


def test_a_webhook_that_is_away_is_told_without_its_address():
    """Likewise."""
    with pytest.raises(MessageError) as raised:
        asyncio.run(post("http://127.0.0.1:9/secret", MESSAGE, {}))

    assert "secret" not in str(raised.value)
