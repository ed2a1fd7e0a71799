"""A key that is changed while copies are served."""

import re
import subprocess
import sys

import pytest

from guard.evidence import record
from guard.image.chips import commitment
from guard.server.mark_rotation import MarkRotation
from guard.store.log_files import open_folder
from guard.store.mark_keys import folder_in, load, load_or_create, rotate
from guard.store.marked_records import issued
from guard.store.record_finder import leaves
from tests.server.test_marking import copy_of, gallery, guard, site
from tests.support.caches import own_cache  # noqa: F401
from tests.support.http import ask
from tests.support.running import wait_until

__all__ = ["gallery", "guard", "site"]
AGENT = "Wget/1.24"


def trace(found, gallery, guard):
    return subprocess.run(
        [sys.executable, "-m", "guard", "trace", str(found), "--originals", str(gallery),
         "--evidence", str(guard.evidence), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_running_guard_takes_a_new_key_and_both_are_traced(guard, gallery, tmp_path):
    """It is on record before the first copy under it; not one picture goes out clean meanwhile."""
    (tmp_path / "old.jpg").write_bytes(old := copy_of(guard, "/1.jpg", agent=AGENT).body)
    rotated = subprocess.run(
        [sys.executable, "-m", "guard", "image", "key", "--rotate", "-c", str(guard.file)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    named = int(re.search(r"record (\d+) of the evidence", rotated.stderr)[1])
    assert record.read(dict(leaves(open_folder(guard.evidence)))[named]).kind == "mky"

    def changed():
        reply = ask(guard.port, "/1.jpg", agent=AGENT)
        assert reply.status == 200
        return reply.body if len(reply.body) > 100_000 and reply.body != old else None

    (tmp_path / "new.jpg").write_bytes(wait_until(changed, 20))

    keys = load(folder_in(guard.evidence)).keys
    order = []
    for _, leaf in leaves(open_folder(guard.evidence)):
        one = record.read(leaf)
        if one.kind == "mky":
            order.append(one.fields["commitment"])
        elif one.kind == "req" and one.fields.get("mark"):
            order.append("copy")
    assert list(dict.fromkeys(order)) == [commitment(keys[0]).hex(), "copy", commitment(keys[1]).hex()]
    assert order[-1] == "copy"
    assert len(issued(guard.evidence)) == 1, "one actor has one id a day, whatever the key"
    for name in ("old.jpg", "new.jpg"):
        ended = trace(tmp_path / name, gallery, guard)
        assert ended.returncode == 0, ended.stdout + ended.stderr


class Builder:
    """What is told which key to use."""

    def __init__(self, key):
        self.key = key

    def take_key(self, key):
        self.key = key


async def test_a_key_that_can_not_be_read_leaves_the_old_one_in_use(tmp_path):
    """It says so once; the next good one is taken."""
    builder = Builder(load_or_create(tmp_path).newest)
    before, said = builder.key, []
    rotation = MarkRotation(tmp_path, builder, every=0.01, say=said.append)
    rotation.start()
    (tmp_path / "0002.key").write_text("ab")

    await until(lambda: said)
    assert builder.key == before
    assert "0002.key holds no mark key" in said[0]

    (tmp_path / "0002.key").unlink()
    rotate(tmp_path)
    rotate(tmp_path)
    await until(lambda: builder.key != before)
    assert builder.key == load(tmp_path).newest
    assert len(said) == 1
    await rotation.stop()


async def until(true):
    import asyncio

    for _ in range(300):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen")
