"""What several guards share is checked before anything runs."""

from typing import Any

import pytest
from pydantic import ValidationError

from guard.settings_cluster import Cluster
from tests.support.clusters import SECRET

VALKEY = {"url": "redis://:pa55@valkey.example:6379/0", "secret": SECRET, "guards": 3}
S3 = {"endpoint": "http://127.0.0.1:8333", "bucket": "evidence", "access_key": "key", "secret_key": "pa55"}


def test_nothing_is_shared_by_default():
    """A guard by itself connects to nothing."""
    assert not Cluster().wanted
    assert Cluster.model_validate({"valkey": VALKEY}).wanted
    assert Cluster.model_validate({"s3": S3}).wanted


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("valkey", {"secret": "short"}, "openssl rand -hex 32"),
        ("valkey", {"url": "http://valkey.example"}, "redis://host:port/number"),
        ("valkey", {"guards": 0}, "greater than or equal to 1"),
        ("s3", {"bucket": "Evidence"}, "a bucket's name"),
        ("s3", {"prefix": "../x/"}, "must be empty, or names"),
        ("s3", {"endpoint": "s3.example/evidence"}, "without a path"),
    ],
)
def test_a_wrong_value_is_told(part: str, changes: dict[str, Any], words: str):
    """In words that say what it should be."""
    with pytest.raises(ValidationError, match=words):
        Cluster.model_validate({part: {**(VALKEY if part == "valkey" else S3), **changes}})


def test_an_index_is_in_postgresql():
    """No other database."""
    with pytest.raises(ValidationError, match="postgresql://"):
        Cluster.model_validate({"postgresql": {"url": "mysql://x"}})


def test_secrets_are_not_shown():
    """Neither in a message nor in a traceback; an address may hold one too."""
    cluster = Cluster.model_validate({"valkey": VALKEY, "s3": S3, "postgresql": {"url": "postgresql://u:pa55@h/d"}})

    assert "pa55" not in repr(cluster)
    assert SECRET not in repr(cluster)
