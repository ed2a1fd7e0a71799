"""A ticket is worth something only to whom it was given, as it was given, and leads only to this site."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import challenge
from guard.core.challenge import Challenge, Holder, holder_of, open_challenge, safe_target, seal_challenge
from guard.core.target import canonical_path
from tests.support.facts import request

KEY = b"k" * 32
HOLDER = Holder(site="photo.example photo.example", network="192.0.2.0/24", user_agent="Firefox")
ASKED = Challenge(issued=1000, expires=1600, bits=14, nonce=b"n" * 16, target="/album/?page=2")
TICKET = seal_challenge(KEY, HOLDER, ASKED)


def proof_of(ticket: str, bits: int) -> str:
    """Do the work."""
    return next(str(number) for number in range(10**7) if challenge.is_proof(ticket, str(number), bits))


def test_a_ticket_comes_back_as_it_was_given():
    """There and back."""
    assert open_challenge(KEY, HOLDER, TICKET) == ASKED


OTHERS = {
    "another key": (b"K" * 32, HOLDER),
    "another site": (KEY, replace(HOLDER, site="other.example other.example")),
    "another network": (KEY, replace(HOLDER, network="192.0.3.0/24")),
    "another user agent": (KEY, replace(HOLDER, user_agent="Firefox2")),
    "a letter moved between fields": (KEY, replace(HOLDER, network="192.0.2.0/24F", user_agent="irefox")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_it_is_worth_nothing_elsewhere(name: str):
    """Neither ticket nor pass can be carried to another site, network or browser, or past a restart."""
    key, holder = OTHERS[name]
    given_pass = challenge.seal_pass(KEY, HOLDER, issued=1000, expires=2000)

    assert open_challenge(key, holder, TICKET) is None
    assert not challenge.is_pass(key, holder, given_pass, 1500)
    assert challenge.is_pass(KEY, HOLDER, given_pass, 1500)


def test_every_changed_bit_breaks_the_seal():
    """Difficulty, times, nonce, way back and version can not be changed by whoever holds the ticket."""
    body, _, seal = TICKET.partition(".")
    data = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        forged = urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
        assert open_challenge(KEY, HOLDER, f"{forged}.{seal}") is None


def test_a_ticket_has_one_spelling():
    """Other base64 for the same bytes, more padding or space is another text, and refused."""
    body, _, seal = TICKET.partition(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    accepted = [one for one in last if open_challenge(KEY, HOLDER, f"{body}.{seal[:-1]}{one}")]

    assert accepted == [seal[-1]]
    for spelled in (TICKET + "=", f" {TICKET}", TICKET + "\n", f"{body}=.{seal}", TICKET + ".x", body, f".{seal}", "."):
        assert open_challenge(KEY, HOLDER, spelled) is None


def test_a_ticket_is_no_pass_and_a_pass_no_ticket():
    """Each is sealed for its use."""
    given_pass = challenge.seal_pass(KEY, HOLDER, issued=1000, expires=2000)

    assert open_challenge(KEY, HOLDER, given_pass) is None
    assert not challenge.is_pass(KEY, HOLDER, TICKET, 1500)


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,120}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_anything_else_is_no_ticket(text: str):
    """Whatever a client sends opens nothing and breaks nothing."""
    assert open_challenge(KEY, HOLDER, text) is None
    assert not challenge.is_pass(KEY, HOLDER, text, 1500)
    assert challenge.seeming_passes([text], 1500, 1500) == 0


@pytest.mark.parametrize(("now", "current"), [(999, False), (1000, True), (1599, True), (1600, False)])
def test_the_time_is_inside_the_seal(now: int, current: bool):
    """A ticket ends at its time, and one of the future (a clock that jumped back) counts as ended."""
    given_pass = challenge.seal_pass(KEY, HOLDER, issued=1000, expires=1600)

    assert ASKED.is_current(now) is current
    assert challenge.is_pass(KEY, HOLDER, given_pass, now) is current


def test_a_weak_key_seals_nothing():
    """An empty key would make every ticket forgeable."""
    with pytest.raises(ValueError, match="too short"):
        seal_challenge(b"", HOLDER, ASKED)


@pytest.mark.parametrize("wrong", [{"bits": 23}, {"bits": -1}, {"nonce": b"n"}, {"target": "//evil.example"}])
def test_no_ticket_is_made_that_would_harm(wrong: dict[str, object]):
    """Not even by ourselves: a way out, too much work, a nonce that may come twice."""
    with pytest.raises(ValueError, match=r"no challenge|way back"):
        seal_challenge(KEY, HOLDER, replace(ASKED, **wrong))  # type: ignore[arg-type]


def test_work_is_checked_and_belongs_to_its_ticket():
    """Any number is not a proof, and the proof for one challenge is none for another."""
    proof = proof_of(TICKET, 14)
    other = seal_challenge(KEY, HOLDER, replace(ASKED, nonce=b"m" * 16))
    digest = hashlib.sha256(f"{TICKET[-43:]}:{proof}".encode()).hexdigest()

    assert int(digest[:4], 16) < 4
    assert challenge.is_proof(TICKET, proof, 14)
    assert not challenge.is_proof(other, proof, 14)
    assert sum(challenge.is_proof(TICKET, str(number), 14) for number in range(200)) <= 1


@pytest.mark.parametrize("proof", ["", "-1", "1e9", "٣", " 7", "7\n", "0x1", "9" * 13, "0" * 64])
def test_what_is_no_number_is_no_proof(proof: str):
    """Not even one bit is granted for it."""
    assert not challenge.is_proof(TICKET, proof, 1)


def test_a_client_may_change_its_address_inside_its_network():
    """A /24 or a /64 is one holder; the next one is another."""
    near = [holder_of(request(address=one)) for one in ("192.0.2.7", "192.0.2.250", "192.0.3.7")]
    six = [holder_of(request(address=one)) for one in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1")]

    assert near[0] == near[1] != near[2]
    assert holder_of(request(host="other.example")) != holder_of(request())
    assert six[0] == six[1] != six[2]


HOSTILE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "/./\\evil.example",
    "/..//evil.example", "/.//evil.example", "/a/..//evil.example", "/%2e%2e//evil.example", "/;//evil.example",
    "/\t/evil.example", "/\n/evil.example", "/a\r\nLocation: http://evil.example", "/a\r\n\r\n<script>", "/\x00/evil",
    "javascript:alert(1)", "/javascript:alert(1)", "data:text/html,x", "http://evil.example/", "https:evil.example",
    "http:/\\evil.example", "@evil.example", "/@evil.example", "//user@evil.example", "//[::1]/", "/?//evil.example",
    "//evil.example/%2e%2e", "/ /evil.example", "/\u2028/evil.example", "/\xa0/evil.example", "?x", "", "#x", "*",
    "/.well-known/guard/challenge?ticket=x", "/x/../.well-known/guard/challenge/y", "/%2ewell-known/guard/challenge",
]  # fmt: skip


def _spellings(target: str) -> list[str]:
    once, whole = quote(target, safe="/"), quote(target, safe="")
    return [target, once, whole, quote(whole, safe=""), f"/{whole}", f"/{quote(whole, safe='')}"]


CORPUS = sorted({spelled for one in HOSTILE for spelled in _spellings(one)})


def leads_home(target: str) -> bool:
    """Tell whether every reader of the target, also one who decodes first, stays at this site."""
    read = target
    for _ in range(4):
        path = read.partition("?")[0]
        where = urlsplit(urljoin("https://photo.example/a/b", path.replace("\\", "/")))
        if where.netloc != "photo.example" or where.scheme != "https" or not path.startswith("/"):
            return False
        if path.startswith(("//", "/\\")) or any(ord(letter) < 0x20 for letter in path):
            return False
        read = unquote(read)
    return target.isascii() and target.isprintable() and " " not in target


@pytest.mark.parametrize("target", CORPUS)
def test_the_way_back_stays_at_this_site(target: str):
    """Raw, once and twice encoded: no other host, no other scheme, no second header line, and not the challenge."""
    way = safe_target(target)

    assert leads_home(way)
    assert not canonical_path(way).startswith("/.well-known/guard/challenge")
    assert safe_target(way) == way


@given(st.text(st.sampled_from("/\\.%25fF0aAdD:@?#;evil \r\n\t\x00é\udcff"), max_size=40))
def test_no_target_leads_away(target: str):
    """Whatever is put together from the letters that matter."""
    assert leads_home(safe_target(target))
    assert safe_target(safe_target(target)) == safe_target(target)


@pytest.mark.parametrize(
    "target", ["/", "/album/", "/a.b/c?d=//e&f=%2F", "/%C3%A9t%C3%A9/x%20y", "/a;b=c", "/~jane/?q=a+b"]
)
def test_an_ordinary_target_is_kept_as_it_is(target: str):
    """The page that was asked for is the page that comes."""
    assert safe_target(target) == target


def test_a_long_target_loses_its_query_and_then_itself():
    """A ticket fits into a request line."""
    assert safe_target("/a?" + "x" * 3000) == "/a"
    assert safe_target("/" + "x" * 3000) == "/"


def test_bytes_beyond_ascii_come_back_escaped():
    """A header field would be broken by them."""
    assert safe_target("/\udcff\u00e9") == "/%FF%C3%A9"
