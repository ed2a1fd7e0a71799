"""`guard config`: what can stand in the configuration?"""

import orjson
import typer

from guard.settings import json_schema

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What can stand in the configuration.")


@app.callback()
def _group() -> None:
    """What can stand in the configuration."""


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors that complete and check.

    \b
    Examples:
      guard config schema > guard.schema.json
      # then, as the first line of guard.yaml:
      # yaml-language-server: $schema=guard.schema.json
    """
    typer.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())
