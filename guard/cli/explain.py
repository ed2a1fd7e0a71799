"""`guard explain`: why is this request treated so?

A request comes as raw HTTP, as flags or as a line of an access log, and is judged now; or
from the evidence, and then what was decided at that time is shown.
"""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer
from rich.console import Console

from guard.cli.explain_tree import explanation_tree, explanation_value
from guard.cli.judge import Judge, choose, find_judge
from guard.cli.record_tree import record_tree, record_value
from guard.core.classification import Classification, TicketState
from guard.core.client_address import AddressPolicy, parse_address
from guard.core.explanation import Explanation
from guard.core.explanation import explain as explain_request
from guard.core.facts import Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.licence import NO_LICENCE, LicenceVerdict
from guard.core.log_line import LogFormat, Unreadable, detect, parse
from guard.core.raw_request import RawRequest, facts_of_request, parse_header, parse_request
from guard.errors import GuardError, RequestError, UsageError
from guard.settings import Settings
from guard.store.record_finder import find_request
from guard.store.replay import RESERVATION_PATHS, as_judged, facts_of, kind_of

LARGEST_REQUEST = 1 << 20
HIDDEN = "(a licence token, not shown)"

HOW = """nothing to explain; name a request in one of these ways:

  guard explain --user-agent 'GPTBot/1.3' --path /photo.jpg
  guard explain request.txt
  tail -1 access.log | guard explain --line -
  guard explain --evidence /var/lib/guard/evidence --reference CODE"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the command line names."""

    file: Path | None = None
    """Raw HTTP; `-` for standard input."""
    line: str = ""
    """A line of an access log; `-` for the first line of standard input."""
    user_agent: str | None = None
    path: str = ""
    address: str = ""
    headers: tuple[str, ...] = ()
    method: str = ""
    host: str = ""
    kind: str = ""
    """What the resource is; empty where nobody says."""
    evidence: Path | None = None
    record: int | None = None
    reference: str = ""

    @property
    def has_flags(self) -> bool:
        return self.user_agent is not None or bool(self.path or self.headers or self.method or self.host)


def explain(question: Question, *, config: Path | None, policy: str, as_json: bool) -> None:
    """Print why a request is treated so.

    Raises:
        GuardError: The request, the rules or the evidence can not be read.
    """
    if question.evidence is not None or question.record is not None or question.reference:
        _explain_record(question, find_judge(config, policy), as_json=as_json)
        return
    # Read before the rules are loaded: what is wrong with the command line is said at once.
    raw = _raw_request(question)
    judge = find_judge(config, policy)
    try:
        explained = _of_line(question, judge) if raw is None else _of_request(question, raw, judge)
    except RequestError as error:
        raise UsageError(f"the proxy answers this with 400: {error}") from None
    _show(explained, as_json=as_json)


def _raw_request(question: Question) -> RawRequest | None:
    """Return the request as raw HTTP or flags tell it; None for a log line."""
    ways = [question.file is not None, bool(question.line), question.has_flags]
    if sum(ways) > 1:
        raise UsageError("take one of them: a FILE, --line, or --user-agent, --path, --header, --method and --host")
    if question.address and parse_address(question.address) is None:
        raise UsageError(f"--address {question.address!r} is no address")
    if question.kind:
        choose("--kind", question.kind, Kind)
    if question.line:
        return None
    try:
        if question.has_flags:
            return _from_flags(question)
        if question.file is None and sys.stdin.isatty():
            raise UsageError(HOW)
        data = _read(question.file)
        if question.file is None and not data.strip():
            raise UsageError(HOW)
        return parse_request(data)
    except RequestError as error:
        raise UsageError(str(error)) from None


def _from_flags(question: Question) -> RawRequest:
    headers = [("Host", question.host)] if question.host else []
    if question.user_agent is not None:
        headers.append(("User-Agent", question.user_agent))
    headers += [parse_header(text, f"--header {text!r}") for text in question.headers]
    return RawRequest(method=question.method or "GET", target=question.path or "/", headers=tuple(headers))


def _read(file: Path | None) -> bytes:
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read(LARGEST_REQUEST)
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_REQUEST)
    except OSError as error:
        raise UsageError(f"{file}: can not be read: {(error.strerror or str(error)).lower()}") from None


def _of_request(question: Question, raw: RawRequest, judge: Judge) -> Explanation:
    settings = judge.settings
    facts = facts_of_request(
        raw,
        at=datetime.now(UTC),
        peer=question.address,
        addresses=settings.client_ip.policy() if settings else AddressPolicy(),
        site_of=lambda host: _site(settings, host),
    )
    return _explained(judge, facts, _seen(question, Kind.UNKNOWN))


def _of_line(question: Question, judge: Judge) -> Explanation:
    data = sys.stdin.buffer.readline(LARGEST_REQUEST) if question.line == "-" else question.line.encode(
        "utf-8", "surrogateescape"
    )  # fmt: skip
    form = detect([data])
    found = parse(data, form or LogFormat.COMBINED)
    if isinstance(found, Unreadable):
        raise UsageError(
            f"--line: {found.reason}; it may be Combined, Common, or JSON of nginx, Caddy, Traefik or guard"
        )
    who = as_judged(found.judged, judge.pipeline.catalogue) if found.judged else None
    return _explained(judge, facts_of(found), _seen(question, kind_of(found)), who)


def _seen(question: Question, told: Kind) -> ResponseFacts | None:
    if question.kind:
        return ResponseFacts(kind=choose("--kind", question.kind, Kind), source=KindSource.RESPONSE)
    return None if told is Kind.UNKNOWN else ResponseFacts(kind=told, source=KindSource.RESPONSE)


def _explained(
    judge: Judge, facts: RequestFacts, seen: ResponseFacts | None, who: Classification | None = None
) -> Explanation:
    identity = None if who else judge.identify(facts, judge.pipeline.sight(facts))
    believed = who or judge.pipeline.classify(facts, identity)
    licence = _licence(judge, facts, believed)
    return explain_request(
        judge.pipeline,
        _without_token(facts),
        seen,
        reservation_paths=RESERVATION_PATHS,
        who=who,
        identity=identity,
        licence=licence,
        ticket=_ticket(judge, facts, replace(believed, licence=licence)),
    )


def _ticket(judge: Judge, facts: RequestFacts, who: Classification) -> TicketState:
    """Read the tickets as the proxy does; without its keys none is any good."""
    settings = judge.settings
    if settings is None or not settings.tickets.give:
        return TicketState.NOT_ASKED
    from guard.server.tickets import TicketOptions, look
    from guard.store.ticket_keys import folder_in, load

    try:
        keys = load(folder_in(settings.evidence.directory))
    except GuardError:
        keys = ()
    options = TicketOptions(hours=settings.tickets.hours, embedders=settings.tickets.embedders)
    return look(keys, options, facts, who).state


def _licence(judge: Judge, facts: RequestFacts, who: Classification) -> LicenceVerdict:
    """Check a licence token as the proxy does; a key that would have to be fetched is not known here."""
    settings = judge.settings
    if settings is None or not settings.licences.accept or settings.licences.directory is None:
        return NO_LICENCE
    from guard.server.licences import Licences
    from guard.store.licences import LicenceBook

    return Licences(LicenceBook(settings.licences.directory)).check(facts, who, None)[0]


def _without_token(facts: RequestFacts) -> RequestFacts:
    """Hide a licence token: an explanation is shown around, and the token would open what it is for."""
    from guard.server.licences import licence_token

    shown = ((name, value if licence_token(name, value) is None else HIDDEN) for name, value in facts.headers)
    return replace(facts, headers=tuple(shown))


def _site(settings: Settings | None, host: str) -> str:
    """Choose the site as the proxy does: by name, else the one for all names, else the first."""
    if settings is None:
        return host
    names = [site.host for site in settings.sites]
    return host if host in names else "*" if "*" in names else names[0]


def _show(explained: Explanation, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(explanation_value(explained), option=orjson.OPT_INDENT_2))
    else:
        Console(highlight=False).print(explanation_tree(explained))


def _explain_record(question: Question, judge: Judge, *, as_json: bool) -> None:
    if question.evidence is None:
        raise UsageError("--record and --reference need --evidence DIR, the `evidence.directory` of guard.yaml")
    if (question.record is None) == (not question.reference):
        raise UsageError("--evidence needs either --record N or --reference CODE")
    found = find_request(question.evidence, index=question.record, reference=question.reference)
    digest = judge.pipeline.policy.digest
    if as_json:
        typer.echo(orjson.dumps(record_value(found, digest), option=orjson.OPT_INDENT_2))
    else:
        Console(highlight=False).print(record_tree(found, digest))
