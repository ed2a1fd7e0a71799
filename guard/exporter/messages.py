"""How does a message reach the owner?

By a webhook and by a mail server, both named by the owner and nobody else. Neither is waited for longer than a
few seconds; what does not arrive is told and tried again by whoever sends.
"""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final

import aiohttp

from guard import __version__
from guard.core.digest import Digest
from guard.errors import GuardError
from guard.settings_notify import Mail

SECONDS: Final = 15.0


class MessageError(GuardError):
    """A message could not be handed over."""


async def post(url: str, message: Digest, numbers: dict[str, Any]) -> None:
    """Send a message to a webhook, as JSON with `subject`, `text` and `digest`.

    Raises:
        MessageError: It was not taken with a status of the class 2xx. Redirects are not followed.
    """
    body = {"subject": message.subject, "text": f"{message.subject}\n\n{message.text}", "digest": numbers}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.post(
                url, json=body, allow_redirects=False, headers={"User-Agent": f"crawler-guard/{__version__}"}
            ) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        # Not the address: it is often a secret.
        raise MessageError(f"the webhook does not answer: {type(error).__name__}") from None
    if status // 100 != 2:
        raise MessageError(f"the webhook answers with status {status}")


def mail(to: Mail, message: Digest) -> None:
    """Hand a message to the mail server.

    Raises:
        MessageError: It was not taken.
    """
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = to.sender, to.to, message.subject
    letter["Date"] = formatdate(usegmt=True)
    letter["Message-ID"] = make_msgid(domain=to.sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers it by machine
    letter.set_content(message.text)
    try:
        with _connected(to) as server:
            if to.user:
                server.login(to.user, to.password)
            server.send_message(letter)
    except (smtplib.SMTPException, OSError) as error:
        raise MessageError(f"the mail server {to.host} does not take it: {_reason(error)}") from None


def _connected(to: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if to.security == "tls":
        return smtplib.SMTP_SSL(to.host, to.port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(to.host, to.port, timeout=SECONDS)
    if to.security == "starttls":
        try:
            server.starttls(context=context)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return f"{error.smtp_code} {' '.join(said.split())}"
    return " ".join(str(error).split()) or type(error).__name__
