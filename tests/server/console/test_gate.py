"""Which names are the console's."""

import pytest

from guard.server.console.gate import is_our_name


@pytest.mark.parametrize(
    ("authority", "ours"),
    [
        ("127.0.0.1:8701", True), ("[::1]:8701", True), ("192.0.2.7", True), ("localhost", True), ("LOCALHOST:1", True),
        ("localhost.:1", True), ("console.example:443", True), ("Console.Example", True),
        ("evil.example", False), ("evil.example:8701", False), ("127.0.0.1.evil.example", False), ("", False),
        ("localhost.evil.example", False), ("console.example.evil", False), ("127.0.0.1@evil.example", False),
    ],
)  # fmt: skip
def test_a_name_is_ours_if_it_is_an_address_or_was_given(authority: str, ours: bool):
    """An address can not be bound to another by whoever owns a name."""
    assert is_our_name(authority, ("console.example",)) is ours
