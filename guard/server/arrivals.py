"""Who has come, and what is believed of them before anything is decided?

Facts from the head, the site, who claims to ask and whether that is true, and how the client and
its neighbours have behaved. What became of the request is told here afterwards.
"""

from dataclasses import replace

from aiohttp import web

from guard.core.classification import Conduct
from guard.core.facts import AddressSource, RequestFacts, ResponseFacts
from guard.core.identity import Grade
from guard.core.licence import NO_LICENCE
from guard.core.pipeline import Pipeline
from guard.exporter.metrics import Metrics
from guard.server.behaviour import Behaviour
from guard.server.crowds import CrowdWatch
from guard.server.decoys import Decoys
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.identities import Identities
from guard.server.intake import Intake
from guard.server.judged import NOBODY
from guard.server.kinds import Kinds
from guard.server.licences import Licences
from guard.server.search_guard import SearchGuard
from guard.server.site import Sites
from guard.server.tickets import Tickets
from guard.server.upstream import Answered


class Arrivals:
    """Looks at every request first; one per worker process."""

    def __init__(
        self,
        *,
        intake: Intake,
        sites: Sites,
        pipeline: Pipeline,
        identities: Identities,
        licences: Licences,
        behaviour: Behaviour,
        crowds: CrowdWatch,
        decoys: Decoys | None,
        tickets: Tickets | None,
        search_guard: SearchGuard,
        metrics: Metrics,
    ) -> None:
        self._intake = intake
        self._sites = sites
        self._pipeline = pipeline
        self._identities = identities
        self._licences = licences
        self._behaviour = behaviour
        self._crowds = crowds
        self._decoys = decoys
        self._tickets = tickets
        self._search_guard = search_guard
        self._metrics = metrics
        self._kinds = Kinds()

    def reservation(self) -> Headers:
        """Return the header lines for whoever names no site: those of the site that answers for every name."""
        return self._sites.find("").reservation("").headers

    def begin(self, request: web.BaseRequest, started: float) -> Exchange:
        """Return what is known of a request when its head is there.

        Args:
            started: Seconds of the monotonic clock when that was.

        Raises:
            RequestError: It makes no sense.
        """
        by_front, continued = self._intake.peer_is_trusted(request), self._intake.continues(request)
        return self.of(request, self._intake.read(request), started, by_front=by_front, continued=continued)

    def of(
        self,
        request: web.BaseRequest,
        facts: RequestFacts,
        started: float,
        *,
        by_front: bool,
        continued: bool,
        tickets: bool = True,
    ) -> Exchange:
        """Return the same for a request whose facts are known.

        Args:
            by_front: A front server that we trust has passed it on: forwarding lines in it speak against nobody.
            continued: What it says in them goes on to the upstream.
            tickets: Whether it is looked for one.
        """
        own = self._search_guard.recognise(facts)
        if own is not None:
            facts = own.facts
        site = self._sites.find(facts.host)
        if facts.client.source is AddressSource.PEER_HEADER_UNUSABLE:
            self._metrics.client_address_unusable.inc()
        reservation = site.reservation(f"{facts.scheme}://{facts.authority}" if facts.authority else "")
        if not by_front and (facts.header("x-forwarded-for") or facts.header("forwarded")):
            self._metrics.client_address_unbelieved.inc()
        sighting = self._pipeline.sight(facts)
        seen = self._kinds.recall(facts)
        if own is not None:
            identity, judged, crowd = own.identity, None, NOBODY
            who = self._pipeline.classify(facts, own.identity)
            licence, signature = NO_LICENCE, None
        else:
            judged = self._behaviour.at_request(
                facts,
                sighting,
                trusted_peer=by_front,
                reservation=reservation,
                decoy=self._decoys is not None and self._decoys.hit(facts),
            )
            identity = self._identities.judge(facts, sighting, signed=judged.observation.head.signed)
            crowd = self._crowds.at_request(judged, seen)
            judged = self._behaviour.together(judged, crowd.together)
            conduct = Conduct.SUSPECT if crowd.suspect and judged.conduct is Conduct.CLEAN else judged.conduct
            who = self._pipeline.classify(facts, identity, conduct, judged.facts)
            signature = self._identities.signature(facts) if identity.grade is Grade.SIGNATURE else None
            licence, signature = self._licences.check(facts, who, signature)
        who = who if licence is NO_LICENCE else replace(who, licence=licence)
        due = False
        if self._tickets is not None and tickets:
            worth = self._tickets.look(facts, who, own=own is not None)
            who, due = replace(who, ticket=worth.state), worth.due
        return Exchange(
            request=request,
            facts=facts,
            site=site,
            reservation=reservation,
            who=who,
            ticket_due=due,
            identity=identity,
            signature=signature,
            judged=judged,
            peer_is_trusted=continued,
            own=own is not None,
            started=started,
            seen=seen,
            crowd=crowd,
        )

    def learnt(self, exchange: Exchange, seen: ResponseFacts, answered: Answered) -> None:
        """Take note of what a resource turned out to be."""
        self._kinds.remember(exchange.facts, seen)
        self._behaviour.served(exchange, seen, answered)

    def left(self, exchange: Exchange) -> None:
        """Take note of what became of a request."""
        self._behaviour.after_response(exchange)
        self._crowds.after_response(exchange.crowd, exchange.kind, exchange.sent.status)
