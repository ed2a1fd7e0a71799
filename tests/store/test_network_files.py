"""Which autonomous systems does the operator's file name?"""

import gzip
from ipaddress import ip_address

import pytest

from guard.errors import ConfigurationError
from guard.store.network_files import load_networks

LINES = b"1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_as_it_is_and_as_it_was_fetched(tmp_path, packed):
    """iptoasn.com packs its files."""
    file = tmp_path / "networks"
    file.write_bytes(gzip.compress(LINES) if packed else LINES)

    found = load_networks(file)
    assert found.systems.number_of(ip_address("1.0.0.1")) == 13335
    assert found.warnings == ()


def test_bad_lines_are_warnings_with_their_numbers(tmp_path):
    """A download that was cut off is used as far as it goes."""
    file = tmp_path / "networks.tsv"
    file.write_bytes(LINES + b"1.0.4.0\t1.0.\n" + b"x\n" * 20)

    first, *_, last = load_networks(file).warnings
    assert first == f"{file}:2: '1.0.' is no address; the line is passed over"
    assert last == f"{file}: 11 more lines are passed over"


WRONG = {
    "a page": (b"<!DOCTYPE html>\n<p>not found", ":1:1: behaviour.networks: '<!DOCTYPE html>' is no address"),
    "nothing": (b"# nothing\n", "names no range"),
    "a broken archive": (gzip.compress(LINES)[:-9], "can not be read"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_without_a_good_line_is_a_fault(tmp_path, kind):
    """It is something else than was meant."""
    data, said = WRONG[kind]
    file = tmp_path / "networks"
    file.write_bytes(data)

    with pytest.raises(ConfigurationError) as caught:
        load_networks(file)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    """With its name and the setting."""
    with pytest.raises(ConfigurationError, match=r"absent: behaviour.networks: the file can not be read: no such file"):
        load_networks(tmp_path / "absent")
