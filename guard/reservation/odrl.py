"""What stands behind `tdm-policy` when licences are offered?

The TDMRep profile of ODRL (TDM Reservation Protocol, CG Final Report 2024-05-10, section 7):
one Offer by one assigner, with permissions whose action is `tdm:mine` and whose duties come
first. It is machine-readable only as JSON. The profile has no field for a price; that is in
`rsl.xml` where there is one.

It is an offer to negotiate: without the duties fulfilled nothing is permitted, and
`tdm-reservation` stays 1. So it exists only when the owner offers a licence.
"""

import json
from typing import Any

from guard.reservation.contact import mail_address
from guard.reservation.statement import ODRL_PATH, Statement

PATH = ODRL_PATH
MEDIA_TYPE = "application/ld+json"
CONTEXTS = ("http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/tdmrep.jsonld")
PROFILE = "http://www.w3.org/ns/tdmrep"


def render(statement: Statement) -> bytes:
    """Return the policy: JSON, ASCII. Only for a statement with offers."""
    if not statement.offers:
        raise ValueError("a policy that offers nothing would be a permission")
    document = {
        "@context": list(CONTEXTS),
        "@type": "Offer",
        "profile": PROFILE,
        "uid": f"{statement.base_url}{PATH}",
        "assigner": _assigner(statement),
        "permission": [
            {
                "target": f"{statement.base_url}/",
                "action": "tdm:mine",
                "duty": [
                    {"action": "obtainConsent"},
                    *([{"action": "compensate"}] if any(offer.price for offer in statement.offers) else []),
                ],
            }
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _assigner(statement: Statement) -> dict[str, Any]:
    assigner = {"uid": statement.base_url or "/"}
    if statement.holder:
        assigner["vcard:fn"] = statement.holder
    if address := mail_address(statement.contact):
        assigner["vcard:hasEmail"] = f"mailto:{address}"
    assigner["vcard:hasURL"] = statement.licence_url
    return assigner
