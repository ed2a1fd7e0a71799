"""Does a stranger get the newest checkpoint and the key, and nothing else?"""

from guard.evidence.checkpoint import parse_verifier_key, verify
from guard.server.log_line import open_log
from tests.support.http import ask
from tests.support.running import RunningGuard, wait_until


def test_checkpoint_and_key_are_published_and_the_key_can_be_rotated(upstreams, tmp_path, monkeypatch):
    """What is served verifies; a passphrase given by descriptor encrypts the key; a rotation shows within a second."""
    (tmp_path / "guard-evidence").write_text("correct horse\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    guard = RunningGuard(tmp_path, {"sites": [{"host": "photo.example", "upstream": upstreams.good}]})
    try:
        newest = wait_until(lambda: ask(guard.port, "/.well-known/guard/log/checkpoint").body or None, 10, lambda: "")
        keys = ask(guard.port, "/.well-known/guard/log/vkey")
        refused = ask(guard.port, "/.well-known/guard/log/vkey", method="POST").status
        with open_log(guard.evidence) as line:
            rotated = line.rotate()

        def both():
            lines = ask(guard.port, "/.well-known/guard/log/vkey").body.decode().split()
            return lines if len(lines) == 2 else None

        after = wait_until(both, 10, lambda: "")
    finally:
        guard.stop()

    (first,) = keys.body.decode().split()
    assert verify(newest, (parse_verifier_key(first),)).size >= 2
    assert keys.get("Content-Type") == "text/plain; charset=utf-8"
    assert refused == 405
    assert after == [first, rotated]
    assert (guard.evidence / "keys/log.key").read_text().startswith("-----BEGIN ENCRYPTED")
