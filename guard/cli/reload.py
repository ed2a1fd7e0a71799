"""`guard reload`: the running guard reads its configuration anew."""

import os
from pathlib import Path
from typing import Annotated

import typer

from guard.cli.running import DEFAULT_ADMIN, DEFAULT_FILE, RELOAD_PATIENCE, admin_of, ask
from guard.cli.terminal import complain
from guard.configuration import load_configuration

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def reload(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Of the running guard [guard.yaml]."
        ),
    ] = None,
) -> None:
    """Have the running guard read its configuration and rules anew; no request is lost.

    A file with faults changes nothing: they are shown, and the exit status is 1. SIGHUP does the same.

    \b
    Examples:
      guard reload
      guard check -c guard.yaml && guard reload -c guard.yaml
    """
    raise typer.Exit(_reload(config))


def _reload(config: Path | None) -> int:
    """Have the running guard read its configuration anew; return the exit status.

    Raises:
        ConfigurationError: The file has faults; the guard was not even asked.
        GuardError: The guard does not answer.
    """
    path = config or DEFAULT_FILE
    settings = load_configuration(path, os.environ, {}).settings if path.is_file() else None
    answer = ask(admin_of(settings) if settings else DEFAULT_ADMIN, "/reload", order=b"", seconds=RELOAD_PATIENCE)
    for sentence in answer["said"]:
        complain(sentence)
    if not answer["successful"]:
        complain("the configuration was not loaded; what was in force stays in force")
        return 1
    complain("the configuration was loaded")
    return 0
