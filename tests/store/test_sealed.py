"""How do all workers read one large table without a copy each?"""

import os
import subprocess
import sys

import pytest

from guard.store.sealed import mapped, sealed


def test_another_process_reads_what_is_in_it():
    """Through the descriptor alone."""
    descriptor = sealed(b"a table" * 1000, "guard-test")
    code = f"from guard.store.sealed import mapped; print(bytes(mapped({descriptor})[:7]))"
    said = subprocess.run(
        [sys.executable, "-c", code], pass_fds=(descriptor,), capture_output=True, text=True, check=True
    ).stdout
    os.close(descriptor)

    assert said == "b'a table'\n"


def test_nobody_can_change_it():
    """Neither what is in it nor how long it is."""
    descriptor = sealed(b"a table", "guard-test")
    for change in (lambda: os.write(descriptor, b"x"), lambda: os.ftruncate(descriptor, 1)):
        with pytest.raises(PermissionError):
            change()

    assert bytes(mapped(descriptor)) == b"a table"
    os.close(descriptor)
