"""An address that somebody listens at already is refused, and one that nobody does is taken."""

import socket
from pathlib import Path

import pytest

from guard.errors import UsageError
from guard.server.listeners import open_listeners


def test_a_port_is_not_shared_with_another_guard():
    """The kernel would give each of the two some of the visitors."""
    first = open_listeners("127.0.0.1:0", 2)
    port = first[0].socket.getsockname()[1]

    with pytest.raises(UsageError, match="address already in use"):
        open_listeners(f"127.0.0.1:{port}", 2)

    for one in first:
        one.close()
    for one in open_listeners(f"127.0.0.1:{port}", 2):
        one.close()


def test_a_socket_is_not_taken_from_a_guard_that_lives(tmp_path: Path):
    """But from one that was killed."""
    address = f"unix:{tmp_path}/guard.sock"
    (living,) = open_listeners(address, 1)
    with pytest.raises(UsageError, match="address already in use"):
        open_listeners(address, 1)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "guard.sock"))

    living.socket.close()  # as if it had been killed: the file stays
    (next_one,) = open_listeners(address, 1)

    next_one.close()
    assert not (tmp_path / "guard.sock").exists()
