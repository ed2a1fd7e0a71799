"""What are grades, identities and conducts called, in English and German?

The values in a record are codes for ever; reports of all kinds say them in the same words.
"""

from collections.abc import Mapping
from typing import Final

GRADES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "A": "a verified request signature",
        "B": "the address is in the operator’s published list",
        "C": "a forward-confirmed name, or a network of the operator",
        "D": "the client’s claim alone",
        "E": "no claim, behaviour only",
    },
    "de": {
        "A": "kryptographisch nachgewiesen durch die Signatur des Abrufs",
        "B": "die Adresse steht in der veröffentlichten Liste des Betreibers",
        "C": "vorwärts bestätigter Name oder Netz des Betreibers",
        "D": "nur die eigene Angabe des Clients",
        "E": "keine Angabe, nur das Verhalten",
    },
}

IDENTITIES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "verified": "claim verified",
        "impostor": "claim refuted: address not in the operator’s list",
        "unverifiable": "claim can not be verified",
        "unknown": "claim not verified",
        "none_claimed": "not identified",
    },
    "de": {
        "verified": "Angabe bestätigt",
        "impostor": "Angabe widerlegt: Adresse nicht in der Betreiberliste",
        "unverifiable": "Angabe nicht nachprüfbar",
        "unknown": "Angabe nicht nachgeprüft",
        "none_claimed": "nicht identifiziert",
    },
}

CONDUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"clean": "clean", "suspect": "suspect", "hostile": "hostile"},
    "de": {"clean": "unauffällig", "suspect": "auffällig", "hostile": "stark auffällig"},
}
