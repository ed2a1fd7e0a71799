"""How does a person write a reference code, and which one is meant?"""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, so that a code can be read out on the telephone."""
LENGTH: Final = 10
"""Characters: 50 bits, so that among a million refusals two codes are alike with a chance of 1 in 2000."""
_ALIKE: Final = str.maketrans("ILO", "110", "- ")


def read(text: str) -> str:
    """Return a code as it was drawn: a person may have typed O for 0, small letters or no hyphen.

    What is no code comes back as no code.
    """
    return text.upper().translate(_ALIKE)


def is_code(text: str) -> bool:
    """Tell whether this is a code as it was drawn."""
    return len(text) == LENGTH and not set(text) - set(ALPHABET)


def shown(code: str) -> str:
    """Return a code as people see it, with a hyphen in the middle: `7K3QF-9X2TM`."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"
