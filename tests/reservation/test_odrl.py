"""Is the policy for machines the profile's, and never a permission?"""

import json

import pytest

from guard.reservation import odrl
from guard.reservation.offer import Offer
from guard.reservation.statement import Statement

OFFER = Offer(purpose="train", url="https://photo.example/licence")
PRICED = Offer(purpose="train", url="https://photo.example/licence", price="0.01", currency="EUR")


def test_the_policy_is_this():
    """Members and values of the specification's example, with the owner's."""
    statement = Statement(
        holder="Jane Doe", contact="rights@photo.example", base_url="https://photo.example", offers=(PRICED,)
    )

    assert json.loads(odrl.render(statement)) == {
        "@context": ["http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/tdmrep.jsonld"],
        "@type": "Offer",
        "profile": "http://www.w3.org/ns/tdmrep",
        "uid": "https://photo.example/.well-known/guard/policy.json",
        "assigner": {
            "uid": "https://photo.example",
            "vcard:fn": "Jane Doe",
            "vcard:hasEmail": "mailto:rights@photo.example",
            "vcard:hasURL": "https://photo.example/licence",
        },
        "permission": [
            {
                "target": "https://photo.example/",
                "action": "tdm:mine",
                "duty": [{"action": "obtainConsent"}, {"action": "compensate"}],
            }
        ],
    }


def test_without_a_price_consent_is_the_one_duty():
    """What it costs is then between the two."""
    policy = json.loads(odrl.render(Statement(offers=(OFFER,), licensor="https://agency.example/")))

    assert policy["permission"][0]["duty"] == [{"action": "obtainConsent"}]
    assert policy["assigner"]["vcard:hasURL"] == "https://agency.example/"


def test_without_an_offer_there_is_none():
    """An Offer without duties would permit mining."""
    with pytest.raises(ValueError, match="would be a permission"):
        odrl.render(Statement())
