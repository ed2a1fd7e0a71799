"""An owner's list is read strictly, with the place of every fault."""

import pytest

from guard.dataset.identifiers import of_hosts, parse_identifiers
from guard.errors import ConfigurationError
from guard.validation import WrongValueError
from guard.yaml12 import load

WHOLE = """\
hosts: [Photo.example, bücher.example, "*.shop.example"]
urls: https://agency.example/jane-doe/
ids: ["1234567890"]
names: [Jane Doe]
captions: ["Westerheversand at dusk"]
files: [westerhever-2019.jpg]
md5: [9E107D9D372BB6826BD81D3542A419D6]
phash: d1c4f0e2a3b49687
lists: [optout.csv]
"""


def test_every_kind_of_identifier_is_read():
    """Hosts in the form they are compared in, hashes in small digits; one value may stand where a list may."""
    found, lists = parse_identifiers(load(WHOLE.encode(), "mine.yaml"))

    assert found.hosts == {"photo.example", "xn--bcher-kva.example", "shop.example"}
    assert found.urls == {"https://agency.example/jane-doe/"}
    assert found.md5 == {"9e107d9d372bb6826bd81d3542a419d6": "9e107d9d372bb6826bd81d3542a419d6"}
    assert (found.ids, found.names, found.files) == ({"1234567890"}, {"Jane Doe"}, {"westerhever-2019.jpg"})
    assert lists == ("optout.csv",)


FAULTS = {
    "a key that is not known": ("host: [photo.example]", "mine.yaml:1:1: host: unknown key (did you mean 'hosts'?)"),
    "an address for a host": (
        "hosts: [a.example,\n  https://b.example/]",
        "mine.yaml:2:3: hosts.1: must be a host name",
    ),
    "a whole site as a page": ("urls: https://a.example/", "write it under 'hosts': a.example"),
    "a number without quotes": ("ids: [1234567]", "mine.yaml:1:7: ids.0: must be text; put it in quotes"),
    "a number that is too short": ("ids: ['12']", "at least 5 characters"),
    "a name that is too short": ("names: Bob", "at least 5 characters"),
    "a file with a folder": ("files: a/b.jpg", "without folders"),
    "a hash that is none": ("md5: xyz", "must be 32 hexadecimal digits"),
    "nothing at all": ("{}", "names nothing to look for"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place(text, message):
    """And with what to do."""
    with pytest.raises(ConfigurationError) as caught:
        parse_identifiers(load(text.encode(), "mine.yaml"))

    assert message in str(caught.value)


def test_lists_are_joined():
    """Hosts of the command line and of the file."""
    assert (of_hosts(["a.example"]) | of_hosts(["b.example"])).hosts == {"a.example", "b.example"}
    assert not of_hosts([])
    with pytest.raises(WrongValueError):
        of_hosts(["https://a.example"])
