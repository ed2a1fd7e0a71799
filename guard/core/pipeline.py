"""How do facts become a decision?

One object holds what a decision depends on besides the facts: the catalogue and the
policy. The proxy, and everybody else who asks the same question, asks it here.
"""

from functools import lru_cache

from guard.core.classification import Classification, Conduct, HardFact, classify
from guard.core.crawlers import Catalogue, Sighting
from guard.core.facts import RequestFacts, ResponseFacts
from guard.core.identity import IdentityVerdict, contradiction
from guard.core.policy import Decision, NeedsResponse, Policy, decide
from guard.core.rule_index import RuleIndex

MATCHED_CHARACTERS = 512
"""User agents are looked at up to here; a longer one is no browser's, and costs no more than this."""

REMEMBERED_USER_AGENTS = 4096


class Pipeline:
    """Facts in, decision out."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue = catalogue
        self.policy = policy
        self._rules = RuleIndex(policy.rules)
        self._find = lru_cache(maxsize=REMEMBERED_USER_AGENTS)(catalogue.find)
        self._last: tuple[RequestFacts, Sighting] | None = None

    def sight(self, request: RequestFacts) -> Sighting:
        """Say who the user agent names."""
        last = self._last
        # Everybody who asks about a request asks again before the next one.
        if last is None or last[0] is not request:
            last = self._last = request, self._find(request.header("user-agent")[:MATCHED_CHARACTERS])
        return last[1]

    def classify(
        self,
        request: RequestFacts,
        identity: IdentityVerdict | None = None,
        conduct: Conduct = Conduct.CLEAN,
        facts: frozenset[HardFact] = frozenset(),
    ) -> Classification:
        """Say who is asking; without a verdict on the claim it is taken for unchecked."""
        sighting = self.sight(request)
        if identity is None:
            return classify(sighting, conduct=conduct, facts=facts)
        if sighting.also and contradiction(sighting) is not None:
            facts |= {HardFact.CONTRADICTORY_CLAIMS}
        return classify(sighting, identity=identity.identity, proven=identity.crawler, conduct=conduct, facts=facts)

    def decide(
        self, request: RequestFacts, who: Classification, response: ResponseFacts | None = None
    ) -> Decision | NeedsResponse:
        """Say what is done; `NeedsResponse` only while `response` is None."""
        return decide(self.policy, request, who, response, self._rules.candidates(request, who))
