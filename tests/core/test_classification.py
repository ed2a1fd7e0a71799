"""A claim is not an identity: nothing is verified, and nobody is an impostor, without data."""

from guard.core.classification import HardFact, Identity, classify
from guard.core.crawlers import Purpose, Sighting
from tests.support.facts import GPTBOT


def test_a_claim_that_could_be_checked_is_unknown():
    """A missing fact is never an accusation."""
    sighting = Sighting(crawler=GPTBOT, purpose=GPTBOT.purpose, claimed="GPTBot")

    assert classify(sighting).identity is Identity.UNKNOWN


def test_a_claim_that_can_not_be_checked_is_unverifiable():
    """Most bots publish nothing."""
    sighting = Sighting(crawler=None, purpose=Purpose.UNKNOWN_DECLARED_BOT, claimed="PixelBot")

    who = classify(sighting)

    assert who.identity is Identity.UNVERIFIABLE
    assert who.is_crawler


def test_a_browser_claims_nothing_and_is_not_recorded():
    """People who visit are counted."""
    who = classify(Sighting(crawler=None, purpose=Purpose.BROWSER, claimed=""))

    assert who.identity is Identity.NONE_CLAIMED
    assert not who.is_crawler


def test_a_forged_token_is_a_hard_fact():
    """It is a fact of its own, apart from being an impostor."""
    sighting = Sighting(crawler=GPTBOT, purpose=GPTBOT.purpose, claimed="Google-Extended", forged_token=True)

    who = classify(sighting)

    assert who.facts == {HardFact.FORGED_TOKEN}
    assert who.identity is not Identity.IMPOSTOR


def test_who_is_known_by_its_signature_says_nothing_by_its_name():
    """The fact is about robots that nobody knows; a key says who this one is."""
    sighting = Sighting(crawler=None, purpose=Purpose.UNKNOWN_DECLARED_BOT, claimed="NewAI", says_ai="ai")

    assert classify(sighting).facts == {HardFact.SAYS_AI}
    assert classify(sighting, identity=Identity.VERIFIED, proven=GPTBOT).facts == frozenset()
