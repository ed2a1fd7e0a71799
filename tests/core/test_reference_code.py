"""A reference code is read as people write it, and shown as it was drawn."""

import pytest

from guard.core import reference_code


@pytest.mark.parametrize("written", ["7K3QF-9X2TM", "7k3qf9x2tm", "7 K 3 Q F 9 X 2 T M"])
def test_a_code_is_read_however_it_is_written(written: str):
    """With hyphen, in small letters, with blanks."""
    assert reference_code.read(written) == "7K3QF9X2TM"
    assert reference_code.shown(reference_code.read(written)) == "7K3QF-9X2TM"


def test_what_only_looks_alike_is_meant():
    """O for 0, I and L for 1."""
    assert reference_code.read("oOiIlL-0111") == "0011110111"


@pytest.mark.parametrize("text", ["", "7K3QF9X2T", "7K3QF9X2TMM", "7K3QF9X2TU", "٧K3QF9X2TM", "7K3QF-9X2TM"])
def test_what_is_not_drawn_so_is_no_code(text: str):
    """Too short, too long, a letter or a digit that never occurs."""
    assert not reference_code.is_code(text)
    assert reference_code.is_code("7K3QF9X2TM")
