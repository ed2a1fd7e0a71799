"""`guard witness`: whose checkpoints are cosigned, and with which key?"""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from guard.errors import UsageError
from guard.evidence.checkpoint import CheckpointError, VerifierKey, parse_verifier_key

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True)
def witness(
    ctx: typer.Context,
    log: Annotated[
        list[str] | None, typer.Option(metavar="VKEY", help="The key of a log to witness: what is in its log/vkey.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The key of this witness.")] = None,
    listen: Annotated[
        str, typer.Option(metavar="ADDR", help="Listen here: address:port, [address]:port or unix:/path.")
    ] = "127.0.0.1:8790",
) -> None:
    """Sign for others that you saw no second history of their evidence log (C2SP tlog-witness).

    Whoever keeps a log could keep two of them and show the one that suits. A witness cosigns a checkpoint only if it
    goes on from the last one it saw. Two photographers can do that for each other: each runs a witness and names the
    other's under evidence.witnesses. What a log signed and the witness refused is kept beside the key, in refused/.

    --log may be given several times. TLS belongs to the server in front.

    \b
    Examples:
      guard witness key witness.jane.example/1 -o witness.key
      guard witness --key witness.key --log photo.example/evidence/…+…+… --listen 127.0.0.1:8790
    """
    if ctx.invoked_subcommand is not None:
        return
    if key is None:
        raise UsageError("--key: name the key of this witness; `guard witness key NAME -o FILE` makes one")
    if not log:
        raise UsageError("--log: name at least one log by its key, which is in log/vkey of its evidence directory")
    from guard.server.witness import Witness, serve
    from guard.settings_text import endpoint
    from guard.store import witness_key
    from guard.store.witness_store import WitnessStore
    from guard.validation import WrongValueError

    logs = _logs(log)
    try:
        endpoint(listen)
    except WrongValueError as error:
        raise UsageError(f"--listen: {error.message}") from None
    own = witness_key.load(key)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    made = Witness(name=own.public.name, key=own.private, logs=logs, store=WitnessStore(witness_key.memory_of(key)))
    asyncio.run(serve(made, listen, _say))


@app.command("key")
def make_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it signs under, like witness.jane.example/1.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the key goes.")],
) -> None:
    """Make the key of a witness and print what its logs need of it.

    Beside it lies FILE.seen: what the witness has cosigned. Keep the two together, and never use the key without that.

    \b
    Example:
      guard witness key witness.jane.example/1 -o witness.key
    """
    from guard.store import witness_key

    try:
        made = witness_key.create(output, name)
    except CheckpointError as error:
        raise UsageError(str(error)) from None
    typer.echo(str(made.public))


def _logs(texts: list[str]) -> dict[str, list[VerifierKey]]:
    """Return the keys by log; a log that has changed its key is named with both."""
    found: dict[str, list[VerifierKey]] = {}
    for text in texts:
        try:
            one = parse_verifier_key(text.strip())
        except CheckpointError as error:
            raise UsageError(f"--log {text[:60]}: {error}") from None
        found.setdefault(one.name, []).append(one)
    return found


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
