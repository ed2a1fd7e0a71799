"""A guard that watches its files goes over to what is written there, and only then."""

import asyncio
import json
import os
from pathlib import Path

from guard.server import file_watch
from guard.server.file_watch import files_named_in, watch
from guard.settings import load_settings
from tests.server.conftest import Upstreams
from tests.support.running import RunningGuard, wait_until

LOADED = "guard: the configuration was loaded"


def test_what_is_saved_comes_into_force_and_a_fault_does_not(upstreams: Upstreams, tmp_path: Path):
    """Without a signal; after a fault the next saving is read again."""
    running = RunningGuard(tmp_path, {"sites": [{"host": "photo.example", "upstream": upstreams.good}]}, 40, "--watch")
    try:
        settings = json.loads(running.file.read_text())

        running.file.write_text(json.dumps({**settings, "policy": "lenient"}))
        wait_until(lambda: any("stays in force" in line for line in running.said) or None, 40)
        running.file.write_text(json.dumps({**settings, "policy": "strict"}))
        wait_until(lambda: any(LOADED in line for line in running.said) or None, 40)
    finally:
        running.stop()

    assert sum(LOADED in line for line in running.said) == 1


async def test_what_is_replaced_comes_and_goes_is_noticed_once(tmp_path, monkeypatch):
    """As editors save: a new file in the old one's place, with the same size and time."""
    monkeypatch.setattr(file_watch, "LOOK_SECONDS", 0.02)
    file, other = tmp_path / "guard.yaml", tmp_path / "terms.html"
    file.write_text("one")
    reloads: asyncio.Queue[None] = asyncio.Queue()

    async def reload() -> None:
        reloads.put_nowait(None)

    task = asyncio.create_task(watch(lambda: [file, other], reload))
    await asyncio.sleep(0.1)
    assert reloads.empty()

    for change in (lambda: _replace(file), lambda: other.write_text("new"), other.unlink):
        change()
        await asyncio.wait_for(reloads.get(), 30)
        await asyncio.sleep(0.1)
        assert reloads.empty()
    task.cancel()


def test_every_file_that_settings_name_is_found(tmp_path):
    """Wherever it stands."""
    (tmp_path / "guard.yaml").write_text(
        "sites: [{host: a.example, upstream: 'http://127.0.0.1:1', rights: {terms_file: {de: agb.html}}}]\n"
        "visible_mark: {logo: logo.png}\nbehaviour: {networks: asn.csv}\n"
    )

    found = {path.name for path in files_named_in(load_settings(tmp_path / "guard.yaml", {"HOME": str(tmp_path)}, {}))}

    assert found >= {"agb.html", "logo.png", "asn.csv"}


def _replace(file: Path) -> None:
    before = file.stat()
    new = file.with_suffix(".new")
    new.write_text("two")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.rename(file)
