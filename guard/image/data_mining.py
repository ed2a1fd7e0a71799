"""Which value of the PLUS vocabulary says what is permitted?

`plus:DataMining` holds one URI (PLUS LDF 2.0.1; IPTC Photo Metadata Standard 2023.1). Each
value is read here as the set of uses that it leaves permitted, so that what a picture says
already and what its owner says now can be put together: both hold, and the result permits
only what both permit. What a picture says is never weakened.
"""

from enum import StrEnum
from typing import Final

VOCABULARY: Final = "http://ns.useplus.org/ldf/vocab/"
ALLOWED: Final = f"{VOCABULARY}DMI-ALLOWED"
NO_GENERATIVE_TRAINING: Final = f"{VOCABULARY}DMI-PROHIBITED-GENAIMLTRAINING"
NO_TRAINING: Final = f"{VOCABULARY}DMI-PROHIBITED-AIMLTRAINING"
ONLY_SEARCH: Final = f"{VOCABULARY}DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
PROHIBITED: Final = f"{VOCABULARY}DMI-PROHIBITED"
SEE_CONSTRAINT: Final = f"{VOCABULARY}DMI-PROHIBITED-SEECONSTRAINT"
"""Prohibited but for what `plus:OtherConstraints` says in words."""
UNSPECIFIED: Final = f"{VOCABULARY}DMI-UNSPECIFIED"


class Use(StrEnum):
    """What may be done with a picture by machine."""

    GENERATIVE_TRAINING = "generative_training"
    OTHER_TRAINING = "other_training"
    AI_INPUT = "ai_input"
    """Input to a generative model that answers somebody."""
    SEARCH = "search"
    OTHER_MINING = "other_mining"


EVERY_USE: Final = frozenset(Use)
_PERMITTED: Final = {
    ALLOWED: EVERY_USE,
    NO_GENERATIVE_TRAINING: EVERY_USE - {Use.GENERATIVE_TRAINING},
    NO_TRAINING: EVERY_USE - {Use.GENERATIVE_TRAINING, Use.OTHER_TRAINING},
    ONLY_SEARCH: frozenset({Use.SEARCH}),
    PROHIBITED: frozenset[Use](),
}
_NAMES: Final = {uses: name for name, uses in _PERMITTED.items()}


def permitted(*, train: bool, ai_use: bool, search: bool, tdm: bool) -> frozenset[Use]:
    """Return the uses that four answers permit; training of models that are not generative is text and data mining."""
    answers = {
        Use.GENERATIVE_TRAINING: train,
        Use.OTHER_TRAINING: tdm,
        Use.AI_INPUT: ai_use,
        Use.SEARCH: search,
        Use.OTHER_MINING: tdm,
    }
    return frozenset(use for use, answer in answers.items() if answer)


def value(uses: frozenset[Use]) -> str:
    """Return the value for what is permitted; `SEE_CONSTRAINT` where only words can say it."""
    return _NAMES.get(uses, SEE_CONSTRAINT)


def together(said: str, uses: frozenset[Use]) -> str:
    """Return the value for a picture that says `said` (empty for nothing) and whose owner permits `uses`.

    Where no value permits exactly what both permit, it is the next that permits less. Values that point to
    words or documents stay, unless the owner prohibits everything.
    """
    if said in {"", UNSPECIFIED}:
        return value(uses)
    if said not in _PERMITTED:
        return said if uses else PROHIBITED
    both = _PERMITTED[said] & uses
    if both == _PERMITTED[said]:
        return said
    if both == uses or both in _NAMES:
        return value(both)
    return ONLY_SEARCH if Use.SEARCH in both else PROHIBITED
