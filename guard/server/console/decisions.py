"""What is done about a crawler today, and by which rule?

The policy in force is asked for a picture and for a page that the crawler asks for under its name, once
as if its claim had been confirmed and once as it comes.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from guard.core.classification import Identity, classify
from guard.core.crawlers import Crawler
from guard.core.facts import AddressSource, ClientAddress, Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.pipeline import Pipeline
from guard.core.policy import Decision
from guard.server.reload import Loaded
from guard.server.rules_in_force import load_pipeline
from guard.server.self_requests import user_agent
from guard.settings import Settings

_NOWHERE = ClientAddress(address=None, port=0, source=AddressSource.PEER, peer="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is done about one crawler."""

    picture: Decision
    page: Decision
    confirmed: Decision
    """For a picture, where its claim is confirmed."""

    @property
    def depends_on_claim(self) -> bool:
        """Whether it matters that the claim is confirmed."""
        return self.confirmed.action is not self.picture.action


class Decisions:
    """Asks the policy in force."""

    def __init__(self) -> None:
        self._of: tuple[Settings, Pipeline] | None = None
        self._loading = asyncio.Lock()

    async def pipeline(self, loaded: Loaded) -> Pipeline:
        """Return the pipeline of what is loaded; read again only after that has changed.

        Raises:
            ConfigurationError: The rules were changed under us and have faults.
        """
        async with self._loading:
            if self._of is None or self._of[0] is not loaded.settings:
                self._of = loaded.settings, await asyncio.to_thread(load_pipeline, loaded.settings)
            return self._of[1]


def decided(pipeline: Pipeline, site: str, name: str, crawler: str) -> Decided:
    """Return what `pipeline` decides about the crawler of this name and catalogue id (empty for none)."""
    known = next((one for one in pipeline.catalogue.crawlers if one.id == crawler), None)
    request = _request(site, known, name)
    return Decided(
        picture=_decide(pipeline, request, Kind.IMAGE, None),
        page=_decide(pipeline, request, Kind.PAGE, None),
        confirmed=_decide(pipeline, request, Kind.IMAGE, Identity.VERIFIED),
    )


def _request(site: str, crawler: Crawler | None, name: str) -> RequestFacts:
    said = user_agent(crawler) if crawler is not None else f"Mozilla/5.0 (compatible; {name}/1.0)"
    return RequestFacts(
        at=datetime.now(UTC), site=site, scheme="https", authority=site, host=site, method="GET", target="/picture.jpg",
        path="/picture.jpg", version="1.1", client=_NOWHERE, headers=(("User-Agent", said),),
    )  # fmt: skip


def _decide(pipeline: Pipeline, request: RequestFacts, kind: Kind, identity: Identity | None) -> Decision:
    who = classify(pipeline.sight(request), identity=identity)
    decision = pipeline.decide(request, who, ResponseFacts(kind=kind, source=KindSource.RESPONSE))
    assert isinstance(decision, Decision)  # noqa: S101  # with response facts there always is one
    return decision
