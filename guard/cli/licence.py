"""Who may fetch what by licence: issue, look, take back.

The token is printed once, on standard output, and kept nowhere; the register has what it says.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli import licence_terms as terms
from guard.cli.judge import choose
from guard.cli.terminal import printable
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.licence import Licence
from guard.core.licence_token import claims, licensee_key
from guard.core.reference_code import ALPHABET
from guard.errors import UsageError
from guard.settings import Settings, from_upstream, load_settings
from guard.store.licences import LicenceBook
from guard.validation import suggest

ID_LENGTH: Final = 10

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration of the guard."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a licence.")]
Several = list[str] | None

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Issue licences to crawlers, and revoke them.")


@app.callback()
def _group() -> None:
    """Issue licences to crawlers, and revoke them."""


@app.command()
def issue(
    *,
    to: Annotated[str, typer.Option(metavar="NAME", help="Who gets it.")],
    crawler: Annotated[str, typer.Option(metavar="ID", help="Only this crawler, and only when it is verified.")] = "",
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only requests signed with this public key (a JSON Web Key).")
    ] = None,
    thumbprint: Annotated[
        str, typer.Option("--key-thumbprint", metavar="TEXT", help="The same for a key that the guard fetches.")
    ] = "",
    bearer: Annotated[bool, typer.Option("--bearer", help="Whoever holds the token can use it.")] = False,
    host: Annotated[Several, typer.Option(metavar="NAME", help="Of these sites [the one that is configured].")] = None,
    path: Annotated[Several, typer.Option(metavar="PATH", help="These paths and what is below [all].")] = None,
    purpose: Annotated[Several, typer.Option(metavar="NAME", help="For crawlers of this purpose [any].")] = None,
    kind: Annotated[Several, typer.Option(metavar="NAME", help="These kinds: page, image, original … [any].")] = None,
    days: Annotated[int | None, typer.Option(metavar="N", help="So long it holds [365].")] = None,
    until: Annotated[str, typer.Option(metavar="DATE", help="Through this day (UTC), like 2027-03-31.")] = "",
    pictures: Annotated[int, typer.Option(metavar="N", min=0, help="At most so many pictures …")] = 0,
    per: Annotated[str, typer.Option(metavar="TIME", help="… per minute, hour, day or month.")] = "",
    reference: Annotated[str, typer.Option(metavar="TEXT", help="Your own: a contract, an order.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Issue a licence and print its token, which is kept nowhere.

    The licensee sends it with every request, as `Authorization: License TOKEN` (or Bearer). Say who can use it: a
    crawler (--crawler), the owner of a key (--key) or whoever holds it (--bearer). Your own key, by which the guard
    knows the tokens, is made with the first licence.

    \b
    Examples:
      guard licence issue --to 'Acme AI' --key acme.jwk --path /stock --purpose ai_training
      guard licence issue --to OpenAI --crawler openai-gptbot --until 2027-03-31
      guard licence issue --to 'Jane' --bearer --kind image --pictures 1000 --per day
    """
    settings = _settings(config)
    if not (crawler or key or thumbprint or bearer):
        raise UsageError("say who can use it: --crawler ID, --key FILE, --key-thumbprint TEXT, or --bearer")
    if bearer and (crawler or key or thumbprint):
        raise UsageError("--bearer is for whoever holds the token; leave it out to bind it to a crawler or a key")
    if key and thumbprint:
        raise UsageError("take one of them: --key, or --key-thumbprint")
    now = datetime.now(UTC).replace(microsecond=0)
    jwk = terms.public_key(key) if key else None
    licence = Licence(
        id="".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH)),
        licensee=terms.line("--to", to),
        reference=terms.line("--reference", reference) if reference else "",
        hosts=terms.hosts(settings, host or []),
        paths=tuple(terms.path(one) for one in terms.items("--path", path)),
        purposes=frozenset(choose("--purpose", one, Purpose) for one in terms.items("--purpose", purpose)),
        kinds=frozenset(choose("--kind", one, Kind) for one in terms.items("--kind", kind)),
        crawler=terms.crawler(crawler) if crawler else "",
        thumbprint=licensee_key(jwk).thumbprint if jwk else terms.thumbprint(thumbprint),
        key=jwk,
        pictures=pictures,
        per_seconds=terms.seconds(pictures, per),
        issued=now,
        expires=terms.end(now, days, until),
    )
    book = _book(settings)
    token = book.issue(licence)
    if as_json:
        typer.echo(orjson.dumps({**_value(licence, "valid", None), "token": token}, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(token)
    typer.echo(f"licence {licence.id} for {printable(licence.licensee)}, for {licence.bound_to}", err=True)
    typer.echo(f"until {licence.expires:%Y-%m-%d %H:%M} UTC; the token is shown once and kept nowhere", err=True)
    if not settings.licences.accept:
        typer.echo("warning: this configuration accepts no tokens; set licences: {accept: yes}", err=True)


@app.command("list")
def list_licences(config: Config = None, as_json: AsJson = False) -> None:
    """List the licences that were issued, and what has become of them.

    \b
    Examples:
      guard licence list
      guard licence list --json | jq '.[] | select(.state == "valid")'
    """
    found = _found(_settings(config))
    if as_json:
        typer.echo(orjson.dumps([one.value() for one in found], option=orjson.OPT_INDENT_2))
    else:
        for one in found:
            typer.echo(_row(one))
    typer.echo(f"{len(found)} {'licence' if len(found) == 1 else 'licences'}", err=True)


@app.command()
def show(licence_id: Id, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that one licence says.

    \b
    Examples:
      guard licence show 7K3QF9X2TM
    """
    one = _one(_found(_settings(config)), licence_id)
    if as_json:
        typer.echo(orjson.dumps(one.value(), option=orjson.OPT_INDENT_2))
        return
    licence = one.licence
    limit = f"{licence.pictures} pictures in {licence.per_seconds} s" if licence.pictures else ""
    rows = [
        ("id", licence.id),
        ("state", f"revoked on {one.revoked:%Y-%m-%d %H:%M:%S} UTC" if one.revoked else one.state),
        ("licensee", licence.licensee),
        ("reference", licence.reference),
        ("used by", licence.bound_to),
        ("issued", f"{licence.issued:%Y-%m-%d %H:%M:%S} UTC"),
        ("ends", f"{licence.expires:%Y-%m-%d %H:%M:%S} UTC"),
        *(("host", host) for host in licence.hosts),
        *(("path", path) for path in licence.paths or ("all",)),
        ("purpose", ", ".join(sorted(licence.purposes)) or "any"),
        ("kind", ", ".join(sorted(licence.kinds)) or "any"),
        ("limit", limit),
    ]
    for name, text in rows:
        if text:
            typer.echo(f"{name:<10} {printable(text)}")


@app.command()
def revoke(
    licence_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of licences.")],
    config: Config = None,
) -> None:
    """Revoke licences: a running guard stops accepting their tokens within a second.

    \b
    Examples:
      guard licence revoke 7K3QF9X2TM
    """
    settings = _settings(config)
    wanted = [_one(_found(settings), one).licence.id for one in licence_ids]
    new = _book(settings).revoke(wanted, datetime.now(UTC))
    for one in dict.fromkeys(wanted):
        typer.echo(f"{one} {'revoked' if one in new else 'was revoked already'}")


@dataclass(frozen=True, slots=True)
class _Found:
    licence: Licence
    state: str
    """`valid`, `expired` or `revoked`."""
    revoked: datetime | None

    def value(self) -> dict[str, Any]:
        """Return it for JSON."""
        return _value(self.licence, self.state, self.revoked)


def _value(licence: Licence, state: str, revoked: datetime | None) -> dict[str, Any]:
    return {
        "id": licence.id,
        "state": state,
        "revoked": revoked.isoformat() if revoked else None,
        "issued": licence.issued.isoformat(),
        "expires": licence.expires.isoformat(),
        "bound_to": licence.bound_to,
        "claims": claims(licence),
    }


def _found(settings: Settings) -> list[_Found]:
    book, now = _book(settings), datetime.now(UTC)
    licences, faults = book.licences()
    for fault in faults:
        typer.echo(f"not read: {printable(fault)}", err=True)
    revoked = book.revocations()
    found = []
    for one in licences:
        state = "revoked" if one.id in revoked else "expired" if one.expires <= now else "valid"
        found.append(_Found(one, state, revoked.get(one.id)))
    return found


def _row(one: _Found) -> str:
    licence = one.licence
    where = printable(" ".join((*licence.hosts, *licence.paths)), 11)
    who = f"{printable(licence.licensee, 16):<16}  {printable(licence.bound_to, 16):<16}"
    return f"{licence.id}  {one.state:<7}  {licence.expires:%Y-%m-%d}  {who}  {where}"


def _one(found: list[_Found], licence_id: str) -> _Found:
    wanted = licence_id.upper()
    one = next((one for one in found if one.licence.id == wanted), None)
    if one is None:
        near = suggest(wanted, [one.licence.id for one in found])
        meant = f" (did you mean '{near}'?)" if near else ""
        raise UsageError(f"there is no licence '{licence_id}'{meant}; 'guard licence list' names all")
    return one


def _settings(config: Path | None) -> Settings:
    if config is not None:
        return load_settings(config, os.environ, {})
    return from_upstream("http://localhost", environ=os.environ)


def _book(settings: Settings) -> LicenceBook:
    assert settings.licences.directory is not None  # noqa: S101  # loading makes every path whole
    return LicenceBook(settings.licences.directory)
