"""Which command was asked for, and how does the program end?

What a command does lives in a file of its own that is imported only when it runs: `guard
--help` and `guard check` must not wait for what only the server needs.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from guard import __version__
from guard.errors import ConfigurationError, GuardError, UsageError

EXIT_PROBLEMS = 1
EXIT_USAGE = 2


GROUPS = {
    "canary": ("guard.cli.canary", "Canary pictures: what is on record of them."),
    "claim": ("guard.cli.claim", "Draft a letter from what is on record."),
    "config": ("guard.cli.config", "What can stand in the configuration."),
    "console": ("guard.cli.console", "The password of the console, the pages on the admin listener."),
    "dataset": ("guard.cli.dataset", "Find your pictures in data sets, and have them left out."),
    "doctor": ("guard.cli.doctor_command", "Look for what goes wrong with an installation, in plain words."),
    "evidence": ("guard.cli.evidence", "The evidence log: who came, proofs, bundles, erasure."),
    "image": ("guard.cli.image", "Picture files: their rights, private data, and marks."),
    "init": ("guard.cli.init", "Write a configuration, from a few answers."),
    "licence": ("guard.cli.licence", "Issue licences to crawlers, and revoke them."),
    "notify": ("guard.cli.notify", "Send the digest of the last days by webhook and e-mail."),
    "pause": ("guard.cli.pause", "Let every request pass for a while."),
    "privacy": ("guard.cli.privacy", "A section for the site's privacy page."),
    "reload": ("guard.cli.reload", "Have the running guard read its configuration anew."),
    "reserve": ("guard.cli.reserve", "What crawlers are told about your rights."),
    "rules": ("guard.cli.rules", "The catalogue of crawlers and their published addresses."),
    "share": ("guard.cli.share", "Give marked copies of pictures to others, and list them."),
    "status": ("guard.cli.status_command", "Say how the running guard is and who came today."),
    "trace": ("guard.cli.trace_command", "Find whom a found copy was issued to."),
    "witness": ("guard.cli.witness", "Cosign the evidence logs of others."),
}
"""Commands with commands or a file of their own: the module whose `app` they are, and what is said about them."""


class _LazyGroup(TyperGroup):
    """Lists groups by a stub and imports only the one that is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name in GROUPS:
            command = typer.main.get_command(import_module(GROUPS[name][0]).app)
        return name, command, rest


app = typer.Typer(cls=_LazyGroup, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def serve(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration [guard.yaml]."),
    ] = None,
    upstream: Annotated[
        str, typer.Option(metavar="URL", help="Guard this site on safe defaults, without a configuration.")
    ] = "",
    listen: Annotated[
        str, typer.Option(metavar="ADDR", help="Listen here: address:port, [address]:port or unix:/path.")
    ] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Reload whenever the configuration or a file that it names has changed.")
    ] = False,
) -> None:
    """Stand in front of a site and guard it.

    \b
    Examples:
      guard serve --upstream http://127.0.0.1:8080
      guard serve -c guard.yaml
      guard serve -c guard.yaml --listen 0.0.0.0:8700
    """
    from guard.cli.serve import serve as run_server

    run_server(config, upstream, listen, watching=watch)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop afterwards, as where there is no terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what happened as one JSON object.")] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave configuration, gallery and evidence in this folder.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Build a small gallery, guard it, and send a person and real crawlers through it.

    The gallery then stays open until Ctrl-C. The exit status is 1 if anything was not as expected.

    \b
    Examples:
      guard demo
      guard demo --once --json
      guard demo --keep demo
    """
    from guard.cli.demo import demo as run_demo

    run_demo(once=once, json=as_json, keep=keep, svg=svg)


@app.command()
def check(
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration to check.")
    ] = Path("guard.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find every fault of the configuration and the rules at once, with its place.

    Nothing is started and nothing is written. The exit status is 0 if the configuration is right, 1 if it has faults,
    and 2 if the file can not be read.

    \b
    Examples:
      guard check
      guard check -c /etc/guard/guard.yaml
      guard check --json | jq '.faults[].message'
    """
    from guard.cli.check import check as run_check

    raise typer.Exit(run_check(config, os.environ, as_json=as_json))


@app.command()
def classify(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="Ask the rules of this configuration.")
    ] = None,
    policy: Annotated[str, typer.Option(metavar="NAME", help="open, moderate, strict or a file [moderate].")] = "",
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="page, thumbnail, image, original, other or unknown.")
    ] = "image",
) -> None:
    """Say whom user agents name: one a line on standard input, one JSON object a line out.

    `action` is what the policy does when the client asks with GET for a picture of display size, or for what --kind
    says; claims are not checked, and nothing is known of its behaviour. `purpose` is `unknown_declared_bot` for a
    crawler that the catalogue does not know (`says_ai`: by its own words it is of the AI trade), `browser`, or
    `unknown`. A line that is not UTF-8 has `"escaped": true`,
    and in its `user_agent` a backslash is doubled and each odd byte is written \\xNN.

    \b
    Examples:
      echo 'GPTBot/1.3' | guard classify
      cut -d'"' -f6 access.log | sort -u | guard classify | jq -r .crawler
      guard classify --policy strict --kind original < user-agents.txt
    """
    from guard.cli.classify import classify as run_classify

    run_classify(config=config, policy=policy, kind=kind)


@app.command()
def explain(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A raw HTTP request; - or nothing: standard input.")
    ] = None,
    *,
    line: Annotated[str, typer.Option(metavar="TEXT", help="A line of an access log; - for standard input.")] = "",
    user_agent: Annotated[str | None, typer.Option(metavar="TEXT", help="The user agent.")] = None,
    path: Annotated[str, typer.Option(metavar="PATH", help="Path and query [/].")] = "",
    address: Annotated[str, typer.Option(metavar="ADDR", help="Where the connection comes from.")] = "",
    header: Annotated[
        list[str] | None, typer.Option(metavar="'NAME: VALUE'", help="A header line; may be repeated.")
    ] = None,
    method: Annotated[str, typer.Option(metavar="METHOD", help="[GET]")] = "",
    host: Annotated[str, typer.Option(metavar="HOST", help="The Host field.")] = "",
    kind: Annotated[str, typer.Option(metavar="KIND", help="What the resource is, such as image or page.")] = "",
    evidence: Annotated[Path | None, typer.Option(metavar="DIR", help="Explain a decision on record here.")] = None,
    record: Annotated[int | None, typer.Option(metavar="N", min=0, help="The index of its record.")] = None,
    reference: Annotated[str, typer.Option(metavar="CODE", help="The code that the client was shown.")] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Ask this configuration's rules."),
    ] = None,
    policy: Annotated[str, typer.Option(metavar="NAME", help="open, moderate, strict or a file [moderate].")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why a request is treated so: who it is, every rule in order, and what is sent.

    The rules are those of the proxy. What is not said is not known: without --kind the answer is given for each kind
    of resource that makes a difference.

    \b
    Examples:
      guard explain --user-agent 'GPTBot/1.3' --path /photo.jpg
      guard explain -c guard.yaml --kind original request.txt
      tail -1 access.log | guard explain --line -
      guard explain --evidence evidence --reference 7K2M9-QX4TA
    """
    from guard.cli.explain import Question
    from guard.cli.explain import explain as run_explain

    question = Question(
        file=file,
        line=line,
        user_agent=user_agent,
        path=path,
        address=address,
        headers=tuple(header or ()),
        method=method,
        host=host,
        kind=kind,
        evidence=evidence,
        record=record,
        reference=reference,
    )
    run_explain(question, config=config, policy=policy, as_json=as_json)


@app.command()
def replay(
    logs: Annotated[
        list[Path] | None, typer.Argument(metavar="LOG", help="Access logs, also .gz; - is standard input.")
    ] = None,
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Ask this configuration's rules."),
    ] = None,
    policy: Annotated[str, typer.Option(metavar="NAME", help="open, moderate, strict or a file [moderate].")] = "",
    log_format: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="combined, common, nginx, caddy, traefik or guard [found out]."),
    ] = "",
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or de.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one table as CSV.")] = False,
) -> None:
    """Say what the policy would have done to an existing access log.

    Most logs do not tell what a resource was. Then a path that ends like a picture's is counted as one, and decisions
    that depend on it are counted apart. Claims are held against those address lists of operators that are of the log's
    time. Nothing leaves this machine. Lines that can not be read are named, counted and skipped; the exit status is 1
    if a log has no line that can be read, or breaks off.

    \b
    Examples:
      guard replay /var/log/nginx/access.log*
      zcat access.log.*.gz | guard replay --lang de -
      guard replay --policy strict --json access.log | jq '.crawlers[].name'
    """
    from guard.cli.replay import replay as run_replay

    status = run_replay(
        logs or [], config=config, policy=policy, form=log_format, lang=lang, as_json=as_json, as_csv=as_csv
    )
    raise typer.Exit(status)


for _name, (_module, _help) in GROUPS.items():
    app.command(_name, help=_help)(lambda: None)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crawler-guard {__version__}")
        raise typer.Exit


@app.callback()
def _guard(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Tell AI crawlers that your pictures are reserved, refuse those that take them anyway, and keep evidence.

    \b
    Examples:
      guard demo
      guard serve --upstream http://127.0.0.1:8080
      guard check -c guard.yaml && guard serve -c guard.yaml
      guard evidence verify /var/lib/guard/evidence

    Results are printed on standard output, everything else on standard error. The exit status is 0 if all is well, 1 if
    problems were found, 2 if the command line is wrong, and 130 if the program was interrupted.
    """


def run() -> None:
    """Run the command line and end the process; what this program itself reports never becomes a traceback."""
    try:
        typer.main.get_command(app)(prog_name="guard")
    except ConfigurationError as error:
        from guard.cli.faults import render

        typer.echo(render(error.faults), err=True)
        sys.exit(EXIT_PROBLEMS)
    except GuardError as error:
        typer.echo(f"guard: {error}", err=True)
        sys.exit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_PROBLEMS)
    except KeyboardInterrupt:
        sys.exit(130)
