"""`guard reserve audit`: what does a site tell crawlers, and which of them would misunderstand it?"""

import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from yarl import URL

from guard.cli.terminal import printable
from guard.core.client_address import parse_address
from guard.errors import UsageError
from guard.reservation.site import Site


def audit(
    url: Annotated[str, typer.Argument(metavar="URL", help="A page of the site that shows pictures.")],
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or de.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read a live site as the strictest crawler would, and say what is missing or broken.

    Works on any site, with nothing installed there. It asks for robots.txt and the like, the page, a few of its
    pictures in every way in which crawlers ask, and the terms; also under the name of an AI crawler, to see whether
    that one is refused, and under a browser's where its own name (crawler-guard-audit) is. At most 80 requests and
    one minute. The exit status is 1 if there are faults.

    The keys of --json: url, final_url, ok (no faults), summary, verdict (all_told, careful, some, permitted, silent,
    unreachable), answers (train, ai_use, search, tdm: reserved, some, permitted or null), carriers (id, name, found,
    valid, answers, read, findings), contradictions (question, reserved, permitted), findings (number, id, severity
    fault|gap|note, carriers, where, details, means, fix, snippet), crawlers (kept_out, let_in, unnamed_kept_out),
    notes, asked (user_agent, requests, bytes, pictures).

    \b
    Examples:
      guard reserve audit photo.example
      guard reserve audit https://photo.example/album/ --lang de
      guard reserve audit localhost:8700 --json | jq -r '.findings[].id'
    """
    raise typer.Exit(reserve_audit(url, lang=lang, as_json=as_json))


def reserve_audit(url: str, *, lang: str, as_json: bool) -> int:
    """Print what was found, and return the exit status: 1 if there are faults.

    Raises:
        UsageError: It is no address of a site.
        ConfigurationError: The rules of this installation are damaged.
    """
    import orjson

    from guard.cli.audit_print import print_audit
    from guard.cli.audit_value import as_value
    from guard.cli.audit_words import LANGUAGES
    from guard.reservation.audit import audit as judge
    from guard.reservation.audit_flaws import Severity
    from guard.reservation.robots import ALWAYS_NAMED
    from guard.store.rule_files import load_catalogue, rules_root

    if lang not in LANGUAGES:
        raise UsageError(f"--lang {lang!r} is not there; take {' or '.join(LANGUAGES)}")
    start = checked_url(url)
    crawlers = [(one.token, str(one.purpose)) for one in load_catalogue(rules_root().path).crawlers]
    with _waiting(start):
        site = asyncio.run(_read(start))
    result = judge(site, [*ALWAYS_NAMED, *crawlers])
    if as_json:
        typer.echo(orjson.dumps(as_value(result, LANGUAGES[lang]), option=orjson.OPT_INDENT_2))
    else:
        print_audit(Console(highlight=False), result, LANGUAGES[lang])
    return int(bool(result.of(Severity.FAULT)))


def checked_url(text: str) -> str:
    """Return the address as an absolute URL; without a scheme it is https, or http on this machine.

    Raises:
        UsageError: It has another scheme, a password, or no host.
    """
    try:
        url = URL(text.strip() if "://" in text else f"https://{text.strip()}")
        host = url.raw_host or ""
        if "://" not in text and _is_here(host):
            url = url.with_scheme("http")
        if url.scheme not in {"http", "https"} or not host or url.raw_user is not None or url.port == 0:
            raise ValueError
    except ValueError:
        raise UsageError(f"{text!r} is not the address of a site, such as https://photo.example/album/") from None
    url = url.with_fragment(None)
    return str(url) if url.raw_path != "/" or url.query_string else f"{url.origin()}/"


def _is_here(host: str) -> bool:
    literal = parse_address(host)
    return host == "localhost" or (literal is not None and ip_address(str(literal)).is_loopback)


async def _read(start: str) -> Site:
    from guard.exporter.site_fetch import SiteFetch
    from guard.exporter.site_reading import read_site

    async with SiteFetch(start) as fetch:
        return await read_site(start, fetch)


def _waiting(url: str) -> AbstractContextManager[object]:
    if not sys.stderr.isatty():
        return nullcontext()
    return Console(stderr=True).status(Text(f"reading {printable(url, 60)} …"))
