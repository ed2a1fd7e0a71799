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


GROUPS = {"evidence": ("guard.cli.evidence", "Verify the evidence log.")}
"""Commands with commands of their own: the module whose `app` they are, and what is said about them."""


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
) -> None:
    """Stand in front of a site and guard it.

    \b
    Examples:
      guard serve --upstream http://127.0.0.1:8080
      guard serve -c guard.yaml
      guard serve -c guard.yaml --listen 0.0.0.0:8700
    """
    from guard.cli.serve import serve as run_server

    run_server(config, upstream, listen)


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop afterwards; exit 1 if anything was not as expected.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what happened as one JSON object.")] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave configuration, gallery and evidence in this folder.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Build a small gallery, guard it, and send a person and real crawlers through it.

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
