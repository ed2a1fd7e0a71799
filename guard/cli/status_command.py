"""`guard status`: ask, print, and say by the exit status whether something needs attention."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli.running import ask, where
from guard.cli.status import concerns, lines
from guard.cli.status_cluster import cluster_concerns

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_NUMBERS: Final = {
    "guard_search_guard_different": "different",
    "guard_evidence_unanchored_seconds": "unanchored",
    "guard_appeals_total": "appeals",
}
_SAMPLE = re.compile(rf"^({'|'.join(_NUMBERS)})(?:\{{.*\}})? (\S+)$", re.MULTILINE)
_CLUSTER = re.compile(r'^guard_cluster_up\{part="(\w+)"\} (\S+)$', re.MULTILINE)


@app.command()
def status(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Of the running guard [guard.yaml]."
        ),
    ] = None,
    pictures: Annotated[bool, typer.Option("--pictures", help="Also what crawlers asked for most.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how the running guard is and who came today.

    The exit status is 1 if something needs attention, and if no guard answers.

    \b
    Examples:
      guard status
      guard status --pictures -c /etc/guard/guard.yaml
      guard status --json | jq '.today.crawlers[] | select(.impostor > 0)'
    """
    raise typer.Exit(_status(config, as_json=as_json, pictures=pictures))


def _status(config: Path | None, *, as_json: bool, pictures: bool) -> int:
    """Print how the guard is; return 1 if something needs attention.

    Raises:
        GuardError: No guard answers.
    """
    admin = where(config)
    state: dict[str, Any] = ask(admin, "/status")
    metrics = ask(admin, "/metrics")
    parts = {part: float(value) > 0 for part, value in sorted(_CLUSTER.findall(metrics))}
    found = [*concerns(state, _metrics(metrics)), *cluster_concerns(parts)]
    if as_json:
        text = orjson.dumps(
            {**state, **({"cluster": parts} if parts else {}), "concerns": [asdict(one) for one in found]},
            option=orjson.OPT_INDENT_2,
        ).decode()
    else:
        text = "\n".join(lines(state, found, pictures=pictures, cluster=parts))
    print(text)  # noqa: T201
    return int(any(one.urgent for one in found))


def _metrics(text: str) -> dict[str, float]:
    found = dict.fromkeys(_NUMBERS.values(), 0.0)
    for name, value in _SAMPLE.findall(text):
        key = _NUMBERS[name]
        found[key] = found[key] + float(value) if key == "appeals" else max(found[key], float(value))
    return found
