"""Which autonomous system does an address belong to?"""

import random
import time
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.autonomous_systems import SHOWN, AutonomousSystems, parse

FORMS = {
    "iptoasn.com": (
        "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n"
        "2001:200::\t2001:200:ffff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE-BB\n"
    ),
    "iptoasn.com in numbers": "16777216\t16777471\t13335\tUS\tCLOUDFLARENET\n2001:200::\t2001:201::\t2500\tJP\tx\n",
    "MaxMind": (
        "network,autonomous_system_number,autonomous_system_organization\n1.0.0.0/24,13335,CLOUDFLARENET\n"
        '2001:200::/32,2500,"WIDE Project, Tokyo"\n'
    ),
    "ip-location-db": (
        "1.0.0.0,1.0.0.255,13335,Cloudflare\n2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,2500,\"WIDE\"\n"
    ),
    "by hand": "# ours\n1.0.0.0/24,AS13335\n\n2001:200::/32,AS2500,,\n",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_is_about_is_read(form):
    """First and last address or a network, numbers with and without AS, names with commas in them."""
    found = parse(FORMS[form].splitlines(keepends=True))

    assert found.bad == ()
    for address, number in (("1.0.0.0", 13335), ("1.0.0.255", 13335), ("1.0.1.0", 0), ("0.255.255.255", 0),
                            ("2001:200::1", 2500), ("2001:1ff::1", 0), ("9.9.9.9", 0), ("fe80::1", 0)):  # fmt: skip
        assert found.systems.number_of(ip_address(address)) == number, address


BAD = {
    "1.0.0.0\t1.0.0.300\t1": "'1.0.0.300' is no address",
    "1.0.0.0/33,1": "'1.0.0.0/33' is no network",
    "1.0.0.0\t1.0.0.255": "has too few fields",
    "1.0.0.255\t1.0.0.0\t1": "'1.0.0.0' is no end of a range that begins with '1.0.0.255'",
    "1.0.0.0\t2001::\t1": "is no end of a range",
    "1.0.0.0/24,x": "'x' is no number of an autonomous system",
    "1.0.0.0/24,4294967296": "is no number of an autonomous system",
    "<html>": "'<html>' is no address",
    "rubbish,rubbish,1": "'rubbish' is no address",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named_and_passed_over(line):
    """By its number, with what is wrong; the lines around it count."""
    found = parse(["1.1.1.0/24,1\n", line + "\n", "2.2.2.0/24,2\n"])

    ((number, why),) = found.bad
    assert number == 2
    assert BAD[line] in why
    assert len(found.systems) == 2


def test_of_many_bad_lines_the_first_are_named_and_all_are_counted():
    """A file of another kind does not fill the screen."""
    found = parse(f"line {number}" for number in range(1000))

    assert len(found.bad) == SHOWN
    assert found.bad_lines == 1000
    assert len(found.systems) == 0


def test_of_ranges_inside_each_other_the_inner_one_counts():
    """A customer's network inside of its provider's; and the provider's goes on behind it."""
    found = parse(["10.0.0.0/8,1", "10.1.0.0/16,2", "10.1.2.0/24,3", "10.1.2.0/24,4", "10.200.0.0/13,5"]).systems

    for address, number in (("10.0.0.1", 1), ("10.1.0.0", 2), ("10.1.2.3", 4), ("10.1.3.0", 2), ("10.2.0.0", 1),
                            ("10.201.0.0", 5), ("10.255.255.255", 1), ("11.0.0.0", 0)):  # fmt: skip
        assert found.number_of(ip_address(address)) == number, address


RANGES = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 60), st.integers(1, 9)).map(lambda r: (r[0], r[0] + r[1], r[2])),
    max_size=12,
)


@given(RANGES, st.integers(0, 400))
def test_the_answer_is_that_of_a_plain_search(ranges, value):
    """Whatever overlaps: the owner is the covering range that begins last, of those that begin together the shorter."""
    table = AutonomousSystems.build(ranges, ())
    covering = [(start, -last, order) for order, (start, last, _) in enumerate(ranges) if start <= value <= last]
    expected = ranges[max(covering)[2]][2] if covering else 0

    assert table.number_of(IPv4Address(value)) == expected


def test_another_process_reads_the_same_table():
    """The bytes are the table."""
    table = parse(FORMS["iptoasn.com"].splitlines()).systems
    again = AutonomousSystems(memoryview(table.to_bytes()))

    assert again.number_of(ip_address("1.0.0.7")) == 13335
    assert again.number_of(ip_address("2001:200::7")) == 2500


@pytest.mark.parametrize("data", [b"", b"guardas1", b"guardas1" + b"\xff" * 8, b"x" * 100])
def test_other_bytes_are_no_table(data):
    """A descriptor of something else is refused at once."""
    with pytest.raises(ValueError, match="no table"):
        AutonomousSystems(data)


def test_a_look_up_in_the_whole_routing_table_is_fast():
    """Half a million ranges: microseconds, whatever their number."""
    table = AutonomousSystems.build(
        ((8192 * number, 8192 * number + 8000, number + 1) for number in range(400_000)),
        ((1 << 61 | number << 32, 1 << 61 | number << 32 | 0xFFFFFFFF, number + 1) for number in range(100_000)),
    )
    chance = random.Random(1)
    addresses = [IPv4Address(chance.randrange(1 << 32)) for _ in range(20_000)]
    started = time.process_time()
    for address in addresses:
        table.number_of(address)

    assert (time.process_time() - started) / 20_000 < 20e-6
    assert table.number_of(IPv4Address(8192 * 77 + 5)) == 78
    assert table.number_of(IPv6Address((1 << 61 | 5 << 32 | 9) << 64)) == 6
