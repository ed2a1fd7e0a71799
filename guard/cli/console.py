"""`guard console`: the password of the pages on the admin listener."""

import sys
from typing import Annotated

import typer

from guard.cli.terminal import complain
from guard.errors import UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def console() -> None:
    """The console: pages on the admin listener that show who came, what they took, and what is decided about them."""


@app.command()
def password(
    bare: Annotated[bool, typer.Option("--bare", help="Print only the value, as for GUARD_CONSOLE__PASSWORD.")] = False,
) -> None:
    """Turn a password into what stands in the configuration.

    Asks for it twice; or reads one line of standard input, where that is no terminal. The password itself is kept
    nowhere. The console is there after the next start of the guard, at http://127.0.0.1:8701/console/.

    \b
    Examples:
      guard console password
      guard console password < password.txt >> guard.yaml
    """
    from guard.server.console.passwords import hashed

    made = hashed(_asked())
    print(made if bare else f'console:\n  password: "{made}"')  # noqa: T201


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    first = getpass("password: ")
    if getpass("once more: ") != first:
        raise UsageError("the two were not the same; nothing was made")
    complain("put this into guard.yaml")
    return first
