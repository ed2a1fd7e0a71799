"""`guard serve`: stand in front of a site."""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from guard.configuration import Configuration, load_configuration
from guard.errors import UsageError
from guard.rights import stated_since
from guard.server.file_watch import files_named_in, watch
from guard.settings import upstream_overrides
from guard.settings_text import SHIPPED_POLICIES

DEFAULT_FILE = Path("guard.yaml")


def serve(config: Path | None, upstream: str, listen: str, *, watching: bool = False) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        config: The configuration file; without one, `guard.yaml` in the working directory if `upstream` is empty.
        upstream: Run on safe defaults in front of this address.
        listen: Listen here instead of what is configured; may be empty.
        watching: Reload whenever a file changes that the configuration was read from.

    Raises:
        GuardError: The configuration or the rules have faults, or a part can not be started.
    """
    from guard.server.reload import Loaded
    from guard.server.supervisor import Supervisor

    files: tuple[Path, ...] = ()

    def read() -> Loaded:
        configuration, as_of = _configuration(config, upstream, listen)
        if watching:
            nonlocal files
            files = tuple(_files(config or DEFAULT_FILE, configuration))
        return Loaded(
            settings=configuration.settings,
            as_of=as_of,
            systems=configuration.networks.systems if configuration.networks else None,
            policy=configuration.policy.name,
            policy_digest=configuration.policy.digest,
            rules_checked=max(crawler.checked for crawler in configuration.catalogue.crawlers),
            warnings=tuple(configuration.warnings),
            file=None if upstream else (config or DEFAULT_FILE).absolute(),
        )

    loaded = read()
    for sentence in loaded.warnings:
        _say(f"guard: note: {sentence}")

    async def run() -> None:
        supervisor = Supervisor(loaded, _say, read)
        looking = asyncio.create_task(watch(lambda: files, supervisor.reload)) if watching else None
        await supervisor.run()
        if looking is not None:
            looking.cancel()

    asyncio.run(run())


def _files(path: Path, configuration: Configuration) -> Iterator[Path]:
    """Yield the files that the configuration was read from; folders that it names are the guard's own affair."""
    settings = configuration.settings
    named = (
        *files_named_in(settings),
        *(Path(rule.when.paths_file) for rule in settings.rules if rule.when.paths_file),
    )
    policy = () if settings.policy in SHIPPED_POLICIES else (Path(settings.policy),)
    shipped = configuration.rules.path.rglob("*.yaml")
    yield path
    yield from (file for file in (*named, *policy, *shipped) if file.is_file())


def _configuration(config: Path | None, upstream: str, listen: str) -> tuple[Configuration, date]:
    """Return the configuration and the day since which the rights statement holds."""
    if upstream and config is not None:
        raise UsageError("--upstream is for running without a configuration file; with one, set it under `sites:`")
    if upstream:
        today = datetime.now(UTC).date()
        return load_configuration(None, os.environ, upstream_overrides(upstream, listen)), today
    path = config or DEFAULT_FILE
    if not path.is_file():
        raise UsageError(
            f"there is no {path}; let `guard init` write one, or run: guard serve --upstream http://127.0.0.1:8080"
        )
    overrides = {"listen": listen} if listen else {}
    configuration = load_configuration(path, os.environ, overrides, with_networks=True)
    return configuration, stated_since(path, configuration.settings)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
