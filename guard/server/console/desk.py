"""What do all pages share?

The guard that they are about, the language of the reader, and the way from values to HTML.
"""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from aiohttp import web

from guard.errors import UsageError
from guard.server.console import shown
from guard.server.console.commands import Commands
from guard.server.console.decisions import Decisions
from guard.server.console.figures import Days
from guard.server.console.gate import guarded
from guard.server.console.passwords import NEEDS
from guard.server.console.sessions import Session, Sessions
from guard.server.console.shown import Language
from guard.server.console.words import PAGES, TABLES, code, em, many, say
from guard.server.console.words_de_rules import of_rule, spoken
from guard.server.reload import Loaded, Outcome
from guard.server.state import State
from guard.store.day_files import FOLDER

if TYPE_CHECKING:
    from jinja2 import Environment

HERE: Final = Path(__file__).parent
ROOT: Final = "/console/"
SESSION: Final = web.RequestKey("session", Session)
LANGUAGE: Final = web.RequestKey("language", str)
LANGUAGE_COOKIE: Final = "guard_console_language"


class Guard(Protocol):
    """What the console is about."""

    @property
    def loaded(self) -> Loaded:
        """What it runs on."""
        ...

    @property
    def own_token(self) -> str:
        """By which it knows its own requests."""
        ...

    async def state(self) -> State:
        """Return how it is."""
        ...

    async def reload(self) -> Outcome:
        """Read the configuration anew."""
        ...

    def pause_until(self, until: float) -> None:
        """Let every request pass until then; OSError where that can not be kept."""
        ...


class Desk:
    """Where pages are made."""

    def __init__(self, guard: Guard) -> None:
        """Raises UsageError where the template engine is not there."""
        self.guard = guard
        self.days = Days(guard.loaded.settings.evidence.directory / FOLDER)
        self.commands = Commands()
        self.decisions = Decisions()
        self.sessions = Sessions()
        self._templates = _environment()
        self.files = {file.name: file.read_bytes() for file in sorted((HERE / "static").iterdir())}
        self._marks = {name: sha256(data).hexdigest()[:12] for name, data in self.files.items()}

    def still_signed_in(self, session: Session) -> bool:
        """Tell whether a session that is in use is still good."""
        return self.sessions.holds(session)

    def file_url(self, name: str) -> str:
        """Return the address of a file that never changes under it."""
        return f"{ROOT}static/{name}?v={self._marks[name]}"

    def language(self, request: web.Request) -> Language:
        """Return the reader's language: as chosen here, else as the browser says."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen in ("en", "de"):
            return "de" if chosen == "de" else "en"
        return preferred(request.headers.get("Accept-Language", ""))

    def page(
        self, request: web.Request, template: str, *, status: int = 200, values: Mapping[str, Any] | None = None
    ) -> web.Response:
        """Return a page; `values` are what its template asks for."""
        language = self.language(request)
        session = request.get(SESSION)
        text = self._templates.get_template(template).render(
            _=partial(say, language),
            many=partial(many, language),
            em=em,
            pages=PAGES,
            code=code,
            **TABLES,
            of_rule=partial(of_rule, language),
            spoken=partial(spoken, language),
            language=language,
            here=request.path,
            form_token=session.form_token if session else "",
            signed_in=session is not None,
            file_url=self.file_url,
            sites=[site.host for site in self.guard.loaded.settings.sites],
            num=partial(shown.number, language=language),
            size=partial(shown.size, language=language),
            share=partial(shown.share, language=language),
            day=partial(shown.day, language=language),
            moment=partial(shown.moment, language=language),
            clock=partial(shown.clock, language=language),
            span=partial(shown.span, language=language),
            plain=shown.plain,
            **(values or {}),
        )
        response = web.Response(text=text, content_type="text/html", charset="utf-8", status=status)
        response.headers["Vary"] = "Accept-Language, Cookie"
        guarded(response)
        return response


def preferred(accepted: str) -> Language:
    """Return the language that an Accept-Language field (RFC 9110, section 12.5.4) likes best of ours."""
    best: Language = "en"
    weight = 0.0
    for part in accepted[:500].split(","):
        tag, _, rest = part.strip().lower().partition(";")
        try:
            quality = float(rest.partition("q=")[2]) if "q=" in rest else 1.0
        except ValueError:
            continue
        name = tag.partition("-")[0]
        if quality > weight and name in ("en", "de"):
            best, weight = ("de" if name == "de" else "en"), quality
    return best


def _environment() -> "Environment":
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise UsageError(NEEDS) from None
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters["segment"] = lambda text: quote(str(text), safe="", errors="replace")
    return made
