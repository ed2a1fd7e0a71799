"""Is a token found where it may stand, checked against what is on disk now, and affordable to refuse?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from guard.core.facts import RequestFacts
from guard.core.licence import LicenceState
from guard.core.signatures import SignatureStatus, verify
from guard.core.signing_keys import thumbprint
from guard.server.licences import CHECKS_PER_SECOND, LOOK_SECONDS, WRONG_TOKENS, Licences, without_licence
from guard.store.licences import LicenceBook
from tests.support.facts import request, who
from tests.support.licences import licence
from tests.support.signing import ED25519, NOW, P256, jwk, keys_of, signed

KEY = {"thumbprint": thumbprint(jwk(ED25519)), "key": jwk(ED25519)}


class Desk:
    """A register, what checks against it, and a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.book = LicenceBook(folder / "licences")
        self.licences = Licences(self.book, clock=lambda: self.now)

    def state(self, *lines: tuple[str, str], address: str = "192.0.2.7") -> LicenceState:
        """Return what a request with these lines shows."""
        return self.licences.check(asked(*lines, address=address), who(), None)[0].state

    def reason(self, *lines: tuple[str, str], address: str = "192.0.2.7") -> str:
        """Return why it is not good."""
        return self.licences.check(asked(*lines, address=address), who(), None)[0].reason


def asked(*lines: tuple[str, str], address: str = "192.0.2.7", path: str = "/a.jpg") -> RequestFacts:
    """Return a request with these header lines."""
    return replace(request(path, address=address), at=NOW, headers=lines)


def shown(token: str, scheme: str = "License") -> tuple[str, str]:
    """Return the header line."""
    return ("Authorization", f"{scheme} {token}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty register."""
    return Desk(tmp_path)


@pytest.mark.parametrize("line", [
    lambda token: ("Authorization", f"Bearer {token}"),
    lambda token: ("authorization", f"bearer {token}"),
    lambda token: ("AUTHORIZATION", f"LICENSE   {token} "),
    lambda token: ("Authorization", f"License {token}"),
], ids=["Bearer", "small letters", "large letters and spaces", "License"])  # fmt: skip
def test_a_token_stands_in_authorization(desk: Desk, line: Callable[[str], tuple[str, str]]):
    """Under Bearer or under RSL's License; schemes are compared without regard to case (RFC 9110, section 11.1)."""
    found = line(desk.book.issue(licence()))

    assert desk.state(found) is LicenceState.VALID
    assert without_licence((found, ("Accept", "*/*"))) == (("Accept", "*/*"),)


NOT_OURS = {
    "no credentials": (),
    "a password": (("Authorization", "Basic amFuZTpzZWNyZXQ="),),
    "a token of the site behind": (("Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA"),),
    "an opaque token": (("Authorization", "Bearer 0123456789abcdef"),),
    "a digest": (("Authorization", 'Digest username="jane", response="0"'),),
    "nothing in it": (("Authorization", ""),),
    "a scheme alone": (("Authorization", "Bearer"),),
}


@pytest.mark.parametrize("lines", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_other_credentials_are_left_alone(desk: Desk, lines: tuple[tuple[str, str], ...]):
    """They are for the site behind us, and reach it."""
    desk.book.issue(licence())

    assert desk.state(*lines) is LicenceState.NONE
    assert without_licence(lines) == lines


ELSEWHERE = {
    "a cookie": lambda token: ("Cookie", f"Authorization=License {token}"),
    "a field of a like name": lambda token: ("X-Authorization", f"License {token}"),
    "for a proxy": lambda token: ("Proxy-Authorization", f"License {token}"),
    "a field of our own": lambda token: ("License", token),
}


@pytest.mark.parametrize("line", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_token_elsewhere_is_none(desk: Desk, line: Callable[[str], tuple[str, str]]):
    """One place, so that it is dropped everywhere it can be."""
    assert desk.state(line(desk.book.issue(licence()))) is LicenceState.NONE


def test_without_the_owners_leave_no_token_is_looked_at():
    """Not even taken out: the site behind us may know what it is."""
    found, signature = Licences(None).check(asked(("Authorization", "License x")), who(), None)

    assert (found.state, signature) == (LicenceState.NONE, None)


def test_two_tokens_are_one_too_many(desk: Desk):
    """Which of them is meant nobody can tell."""
    token = desk.book.issue(licence())

    assert desk.state(shown(token), shown(token)) is LicenceState.INVALID
    assert desk.state(shown(f"{token}, License {token}")) is LicenceState.INVALID


def test_a_revocation_holds_within_a_second_and_without_a_restart(desk: Desk):
    """Also for a token that was good a moment ago."""
    token = desk.book.issue(licence())
    assert desk.state(shown(token)) is LicenceState.VALID

    desk.book.revoke([licence().id], NOW)
    desk.now += LOOK_SECONDS

    assert desk.state(shown(token)) is LicenceState.REVOKED


def test_the_first_licence_may_come_after_the_start(desk: Desk):
    """A guard that was started without any finds the key."""
    assert desk.state(shown("x")) is LicenceState.INVALID
    token = desk.book.issue(licence())
    desk.now += LOOK_SECONDS

    assert desk.state(shown(token)) is LicenceState.VALID


def test_damaged_revocations_close_every_licence_and_are_named(desk: Desk, capsys: pytest.CaptureFixture[str]):
    """Once in the log of the guard; the client learns no path."""
    token = desk.book.issue(licence())
    assert desk.state(shown(token)) is LicenceState.VALID
    (desk.book.folder / "revoked").unlink()
    desk.now += LOOK_SECONDS

    assert [desk.state(shown(token)) for _ in range(3)] == [LicenceState.INVALID] * 3
    assert desk.reason(shown(token)) == "no licence: none can be checked at the moment"
    said = capsys.readouterr().err
    assert said.count("no licence is accepted") == 1
    assert "revoked" in said


def test_a_restored_list_opens_again_what_it_does_not_name(desk: Desk):
    """Without a restart."""
    token = desk.book.issue(licence())
    content = (desk.book.folder / "revoked").read_bytes()
    (desk.book.folder / "revoked").unlink()
    assert desk.state(shown(token)) is LicenceState.INVALID
    (desk.book.folder / "revoked").write_bytes(content)
    desk.now += LOOK_SECONDS

    assert desk.state(shown(token)) is LicenceState.VALID


def test_another_key_ends_what_the_old_one_signed(desk: Desk, tmp_path: Path):
    """Also for tokens that are remembered."""
    old = desk.book.issue(licence())
    assert desk.state(shown(old)) is LicenceState.VALID
    other = LicenceBook(tmp_path / "other")
    new = other.issue(licence(licensee="Other"))
    for name in ("licence.key", "licence.pub"):
        (desk.book.folder / name).write_bytes((other.folder / name).read_bytes())
    desk.now += LOOK_SECONDS

    assert desk.state(shown(old)) is LicenceState.INVALID
    assert desk.state(shown(new)) is LicenceState.VALID


def test_whoever_sends_wrong_tokens_is_soon_not_looked_at(desk: Desk):
    """For a minute, and only that client; its next right token counts again then."""
    token = desk.book.issue(licence())
    wrong = shown(f"{token[:-8]}AAAAAAAA")
    for _ in range(WRONG_TOKENS.count):
        assert "signature is not" in desk.reason(wrong)

    assert "too many wrong ones" in desk.reason(wrong)
    assert "too many wrong ones" in desk.reason(shown(token))
    assert desk.state(shown(token), address="192.0.2.8") is LicenceState.VALID
    assert desk.state(shown(token)) is LicenceState.VALID  # it is known by now, and costs nothing
    desk.now += WRONG_TOKENS.per_seconds
    assert "signature is not" in desk.reason(wrong)


def test_a_flood_of_wrong_tokens_does_not_close_out_who_is_known(desk: Desk):
    """From so many addresses that none of them is over its own limit."""
    token = desk.book.issue(licence())
    assert desk.state(shown(token)) is LicenceState.VALID
    reasons = [
        desk.reason(shown(f"{token[:-8]}{number:08}"), address=f"10.0.{number >> 8}.{number & 255}")
        for number in range(CHECKS_PER_SECOND * 2)
    ]

    assert sum("too many are being checked" in one for one in reasons) >= CHECKS_PER_SECOND - 2
    assert desk.state(shown(token)) is LicenceState.VALID


def test_a_very_long_token_is_refused_before_it_is_read(desk: Desk):
    """64 KiB and more."""
    token = desk.book.issue(licence())

    assert "more than 4096" in desk.reason(shown(token + "A" * 70_000))
    assert desk.state(("Authorization", "Bearer " + "A" * 70_000)) is LicenceState.NONE


def test_a_bound_token_needs_the_signature_of_its_key(desk: Desk):
    """Which is then the request's, for the evidence."""
    line = shown(desk.book.issue(licence(**KEY)))

    def state(facts: RequestFacts):
        return desk.licences.check(replace(facts, headers=(*facts.headers, line)), who(), None)

    verdict, signature = state(signed(ED25519))
    assert verdict.state is LicenceState.VALID
    assert signature is not None
    assert signature.keyid == KEY["thumbprint"]
    assert state(signed(P256))[0].state is LicenceState.NOT_COVERED
    assert state(signed(ED25519, host="other.example"))[0].state is LicenceState.NOT_COVERED
    assert state(asked())[0].state is LicenceState.NOT_COVERED
    stale = {"created": int(NOW.timestamp()) - 600, "expires": int(NOW.timestamp()) - 300}
    assert state(signed(ED25519, parameters=stale))[0].state is LicenceState.NOT_COVERED


def test_a_signature_that_is_remembered_is_good_for_what_it_covers_only(desk: Desk):
    """Not for another host, not with another token's key, and not for longer than it says."""
    mine = shown(desk.book.issue(licence(**KEY, hosts=("photo.example", "b.example"))))
    other = {"thumbprint": thumbprint(jwk(P256)), "key": jwk(P256)}
    theirs = shown(desk.book.issue(licence(id="0000000001", **other)))

    def state(facts: RequestFacts, line: tuple[str, str]) -> LicenceState:
        return desk.licences.check(replace(facts, headers=(*facts.headers, line)), who(), None)[0].state

    facts = signed(ED25519)
    assert [state(facts, mine) for _ in range(2)] == [LicenceState.VALID] * 2
    assert state(replace(facts, path="/b.jpg", target="/b.jpg"), mine) is LicenceState.VALID
    moved = replace(facts, authority="b.example", host="b.example", site="b.example")
    assert state(moved, mine) is LicenceState.NOT_COVERED
    assert state(facts, theirs) is LicenceState.NOT_COVERED
    assert state(replace(facts, at=NOW + timedelta(seconds=299)), mine) is LicenceState.VALID
    assert state(replace(facts, at=NOW + timedelta(seconds=300)), mine) is LicenceState.NOT_COVERED
    whole = signed(ED25519, components=[('"@target-uri"', "https://photo.example/a.jpg")], agent=None)
    assert state(whole, mine) is LicenceState.VALID
    assert state(replace(whole, path="/b.jpg", target="/b.jpg"), mine) is LicenceState.NOT_COVERED


def test_a_token_for_a_thumbprint_takes_the_key_from_its_directory(desk: Desk):
    """That is, from what the identity check found verified."""
    facts = signed(ED25519)
    line = shown(desk.book.issue(licence(thumbprint=KEY["thumbprint"])))
    facts = replace(facts, headers=(*facts.headers, line))
    verified = verify(facts, keys_of(ED25519))
    assert verified.status is SignatureStatus.VERIFIED

    assert desk.licences.check(facts, who(), verified)[0].state is LicenceState.VALID
    assert desk.licences.check(facts, who(), None)[0].state is LicenceState.NOT_COVERED


def test_a_licence_for_so_many_pictures_is_used_up(desk: Desk):
    """Then it waits; one without a number never does."""
    limited = desk.licences.check(
        asked(shown(desk.book.issue(licence(pictures=3, per_seconds=60)))), who(), None
    )[0]  # fmt: skip
    free = desk.licences.check(asked(shown(desk.book.issue(licence(id="0000000001")))), who(), None)[0]

    waits = [desk.licences.take(limited, desk.now) for _ in range(5)]
    assert [bool(one) for one in waits] == [False, False, False, True, True]
    assert not any(desk.licences.take(free, desk.now) for _ in range(50))
    assert desk.licences.take(limited, desk.now + timedelta(minutes=2).total_seconds()) == 0
