"""What can be set about several guards that stand before the same sites?

Each part works by itself: a guard alone may have its evidence indexed. Without `cluster` nothing
of this is imported or connected to.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from guard.settings_sections import Section
from guard.validation import WrongValueError

LEAST_SECRET = 32


def _secret(text: str) -> str:
    if len(text) < LEAST_SECRET:
        raise WrongValueError(f"must have at least {LEAST_SECRET} characters; make one with: openssl rand -hex 32")
    return text


def _valkey_url(text: str) -> str:
    if not re.match(r"(?:rediss?://[^/]|unix:///)", text):
        raise WrongValueError("must be redis://host:port/number, rediss://… with TLS, or unix:///path")
    return text


def _postgresql_url(text: str) -> str:
    if not re.match(r"postgres(?:ql)?://", text):
        raise WrongValueError("must be postgresql://user@host:port/database")
    return text


class ValkeySettings(Section):
    """What clients have done and used up, known to all guards."""

    url: Annotated[str, AfterValidator(_valkey_url)] = Field(
        repr=False, description="A Valkey or Redis server: redis://host:port/number, rediss://… or unix:///path."
    )
    secret: Annotated[str, AfterValidator(_secret)] = Field(
        repr=False, description="The same in all guards, at least 32 characters; best as ${NAME} from the environment."
    )
    guards: int = Field(
        ge=1, le=1000, description="How many guards share it: while it is away each gives that part of an allowance."
    )


class PostgresqlSettings(Section):
    """An index of the evidence of all guards."""

    url: Annotated[str, AfterValidator(_postgresql_url)] = Field(
        repr=False, description="A database: postgresql://user@host:port/database."
    )


class Cluster(Section):
    """What several guards share; nothing where nothing is set."""

    valkey: ValkeySettings | None = Field(default=None, description="Clients' past, allowances, solved challenges.")
    postgresql: PostgresqlSettings | None = Field(default=None, description="An index of the evidence.")

    @property
    def wanted(self) -> bool:
        """Whether anything is shared at all."""
        return any((self.valkey, self.postgresql))
