"""What can be set about the console, the pages on the admin listener?"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from guard.settings_sections import Section
from guard.settings_text import host_name
from guard.validation import WrongValueError

_HASH: Final = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,2})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{22,88}"
)
"""The encoded form of the reference implementation of RFC 9106."""
MOST_KIB: Final = 1 << 20
"""Memory that one sign-in may take, in KiB."""


def _password_hash(text: str) -> str:
    if not text:
        return text
    found = _HASH.fullmatch(text)
    if found is None:
        raise WrongValueError("must be what `guard console password` prints, never the password itself")
    memory, passes, _ = map(int, found.groups())
    if memory > MOST_KIB or passes > 20:
        raise WrongValueError("asks for more memory or time than a sign-in may take; use guard console password")
    return text


def _name(text: str) -> str:
    name = host_name(text)
    if name == "*":
        raise WrongValueError("must be one whole name; any name at all would let strange pages lead browsers here")
    return name


class Console(Section):
    """The pages on the admin listener; without a password there are none."""

    password: Annotated[str, AfterValidator(_password_hash)] = Field(
        default="", repr=False, description="What `guard console password` prints; without it there is no console."
    )
    names: tuple[Annotated[str, AfterValidator(_name)], ...] = Field(
        default=(), description="Names under which a server in front offers it; addresses and localhost always work."
    )
