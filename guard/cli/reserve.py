"""Which commands are there for the reservation?"""

import typer

from guard.cli.reserve_audit import audit
from guard.cli.reserve_diff import diff
from guard.cli.reserve_history import history
from guard.cli.reserve_render import render

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What crawlers are told about your rights.")


@app.callback()
def _group() -> None:
    """What crawlers are told about your rights."""


app.command()(audit)
app.command()(render)
app.command()(history)
app.command()(diff)
