"""Are the commands of the reservation found, each by its name?"""

from typer.testing import CliRunner

from guard.cli.reserve import app


def test_every_command_is_listed():
    """The group's help names them."""
    done = CliRunner().invoke(app, ["--help"])

    assert done.exit_code == 0
    assert "audit" in done.stdout
    assert "render" in done.stdout
