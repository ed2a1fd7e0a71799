"""What is in the object store is held against what is here, and comes back."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import UsageError
from guard.settings_cluster import ObjectStore
from guard.store.log_copies import LogCopies, folder_of
from guard.store.log_follower import head
from guard.store.object_store import Objects
from tests.support.clusters import S3Server, s3  # noqa: F401
from tests.support.evidence import fill, open_log, request_entry


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, list(arguments))
    if isinstance(ended.exception, UsageError):
        raise ended.exception
    return ended.exit_code, ended.stdout


def test_a_log_is_compared_and_comes_back(tmp_path: Path, s3: S3Server):  # noqa: F811
    """With exit statuses that a timer can go by."""
    settings = {**s3.settings, "prefix": "cli/"}
    file = tmp_path / "guard.yaml"
    file.write_text(
        json.dumps({"sites": [{"host": "*", "upstream": "http://127.0.0.1:1"}], "cluster": {"s3": settings}})
    )
    config = ("-c", str(file))
    log = open_log(tmp_path / "e")
    fill(log, 5)
    objects = Objects(ObjectStore.model_validate(settings))
    LogCopies(objects, "cli/", log.root).look()
    log.append([request_entry()])
    log.close()
    origin, size = head(log.root / "log").origin, head(log.root / "log").size

    code, said = run("copies", str(log.root), *config)
    assert code == 0
    assert f"bytes under cli/{origin}/ are what is here" in said
    assert run("restore", str(tmp_path / "back"), *config) == (
        0, f"{size - 1} records of cli/{origin} are in {tmp_path / 'back'}\n"
    )  # fmt: skip
    assert run("verify", str(tmp_path / "back"))[0] == 0
    with pytest.raises(UsageError, match="names 0 logs of the object store; it has: cli/"):
        run("restore", str(tmp_path / "other"), *config, "--log", "nobody")
    blob = next(name for name, _ in objects.names(f"{folder_of('cli/', origin)}log/blobs/"))
    objects.put(blob, b"forged", replace=True)
    objects.delete(f"{folder_of('cli/', origin)}log/vkey")
    code, said = run("copies", str(log.root), *config, "--json")
    assert code == 1
    assert json.loads(said)["missing"] == ["vkey"]
    assert json.loads(said)["other"] == [blob.partition("/log/")[2]]
    objects.close()


def test_a_store_must_be_configured(tmp_path: Path):
    """What is to be written where is said."""
    with pytest.raises(UsageError, match=r"cluster\.s3"):
        run("copies", str(tmp_path))
    with pytest.raises(UsageError, match=r"cluster\.s3"):
        run("restore", str(tmp_path))
