"""Which servers stand in front of us, what are they believed, and what may they ask?"""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from guard.core.client_address import UNIX_PEER, AddressPolicy
from guard.settings_sections import Section
from guard.settings_text import BY_SYSTEMD, UNIX_PREFIX, address_source, listener_or_off, trusted_peer
from guard.validation import WrongValueError

PROXY_PROTOCOL = "proxy_protocol"


class ClientAddressSource(Section):
    """Where the visitor's address is read, and from whom that is believed."""

    source: Annotated[str, AfterValidator(address_source)] = Field(
        default="peer", alias="from", description="peer, x-forwarded-for, forwarded, header:<name> or proxy_protocol."
    )
    trusted: tuple[Annotated[str, AfterValidator(trusted_peer)], ...] = Field(
        default=(), description="Addresses and networks of the servers in front of us; unix for a unix socket."
    )

    @model_validator(mode="after")
    def _trusted_is_stated(self) -> "ClientAddressSource":
        if self.source != "peer" and not self.trusted:
            raise WrongValueError(
                f"'{self.source}' is believed only from the servers in front of us; name them in 'trusted'",
                at=("from",),
            )
        return self

    def policy(self) -> AddressPolicy:
        """Return the same as the value that the pure part works with."""
        return AddressPolicy(
            header="" if self.source in ("peer", PROXY_PROTOCOL) else self.source.removeprefix("header:"),
            trusted=tuple(ip_network(text) for text in self.trusted if text != UNIX_PEER),
            trust_unix=UNIX_PEER in self.trusted,
            preamble=self.source == PROXY_PROTOCOL,
        )


class Decisions(Section):
    """For front servers that keep the visitor and only ask what to do: nginx, Caddy, Traefik, an application."""

    listen: Annotated[str, BeforeValidator(listener_or_off)] = Field(
        default="off", description="Where they ask: unix:/path, an address with a port, systemd, or off."
    )
    trusted: tuple[Annotated[str, AfterValidator(trusted_peer)], ...] = Field(
        default=(), description="Who may ask over an address; whoever may open the unix socket may always ask."
    )

    spoe: Annotated[str, BeforeValidator(listener_or_off)] = Field(
        default="off", description="Where HAProxy's SPOE filter asks: unix:/path, an address with a port, or off."
    )
    cache_seconds: int = Field(
        default=0,
        ge=0,
        le=60,
        description="For how long a front may keep what it was told about a person; 0: it asks each time.",
    )

    @model_validator(mode="after")
    def _somebody_may_ask(self) -> "Decisions":
        for name in ("listen", "spoe"):
            where = getattr(self, name)
            if where not in ("off", BY_SYSTEMD) and not where.startswith(UNIX_PREFIX) and not self.trusted:
                raise WrongValueError("name the servers that may ask in 'trusted', or use a unix socket", at=(name,))
        if self.spoe == BY_SYSTEMD:
            raise WrongValueError(
                "HAProxy asks at a unix socket or an address; systemd passes none for it", at=("spoe",)
            )
        if self.cache_seconds and self.listen == "off":
            raise WrongValueError("only fronts that ask at 'listen' can keep an answer", at=("cache_seconds",))
        return self

    def askers(self, listener: str) -> AddressPolicy:
        """Return who may ask at `listener`, one of the two, as the value that the pure part works with."""
        networks = tuple(ip_network(text) for text in self.trusted if text != UNIX_PEER)
        return AddressPolicy(trusted=networks, trust_unix=listener.startswith((UNIX_PREFIX, BY_SYSTEMD)))
