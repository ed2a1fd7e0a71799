"""Is an address found in exactly the lists that hold it?"""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.addresses import AddressLists, is_public

EDGES = ["0.0.0.0/0", "255.255.255.255/32", "0.0.0.0/32", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.1/32"]


@st.composite
def networks(draw: st.DrawFn):
    """Networks that crowd around few places, so that they nest, touch and repeat."""
    if draw(st.booleans()):
        length = draw(st.integers(26, 32))
        return ip_network((draw(st.integers(0x2C000000, 0x2C0000FF)) >> (32 - length) << (32 - length), length))
    length = draw(st.sampled_from([56, 62, 63, 64, 65, 100, 127, 128]))
    value = (0x2A00 << 112) + (draw(st.integers(0, 3)) << 64) + draw(st.integers(0, 3))
    return ip_network((value >> (128 - length) << (128 - length), length))


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(networks(), max_size=6)), st.lists(networks(), min_size=1))
def test_a_look_up_says_what_a_search_through_all_lists_says(lists, probes):
    """The slow way is plainly right, so the fast way must agree with it at every border."""
    flat = AddressLists.build(lists)

    for probe in [*probes, *(network for held in lists.values() for network in held)]:
        for value in (int(probe[0]) - 1, int(probe[0]), int(probe[-1]), int(probe[-1]) + 1):
            address = type(probe.network_address)(value)
            slow = {name for name, held in lists.items() if any(address in one for one in held)}
            assert flat.lists_of(address) == slow, address


@pytest.mark.parametrize("network", EDGES)
def test_the_ends_of_the_address_space_are_no_special_case(network):
    """A list may begin with the first address there is and end with the last."""
    held = ip_network(network)
    flat = AddressLists.build({"one": [held]})

    assert flat.lists_of(held[0]) == flat.lists_of(held[-1]) == {"one"}
    assert flat.lists_of(ip_address("77.0.0.1")) == ({"one"} if network == "0.0.0.0/0" else set())


def test_an_ipv6_list_reaches_to_the_last_address():
    """The point after the end would need 129 bits."""
    flat = AddressLists.build({"all": [ip_network("::/0")], "last": [ip_network("ffff::/16")]})

    assert flat.lists_of(ip_address("ffff:" * 7 + "ffff")) == {"all", "last"}
    assert flat.lists_of(ip_address("::")) == {"all"}


def test_networks_that_touch_take_one_place():
    """Operators write a block as many small networks; memory must not follow them."""
    halves = [ip_network("66.249.64.0/25"), ip_network("66.249.64.128/25")]

    assert repr(AddressLists.build({"one": halves})) == "<AddressLists of 2 IPv4 and 0 IPv6 points>"


def test_no_list_holds_nothing():
    """Before anything was loaded every address is nowhere."""
    assert AddressLists.build({}).lists_of(ip_address("8.8.8.8")) == frozenset()
    assert AddressLists.build({"empty": []}).lists_of(ip_address("2a00::1")) == frozenset()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "100.64.0.1", "169.254.169.254", "192.0.2.7", "224.0.0.1", "0.0.0.0", "255.255.255.255",
     "::", "::1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1",
     "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::", "::7f00:1"],
)  # fmt: skip
def test_what_is_not_one_public_host_is_not_public(address):
    """Private, shared, local, documentation, multicast, and every form that has another address inside."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "66.249.66.1", "192.0.3.1", "2a00:1450::1", "2600:1f28:365::1"])
def test_a_public_host_is_public(address):
    """Real crawlers come from such addresses."""
    assert is_public(ip_address(address))
