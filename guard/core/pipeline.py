"""How do facts become a decision?

One object holds what a decision depends on besides the facts: the catalogue and the
policy. The proxy, and everybody else who asks the same question, asks it here.
"""

from functools import lru_cache

from guard.core.classification import Classification, classify
from guard.core.crawlers import Catalogue
from guard.core.facts import RequestFacts, ResponseFacts
from guard.core.policy import Decision, NeedsResponse, Policy, decide

MATCHED_CHARACTERS = 512
"""User agents are looked at up to here; a longer one is no browser's, and costs no more than this."""

REMEMBERED_USER_AGENTS = 4096


class Pipeline:
    """Facts in, decision out."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue = catalogue
        self.policy = policy
        self._who = lru_cache(maxsize=REMEMBERED_USER_AGENTS)(lambda user_agent: classify(catalogue.find(user_agent)))

    def classify(self, request: RequestFacts) -> Classification:
        """Say who is asking."""
        return self._who(request.header("user-agent")[:MATCHED_CHARACTERS])

    def decide(
        self, request: RequestFacts, who: Classification, response: ResponseFacts | None = None
    ) -> Decision | NeedsResponse:
        """Say what is done; `NeedsResponse` only while `response` is None."""
        return decide(self.policy, request, who, response)
