"""What does somebody read who opens a picture by itself without a ticket?

A small page in English or German with the picture in it: whose it is, why it comes in a page, and that it
opens by itself from now on. The page gives the ticket, so the browser gets the whole picture for it;
one that keeps no cookies gets the smaller copy, and is told so. It works without script.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from guard.image.jobs import Language

_TITLES: Final = ("A picture on {host}", "Ein Bild auf {host}")
_BY: Final = ("A picture by {holder}", "Ein Bild von {holder}")
_TEXT: Final = (
    "This site gives its pictures in full to everybody who looks at its pages, and a small copy to programs that only "
    "collect addresses. You have opened the picture by itself, so it comes in this page; from now on its address opens "
    "the picture as before.",
    "Diese Website gibt ihre Bilder in voller Größe allen, die ihre Seiten ansehen, und Programmen, die nur Adressen "
    "einsammeln, eine kleine Kopie. Sie haben das Bild für sich geöffnet, deshalb kommt es in dieser Seite; ab jetzt "
    "öffnet seine Adresse wieder das Bild selbst.",
)
_COOKIE: Final = (
    "One cookie remembers that for {hours} hours. It holds the hour and a seal, the same for everybody near you, and "
    "nothing about you. If you see this page each time, your browser keeps no cookies for this site, and you see the "
    "smaller copy.",
    "Ein Cookie merkt sich das für {hours} Stunden. Darin stehen die Stunde und ein Siegel, dasselbe für alle in Ihrer "
    "Nähe, und nichts über Sie. Wenn diese Seite jedes Mal erscheint, behält Ihr Browser für diese Website keine "
    "Cookies, und Sie sehen die kleinere Kopie.",
)
_LINKS: Final = (("The picture by itself", "To the site"), ("Das Bild für sich", "Zur Website"))
_LABELS: Final = (("Rights holder", "Contact", "Terms"), ("Rechteinhaber", "Kontakt", "Bedingungen"))

_STYLE: Final = """
:root{color-scheme:light dark}*{box-sizing:border-box}
body{margin:0;padding:1.5rem;font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto}h1{font-size:1.4rem;line-height:1.25;text-wrap:balance}
img{display:block;max-width:100%;max-height:80vh;margin:0 auto;height:auto}p,dl{max-width:38rem}
.small{font-size:.9375rem;opacity:.75}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem}
dd{margin:0;overflow-wrap:anywhere}a:focus-visible{outline:3px solid currentColor;outline-offset:3px}
"""
SECURITY: Final = (
    f"default-src 'none'; img-src 'self'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><img src="{picture}" alt="{title}"><p>{text}</p>
<p><a href="{picture}" rel="nofollow">{itself}</a> · <a href="/">{site}</a></p><p class="small">{cookie}</p>
<dl>{rows}</dl></main></body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is written into the page."""

    language: Language
    picture: str
    """A path of this site, with its query."""
    host: str
    hours: int
    holder: str
    contact: str
    terms: str


def render(words: Words) -> bytes:
    """Return the page."""
    german = words.language == "de"
    title = (_BY if words.holder else _TITLES)[german].format(holder=words.holder, host=words.host)
    itself, site = _LINKS[german]
    values = (escape(words.holder), escape(words.contact), _link(words.terms))
    page = _PAGE.format(
        language=words.language, title=escape(title), style=_STYLE, picture=escape(words.picture), text=_TEXT[german],
        itself=itself, site=site, cookie=_COOKIE[german].format(hours=words.hours),
        rows="".join(
            f"<dt>{label}</dt><dd>{value}</dd>" for label, value in zip(_LABELS[german], values, strict=True) if value
        ),
    )  # fmt: skip
    return page.encode("utf-8", "replace")


def _link(url: str) -> str:
    return f'<a href="{escape(url)}">{escape(url)}</a>' if url.startswith(("https://", "http://", "/")) else escape(url)
