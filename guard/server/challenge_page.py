"""What does a challenged client read?

Short pages in English or German that say what happens, why, and whom to ask. They work
without script, style, colour or motion; the moving line stands still where less motion is
wished for, and what changes is said in a live region. All that a page runs is named in its
Content-Security-Policy by its digest, so that text smuggled in could not run.
"""

from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from html import escape
from re import ASCII, fullmatch

from guard.image.jobs import Language


class Step(StrEnum):
    """Where the client stands."""

    WAIT = "wait"
    WORK = "work"
    """A proof of work, by script."""
    NO_COOKIE = "no_cookie"
    UNSTEADY = "unsteady"
    """It has passes enough, each for another network."""
    VOID = "void"
    """The ticket is not (any more) one of this client, or it was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is written into a page."""

    language: Language
    link: str
    """A path of this site."""
    seconds: int
    work: str
    bits: int
    hours: int
    holder: str
    contact: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page and what it is allowed to do."""

    body: bytes
    security: str


_TITLES = {
    Step.WAIT: ("One moment, please", "Einen Moment, bitte"),
    Step.WORK: ("One moment more", "Noch einen Moment"),
    Step.NO_COOKIE: ("This page needs a cookie", "Diese Seite braucht ein Cookie"),
    Step.UNSTEADY: ("Your connection keeps changing", "Ihre Verbindung wechselt ständig"),
    Step.VOID: ("That took a wrong turn", "Das ging nicht auf"),
}

_TEXTS = {
    Step.WAIT: (
        "Before it shows this page, the site makes sure that a browser is asking and not a program that copies "
        "everything. You need not do anything: the page opens in a moment.",
        "Bevor diese Seite erscheint, stellt die Website sicher, dass ein Browser fragt und kein Programm, das alles "
        "kopiert. Sie müssen nichts tun: Die Seite öffnet sich gleich.",
    ),
    Step.WORK: (
        "As a last step your browser solves a small sum by itself. It takes about a second, and nothing about you or "
        "your device is read.",
        "Als letzten Schritt löst Ihr Browser von selbst eine kleine Rechenaufgabe. Das dauert etwa eine Sekunde, und "
        "über Sie oder Ihr Gerät wird nichts ausgelesen.",
    ),
    Step.NO_COOKIE: (
        "Your browser did not send back the one cookie that this page needs, so we can not tell that you have already "
        "waited. Please allow cookies for this site and open the page again. If you would rather not, write to us.",
        "Ihr Browser hat das eine Cookie, das diese Seite braucht, nicht zurückgeschickt. Deshalb wissen wir nicht, "
        "dass Sie schon gewartet haben. Bitte erlauben Sie Cookies für diese Website und öffnen Sie die Seite noch "
        "einmal. Wenn Sie das nicht möchten, schreiben Sie uns.",
    ),
    Step.UNSTEADY: (
        "Your requests come from another network each time, so that what we learn about one does not help the next. "
        "Please try again in ten minutes, or over another connection. If that does not help, write to us.",
        "Ihre Anfragen kommen jedes Mal aus einem anderen Netz; was wir über die eine wissen, hilft der nächsten "
        "nicht. Bitte versuchen Sie es in zehn Minuten noch einmal oder über eine andere Verbindung. Wenn das nicht "
        "hilft, schreiben Sie uns.",
    ),
    Step.VOID: (
        "This step is too old, was used before, or belongs to another connection. Please open the page again. If you "
        "keep seeing this, write to us.",
        "Dieser Schritt ist zu alt, wurde schon benutzt oder gehört zu einer anderen Verbindung. Bitte öffnen Sie die "
        "Seite noch einmal. Wenn Sie dies immer wieder sehen, schreiben Sie uns.",
    ),
}

_LINKS = {
    Step.WAIT: ("Continue", "Weiter"),
    Step.WORK: ("", ""),
    Step.NO_COOKIE: ("Open the page again", "Seite noch einmal öffnen"),
    Step.UNSTEADY: ("Open the page again", "Seite noch einmal öffnen"),
    Step.VOID: ("Open the page again", "Seite noch einmal öffnen"),
}

_COOKIE = (
    "One cookie remembers this for {hours} hours. It holds no name and no number of yours.",
    "Ein Cookie merkt sich das für {hours} Stunden. Darin steht nichts über Sie.",
)
_WORKING = ("Working …", "Rechnet …")
_WORKED = ("Done. The page opens.", "Fertig. Die Seite öffnet sich.")
_BROKEN = (
    "That did not work in this browser. Please write to us.",
    "Das hat in diesem Browser nicht funktioniert. Bitte schreiben Sie uns.",
)
_WITHOUT_SCRIPT = (
    "This step needs JavaScript, which is switched off here. Please allow it for this site and load the page again, "
    "or write to us.",
    "Dieser Schritt braucht JavaScript, das hier abgeschaltet ist. Bitte erlauben Sie es für diese Website und laden "
    "Sie die Seite neu, oder schreiben Sie uns.",
)
_LABELS = (("Rights holder", "Contact", "Reference"), ("Rechteinhaber", "Kontakt", "Aktenzeichen"))

_STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf8;--ink:#1d1c1a;--soft:#5d5a55;--line:#d9d5ce;--do:#1d1c1a;--on:#fbfaf8}
@media(prefers-color-scheme:dark){:root{--paper:#161719;--ink:#ecebe8;--soft:#a6a39d;--line:#3a3b3e;--do:#ecebe8;
--on:#161719}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{width:100%;max-width:35rem;padding:2.5rem 1.5rem}
h1{margin:0 0 1rem;font-size:1.75rem;line-height:1.2;font-weight:600;letter-spacing:-.015em;text-wrap:balance}
p{margin:0 0 1rem}
.bar{height:3px;margin:1.5rem 0;background:var(--line);border-radius:2px;overflow:hidden}
.bar i{display:block;width:30%;height:100%;background:var(--ink);border-radius:2px;
animation:go 1.6s ease-in-out infinite}
@keyframes go{from{transform:translateX(-100%)}to{transform:translateX(334%)}}
@media(prefers-reduced-motion:reduce){.bar{display:none}}
.go{display:inline-block;margin:.25rem 0 1.5rem;padding:.6rem 1.4rem;border-radius:.4rem;background:var(--do);
color:var(--on);font-weight:600;text-decoration:none}
.go:hover{text-decoration:underline}
a:focus-visible{outline:3px solid currentColor;outline-offset:3px}.go:focus-visible{outline-color:var(--ink)}
.small{color:var(--soft);font-size:.9375rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;margin:1.25rem 0 0;padding-top:1.25rem;
border-top:1px solid var(--line);color:var(--soft);font-size:.9375rem}
dd{margin:0;overflow-wrap:anywhere}dl a{color:inherit}
"""

# SHA-256 by hand: WebCrypto is missing on plain http. The text fits into one block (FIPS 180-4, section 5.1.1):
# 43 letters of the seal, a colon and at most 11 digits. In pieces, so that the page stays alive.
_SCRIPT = """
(function(){"use strict";
var box=document.getElementById("work"),said=document.getElementById("said"),bits=+box.getAttribute("data-bits"),
seal=box.getAttribute("data-work"),K=[],H=[],n=2,i,p,w=new Array(64);
function root(x,e){var r=Math.pow(x,1/e);return(r-Math.floor(r))*4294967296|0}
for(;K.length<64;n++){for(p=true,i=2;i*i<=n;i++)if(n%i===0){p=false;break}
if(p){if(H.length<8)H.push(root(n,2));K.push(root(n,3))}}
function first(text){var a=H[0],b=H[1],c=H[2],d=H[3],e=H[4],f=H[5],g=H[6],h=H[7],i,x,y,s,t,l=text.length;
for(i=0;i<16;i++)w[i]=0;
for(i=0;i<l;i++)w[i>>2]|=text.charCodeAt(i)<<24-(i&3)*8;
w[l>>2]|=128<<24-(l&3)*8;w[15]=l*8;
for(i=16;i<64;i++){x=w[i-15];y=w[i-2];
w[i]=((x>>>7|x<<25)^(x>>>18|x<<14)^x>>>3)+w[i-7]+((y>>>17|y<<15)^(y>>>19|y<<13)^y>>>10)+w[i-16]|0}
for(i=0;i<64;i++){s=h+((e>>>6|e<<26)^(e>>>11|e<<21)^(e>>>25|e<<7))+(e&f^~e&g)+K[i]+w[i]|0;
t=((a>>>2|a<<30)^(a>>>13|a<<19)^(a>>>22|a<<10))+(a&b^a&c^b&c)|0;
h=g;g=f;f=e;e=d+s|0;d=c;c=b;b=a;a=s+t|0}
return a+H[0]|0}
var proof=0;
function some(){try{var end=+new Date()+40;
do{for(i=0;i<200;i++,proof++)if(first(seal+":"+proof)>>>32-bits===0){
said.textContent=box.getAttribute("data-done");
location.replace(box.getAttribute("data-link")+"&proof="+proof);return}}while(+new Date()<end);
if(proof>99999999)throw 0;setTimeout(some,0)}catch(e){document.getElementById("bar").hidden=true;
said.textContent=box.getAttribute("data-broken")}}
said.textContent=box.getAttribute("data-working");document.getElementById("bar").hidden=false;setTimeout(some,0)})();
"""


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_SECURITY = (
    f"default-src 'none'; style-src {_digest(_STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_WITH_SCRIPT = f"{_SECURITY}; script-src {_digest(_SCRIPT)}"

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">{refresh}<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{step}<dl>{rows}</dl></main></body></html>
"""


def render(step: Step, words: Words) -> Page:
    """Return the page for a step."""
    german = words.language == "de"
    link, moves = escape(words.link), step in (Step.WAIT, Step.WORK)
    parts = []
    if moves:
        hidden = " hidden" if step is Step.WORK else ""  # until the script works
        parts.append(f'<div class="bar" id="bar" aria-hidden="true"{hidden}><i></i></div>')
    if step is Step.WORK:
        parts.append(_work(words, german))
    else:
        parts.append(f'<p><a class="go" href="{link}" rel="nofollow">{_LINKS[step][german]}</a></p>')
    if moves:
        parts.append(f'<p class="small">{_COOKIE[german].format(hours=words.hours)}</p>')
    values = (escape(words.holder), _contact(words.contact), escape(words.reference))
    rows = "".join(
        f"<dt>{label}</dt><dd>{value}</dd>" for label, value in zip(_LABELS[german], values, strict=True) if value
    )
    page = _PAGE.format(
        language=words.language,
        refresh=f'<meta http-equiv="refresh" content="{words.seconds}; url={link}">' if step is Step.WAIT else "",
        title=_TITLES[step][german],
        style=_STYLE,
        text=_TEXTS[step][german],
        step="".join(parts),
        rows=rows,
    )
    return Page(body=page.encode("utf-8", "replace"), security=_WITH_SCRIPT if step is Step.WORK else _SECURITY)


def _work(words: Words, german: bool) -> str:
    told = {"working": _WORKING, "done": _WORKED, "broken": _BROKEN}
    data = {name: both[german] for name, both in told.items()}
    data |= {"link": words.link, "work": words.work, "bits": str(words.bits)}
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return (
        f'<div id="work"{attributes}><p id="said" role="status" aria-live="polite"></p>'
        f"<noscript><p><strong>{_WITHOUT_SCRIPT[german]}</strong></p></noscript></div><script>{_SCRIPT}</script>"
    )


def _contact(contact: str) -> str:
    shown = escape(contact)
    if fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", contact, ASCII):
        return f'<a href="mailto:{shown}">{shown}</a>'
    return f'<a href="{shown}">{shown}</a>' if contact.startswith(("https://", "http://")) else shown
