"""What does the guard know of a gallery program: through which addresses do its own pages and apps work?

A profile is a short list of rules, asked after the owner's and before the shipped policy's, on the sites that name it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from guard.core.policy import Condition, PathList, Rule
from guard.core.policy_file import Entry, RuleEntry, WhenEntry
from guard.errors import ConfigurationError
from guard.validation import OneOrMore, validate
from guard.yaml12 import Document


class ProfileWhen(WhenEntry):
    """A condition, and what only a gallery's own source can tell: which of its addresses need a login."""

    login_path: OneOrMore[Annotated[str, Field(pattern="^/")]] = Field(
        default=(), description="Prefixes of paths that it answers only after a login."
    )
    without_query: OneOrMore[Annotated[str, Field(pattern="^[a-z_]+$")]] = Field(
        default=(), description="Parameters that open such a path to everybody."
    )

    def condition(self, listed: PathList | None = None) -> Condition:
        """Return the same as the value that decisions are made with."""
        plain = super().condition(listed)
        return replace(plain, login_path=self.login_path, without_query=frozenset(self.without_query))


class ProfileRule(RuleEntry):
    """A rule about a gallery program's own addresses."""

    when: ProfileWhen


class ProfileEntry(Entry):
    """A profile file."""

    name: str = Field(min_length=1, max_length=60, description="The name that a site gives.")
    about: str = Field(min_length=1, description="What is left alone.")
    source: str = Field(min_length=1, description="Where the addresses are from.")
    rules: tuple[ProfileRule, ...] = Field(min_length=1, description="In order.")


def parse_profile(document: Document, hosts: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of a profile for the sites called `hosts`; for every site if there are none.

    Raises:
        ConfigurationError: With every fault, in file order.
    """
    entry = validate(ProfileEntry, document)
    if always := [index for index, rule in enumerate(entry.rules) if not (rule.when.path or rule.when.login_path)]:
        raise ConfigurationError((document.fault(("rules", always[0]), "names no path; a profile is about addresses"),))
    rules = (rule.rule() for rule in entry.rules)
    return tuple(replace(rule, when=replace(rule.when, host=tuple(hosts))) for rule in rules)
