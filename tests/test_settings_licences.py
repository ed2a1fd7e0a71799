"""What can be set about licences: off until it is written, and every fault with its place."""

from pathlib import Path

import pytest

from guard.errors import ConfigurationError
from guard.reservation.offer_headers import OfferForms
from guard.settings import Settings, load_settings
from guard.settings_warnings import warnings

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
PAYMENT = "network: 'eip155:8453', asset: '0x0', amount: '10000', pay_to: '0x1'"


def read(tmp_path: Path, text: str) -> Settings:
    """Load settings."""
    file = tmp_path / "guard.yaml"
    file.write_text(SITE + text)
    return load_settings(file, {"HOME": "/home/jane"}, {})


def test_everything_is_off_until_it_is_written(tmp_path: Path) -> None:
    """No token opens anything, no price is anywhere; the register's place is known."""
    licences = read(tmp_path, "evidence: {directory: ev}").licences

    assert not licences.accept
    assert licences.forms() == OfferForms()
    assert licences.directory == tmp_path / "ev" / "guard" / "licences"


def test_a_place_of_its_own_is_relative_to_the_file(tmp_path: Path) -> None:
    """As every path is."""
    assert read(tmp_path, "licences: {directory: keys}").licences.directory == tmp_path / "keys"
    assert read(tmp_path, "licences: {directory: ~/keys}").licences.directory == Path("/home/jane/keys")


def test_a_way_to_pay_is_handed_on(tmp_path: Path) -> None:
    """With a number as an amount, as people write it."""
    text = "licences: {x402: [{network: 'eip155:8453', asset: EUR, amount: 5, pay_to: merchant, extra: {name: USDC}}]}"
    (method,) = read(tmp_path, text).licences.forms().payment_methods

    assert (method.scheme, method.amount, method.max_timeout_seconds) == ("exact", "5", 60)
    assert method.extra == {"name": "USDC"}


FAULTS = {
    "a key that is not known": ("{acept: yes}", "unknown key (did you mean 'accept'?)"),
    "an offer, which stands in rights": ("{offer: {url: 'https://a.example/'}}", "unknown key"),
    "a list": ("[]", "must be a mapping"),
    "a word for yes": ("{accept: always}", "must be yes or no"),
    "a network that is none": (f"{{x402: [{{{PAYMENT.replace('eip155:8453', 'base')}}}]}}", "CAIP-2"),
    "an amount in decimals": (f"{{x402: [{{{PAYMENT.replace('10000', '0.1')}}}]}}", "smallest unit"),
    "an amount of nothing": (f"{{x402: [{{{PAYMENT.replace('10000', '0')}}}]}}", "smallest unit"),
    "an account with a space": (f"{{x402: [{{{PAYMENT.replace('0x1', '0x1 0x2')}}}]}}", "one word"),
    "a payment that takes for ever": (f"{{x402: [{{{PAYMENT}, max_timeout_seconds: 999999999}}]}}", "at most 86400"),
    "too many ways to pay": (f"{{x402: [{', '.join(['{' + PAYMENT + '}'] * 9)}]}}", "at most 8"),
    "an extra with a line end": (f'{{x402: [{{{PAYMENT}, extra: {{a: "b\\nc"}}}}]}}', "one line"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_value_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """As file:line:column, with what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, f"licences: {text}")

    told = [str(fault) for fault in caught.value.faults]
    assert any(said in one for one in told), told
    assert all(one.startswith(f"{tmp_path}/guard.yaml:2:") for one in told), told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{price_header: yes}", "price_header has no effect"),
        (
            "{price_header: yes}\nrights: {offer: {tdm: {url: 'https://a.example/', unit: crawl}}}",
            "no offer names a price",
        ),
        (f"{{x402: [{{{PAYMENT}}}]}}", "x402 has no effect"),
    ],
    ids=["a price header without a price", "a price for something else", "ways to pay for nothing"],
)
def test_what_has_no_effect_is_said(tmp_path: Path, text: str, said: str) -> None:
    """It would be taken for an offer by whoever wrote it."""
    assert any(said in one for one in warnings(read(tmp_path, f"licences: {text}")))


def test_an_offer_of_one_site_is_enough(tmp_path: Path) -> None:
    """Where what was set has an effect, nothing is said."""
    offer = "{url: 'https://a.example/', price: '0.01', currency: EUR, unit: crawl}"
    text = f"licences: {{price_header: yes, x402: [{{{PAYMENT}}}]}}\nrights: {{offer: {{train: {offer}}}}}"

    assert not any("licences" in one for one in warnings(read(tmp_path, text)))
