"""How does a person say that a refusal was wrong?

Every refusal shows a reference code. At `APPEAL` whoever has one can hand it in with one press of a
button: the code goes on record and is told to the owner; who handed it in is not asked and not kept.
"""

import sys
import time
from collections.abc import Callable
from html import escape
from typing import Final
from urllib.parse import parse_qs

from guard.core import reference_code
from guard.core.client_address import client_network
from guard.core.policy import Action, Decision, Limit
from guard.core.reference_code import shown
from guard.errors import RecorderUnavailableError
from guard.evidence.appeal_record import appeal
from guard.exporter.metrics import Metrics
from guard.image.jobs import Language
from guard.server.answers import Made
from guard.server.exchange import Exchange
from guard.server.limits import Limiter
from guard.server.recorder_client import RecorderClient
from guard.server.refusals import APPEAL, language_of
from guard.store.log_values import microseconds

OF_ONE_CLIENT: Final = Limit(count=5, per_seconds=3600, pictures_only=False)
OF_ALL: Final = Limit(count=60, per_seconds=3600, pictures_only=False)
"""In one worker: a flood of them can not fill the log."""
_LARGEST: Final = 512
"""Bytes of a form."""

_TITLE = ("Were you refused wrongly?", "Zu Unrecht abgelehnt?")
_ASK = (
    "If you are a person and this site refused you something, send the reference code that you were shown. The owner "
    "is told the code, and nothing about you.",
    "Wenn Sie ein Mensch sind und diese Website Ihnen etwas verweigert hat, schicken Sie das Aktenzeichen ab, das "
    "Ihnen gezeigt wurde. Wer die Website betreibt, erfährt das Aktenzeichen und nichts über Sie.",
)
_WRONG = (
    "That is no reference code. It has ten letters and digits, like 7K3QF-9X2TM.",
    "Das ist kein Aktenzeichen. Es hat zehn Buchstaben und Ziffern, wie 7K3QF-9X2TM.",
)
_NOTED = (
    "Thank you. It has been noted, and the owner is told.",
    "Danke. Es ist vermerkt, und wer die Website betreibt, erfährt davon.",
)
_LATER = (
    "This can not be noted at the moment. Please try again later.",
    "Das kann im Moment nicht vermerkt werden. Bitte versuchen Sie es später noch einmal.",
)
_LABELS = (
    ("Reference", "Send", "If you want an answer, write to"),
    ("Aktenzeichen", "Abschicken", "Wenn Sie eine Antwort möchten, schreiben Sie an"),
)

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font:1.05rem/1.55 system-ui,sans-serif;max-width:34rem;margin:14vh auto;
padding:0 1.2rem}}h1{{font-size:1.5rem}}input,button{{font:inherit;padding:.3rem .6rem}}input{{width:9.5rem}}
</style></head><body><main><h1>{title}</h1><p role="status">{text}</p>{form}{contact}</main></body></html>
"""
_FORM = """<form method="post" action="{path}"><p><label for="reference">{label}</label>
<input id="reference" name="reference" value="{code}" maxlength="16" autocomplete="off"
autocapitalize="characters" required>
<button>{button}</button></p></form>"""


class Appeals:
    """Takes objections; one per worker process."""

    def __init__(
        self,
        recorder: RecorderClient,
        metrics: Metrics,
        *,
        rules: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the digest of the rule set in force."""
        self._recorder = recorder
        self._metrics = metrics
        self._clock = clock
        self._limiter = Limiter()
        self.decision = Decision.without_rules(Action.ALLOW, "appeal", "Everybody may object to a refusal.", rules)
        """What is on record for a request to our own path."""

    def owns(self, exchange: Exchange) -> bool:
        """Tell whether the request is for the path where objections are taken."""
        return exchange.facts.path == APPEAL

    async def answer(self, exchange: Exchange) -> Made:
        """Show the form, or take what it sends."""
        match exchange.facts.method:
            case "GET" | "HEAD":
                asked = _field(exchange.facts.target.partition("?")[2].encode())
                return _page(exchange, 200, _ASK, code=code_of(asked) and shown(code_of(asked)))
            case "POST":
                return await self._take(exchange)
            case _:
                return _made(405, b"", (("Allow", "GET, HEAD, POST"),))

    async def _take(self, exchange: Exchange) -> Made:
        body = await _body(exchange)
        code = code_of(_field(body)) if len(body) <= _LARGEST else ""
        if not code:
            return _page(exchange, 400, _WRONG)
        now, client = self._clock(), client_network(exchange.facts.client.address)
        if self._limiter.wait("all", "", OF_ALL, now) or self._limiter.take("client", client, OF_ONE_CLIENT, now):
            return _page(exchange, 429, _LATER, code=shown(code))
        self._limiter.take("all", "", OF_ALL, now)
        site = exchange.site.host
        try:
            await self._recorder.append(appeal(at=microseconds(), site=site, reference=shown(code)))
        except RecorderUnavailableError:
            return _page(exchange, 503, _LATER, code=shown(code))
        self._metrics.appeals.labels(site).inc()
        sentence = f"guard: somebody objects to the refusal {shown(code)} on {site}; guard explain --reference finds it"
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201
        return _page(exchange, 200, _NOTED, form=False)


async def _body(exchange: Exchange) -> bytes:
    """Return what was sent, or as much of it as shows that it is too long."""
    body = b""
    while len(body) <= _LARGEST and (piece := await exchange.request.content.readany()):
        body += piece
    return body


def code_of(text: str) -> str:
    """Return the reference code that somebody wrote, in the letters it was made of; empty if it is none."""
    code = reference_code.read("".join(text.split()))
    return code if reference_code.is_code(code) else ""


def _field(form: bytes) -> str:
    try:
        return parse_qs(form.decode("ascii"), max_num_fields=4).get("reference", [""])[0]
    except ValueError:
        return ""


def _page(exchange: Exchange, status: int, text: tuple[str, str], *, code: str = "", form: bool = True) -> Made:
    language: Language = language_of(exchange.facts)
    german = language == "de"
    reference, send, contact = _LABELS[german]
    owner = exchange.site.owner
    page = _PAGE.format(
        language=language,
        title=_TITLE[german],
        text=escape(text[german]),
        form=_FORM.format(path=APPEAL, label=reference, code=escape(code), button=send) if form else "",
        contact=f"<p>{contact} {escape(owner.contact)}.</p>" if owner.contact else "",
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Language", language))
    return _made(status, page.encode("utf-8", "replace"), headers)


def _made(status: int, body: bytes, headers: tuple[tuple[str, str], ...]) -> Made:
    fixed = (
        ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
    )
    return Made(status=status, headers=(*headers, *fixed), body=body, rendition="page", reference="")
