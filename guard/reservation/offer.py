"""What may a licence be asked for, where, and at what price?

An offer says that a reserved use can be licensed; it never permits it. Whoever reads one still
reads the reservation beside it: TDMRep stays 1, the signals stay `no`. So an offer for a use
that is permitted anyway is a contradiction, and a `Statement` refuses it.

There is no offer, and no price in an offer, until the owner writes one. A public price may be
argued in court as the going rate of a licence (Lizenzanalogie, § 97 (2) UrhG); an offer without
one names a page to ask on.
"""

import re
from dataclasses import dataclass
from typing import Final

PURPOSES: Final = ("train", "ai_use", "tdm")
"""The uses that a licence can be offered for. A search index is permitted or not; nobody licenses it."""

UNITS: Final = ("crawl", "training", "use", "subscription", "purchase")
"""What a price is paid for, in the words of RSL 1.0's payment types. Its other types are free of charge."""

PRICE: Final = re.compile(r"(?=.*[1-9])[0-9]{1,9}(?:\.[0-9]{1,6})?")
CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Where a licence for one reserved use is asked for. A `Statement` checks it."""

    purpose: str
    """One of `PURPOSES`."""
    url: str
    """An absolute address: the terms of the licence, or a page to ask on."""
    price: str = ""
    """A decimal number above zero with a point, `0.01`; empty where no price is public."""
    currency: str = ""
    """An ISO 4217 code, `EUR`; empty without a price."""
    unit: str = ""
    """One of `UNITS`; empty where the offer does not say."""
    scope: str = ""
    """What a licence covers, in words on one line: `one picture, one model, not transferable`."""
