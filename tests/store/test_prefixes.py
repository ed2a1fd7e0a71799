"""Does a walk that is spread over many clients show, and does the record of a crowd stay small and fade?"""

from hashlib import blake2b
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.store import prefixes
from guard.store.clients import LARGEST_STATE, Standing
from guard.store.prefixes import Crowds, counted, network_key, print_key, system_key

NOW = 1_767_225_600.0


def spread(number):
    return int.from_bytes(blake2b(number.to_bytes(8, "little"), digest_size=8).digest(), "little")


def client(number):
    return spread(number).to_bytes(16, "little")


def walk(record, pictures, *, at=NOW, step=0.0, clients=1):
    crowd = None
    for place, number in enumerate(pictures):
        record, crowd = counted(record, at + place * step, spread(number), spread(-(-number % clients)), True)
    return record, crowd


@pytest.fixture
def crowds():
    one = Crowds.create(800)
    yield one
    one.table.close()


def test_a_network_is_24_bits_of_ipv4_and_48_of_ipv6():
    """Neighbours share a record, others do not, and no kind of key is another's."""
    assert network_key(ip_address("198.51.100.1")) == network_key(ip_address("198.51.100.250"))
    assert network_key(ip_address("198.51.100.1")) != network_key(ip_address("198.51.101.1"))
    assert network_key(ip_address("2001:db8:1:2::1")) == network_key(ip_address("2001:db8:1:ffff::1"))
    assert network_key(ip_address("2001:db8:1::1")) != network_key(ip_address("2001:db8:2::1"))
    assert len({print_key(7), system_key(7), network_key(ip_address("0.0.0.7"))}) == 3


def test_a_walk_by_many_clients_adds_up(crowds):
    """Five hundred clients with two originals each: a thousand originals, five hundred newcomers."""
    key = network_key(ip_address("198.51.100.1"))
    for number in range(1000):
        crowd = crowds.note(key, at=NOW, picture=spread(number), client=client(number // 2), newcomer=number % 2 == 0)

    assert crowd.originals == pytest.approx(1000, rel=0.25)
    assert crowd.clients == pytest.approx(500, rel=0.35)
    assert (crowd.requests, crowd.newcomers) == (1000, 500)
    assert crowds.table.standing(key) is Standing.NOTED
    assert crowds.table.count() == 1


def test_a_crowd_that_looks_at_the_same_pictures_is_no_walk():
    """Originals are counted once, however often and by however many they are asked for."""
    record = None
    for number in range(2000):
        record, crowd = counted(record, NOW, spread(number % 10), spread(number), False)

    assert crowd.originals == pytest.approx(10, abs=1.5)
    assert crowd.clients > 1000
    assert crowd.newcomers == 0


@pytest.mark.parametrize("count", [0, 1, 5, 40, 200, 5000])
def test_estimates_are_near_the_truth(count):
    """Small numbers nearly exactly, large ones within three sigma."""
    _, crowd = walk(None, range(count + 1))

    assert crowd.originals == pytest.approx(count + 1, rel=0.28)


def test_counts_fade_and_yesterday_still_counts():
    """Requests fade in hours; originals are of today and yesterday, and then forgotten."""
    record, _ = walk(None, range(100))
    record, hour = walk(record, [0], at=NOW + 3600)
    assert hour.requests == pytest.approx(100 / 2.718 + 1, rel=0.01)
    assert hour.originals > 75
    record, tomorrow = walk(record, range(200, 240), at=NOW + 90_000)
    assert tomorrow.originals == pytest.approx(140, rel=0.28)
    record, after = walk(record, [200], at=NOW + 180_001)
    assert after.originals == pytest.approx(40, rel=0.28)
    _, much_later = walk(record, [1], at=NOW + 900_000)

    assert much_later.originals == pytest.approx(1, abs=0.1)
    assert much_later.requests == pytest.approx(1)


def test_a_clock_that_jumps_back_breaks_nothing():
    """Nothing fades, nothing becomes negative."""
    record, _ = walk(None, range(50))
    record, crowd = walk(record, [1], at=NOW - 1e9)
    assert crowd.requests == 51
    _, crowd = walk(record, [2], at=NOW)
    assert 0 < crowd.requests < 52


@given(st.binary(max_size=600), st.integers(0, 2**64 - 1))
def test_bytes_of_another_kind_are_no_record(data, picture):
    """Whatever they are the next record is a whole one that fits into its slot."""
    if len(data) == prefixes._SIZE:
        data = bytes((0,)) + data[1:]
    record, crowd = counted(data, NOW, picture, 1, True)

    assert len(record) == prefixes._SIZE <= LARGEST_STATE
    assert (crowd.requests, crowd.newcomers) == (1, 1)
