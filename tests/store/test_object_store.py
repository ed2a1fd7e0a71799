"""What was put is there and the same, and nothing else takes its place."""

import pytest

from guard.errors import EvidenceError, StoreAwayError
from guard.settings_cluster import ObjectStore
from guard.store.object_store import Objects
from tests.support.clusters import S3Server, free_ports


@pytest.fixture
def objects(s3: S3Server):
    """A store for one test."""
    one = Objects(ObjectStore.model_validate(s3.settings))
    yield one
    one.close()


def test_objects_are_kept_found_and_taken_away(objects: Objects):
    """By name, in order."""
    for name in ("o/b", "o/a", "p/c"):
        assert objects.put(name, name.encode()) == 3

    assert objects.get("o/a") == b"o/a"
    assert objects.get("o/none") is None
    assert list(objects.names("o/")) == [("o/a", 3), ("o/b", 3)]
    objects.delete("o/a")
    objects.delete("o/a")
    assert objects.get("o/a") is None


def test_nothing_takes_the_place_of_what_is_there(objects: Objects):
    """Unless that is said: a newest head does."""
    objects.put("q", b"one")
    assert objects.put("q", b"one") == 3

    with pytest.raises(EvidenceError, match="something else under q"):
        objects.put("q", b"other")
    assert objects.get("q") == b"one"
    objects.put("q", b"other", replace=True)
    assert objects.get("q") == b"other"


def test_what_comes_back_changed_is_no_copy(objects: Objects, monkeypatch: pytest.MonkeyPatch):
    """A store that loses bytes is found out at once."""
    kept = objects.get
    monkeypatch.setattr(objects, "get", lambda name: None if (found := kept(name)) is None else found[:-1])

    with pytest.raises(EvidenceError, match="not what it was given"):
        objects.put("r", b"bytes")


def test_a_store_that_is_away_or_refuses_is_told(s3: S3Server):
    """With what it said, and without the secret."""
    nobody = ObjectStore.model_validate({**s3.settings, "endpoint": f"http://127.0.0.1:{free_ports(1)[0]}"})
    stranger = ObjectStore.model_validate({**s3.settings, "secret_key": "wrong-secret"})
    for settings in (nobody, stranger):
        objects = Objects(settings)
        with pytest.raises(StoreAwayError, match="does not answer as it should") as told:
            objects.put("s", b"x")
        objects.close()
        assert "secret" not in str(told.value).lower().replace("does not match", "")
