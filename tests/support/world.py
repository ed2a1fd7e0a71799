"""Clients, crowds and rules together, without sockets."""

from pathlib import Path

from guard.core.behaviour import VERSION
from guard.core.classification import Conduct
from guard.core.facts import KindSource, ResponseFacts
from guard.core.header_print import Front
from guard.server.behaviour import Behaviour
from guard.server.crowds import CrowdWatch
from guard.server.judged import Judged
from guard.store.clients import ClientTable, Standing
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds
from guard.store.robots_versions import RobotsVersions
from tests.support.captures import START, judge


class World:
    """A guard's memory, and what it believed."""

    def __init__(self, front=Front.DIRECT, **options):
        self.clients = ClientTable.create(8000, layout=VERSION)
        self.crowds = Crowds.create(8000)
        self.judge = judge(front)
        self.conduct = Conduct.CLEAN
        """What was believed of the last client by itself, or of the program that it seems to be a part of."""
        self.behaviour = Behaviour(
            self.clients, self.judge, RobotsVersions(Path("/nonexistent")), Portfolios.create(("photo.example",))
        )
        self.watch = CrowdWatch(self.crowds, self.clients, since=START - 1e6, **options)

    def ask(self, at, facts, answered, *, originals=0, known=False):
        """Play one request; return what is believed of the client because of its crowd."""
        seen = self.judge.look(facts, at, originals=originals)

        def begin(record):
            state, verdict = self.judge.at_request(record, seen)
            return state, Standing.ORDINARY, verdict

        verdict = self.clients.update(seen.key, begin)
        judged = Judged(key=seen.key, observation=seen, verdict=verdict, facts=frozenset())
        remembered = ResponseFacts(kind=answered.kind, source=KindSource.REMEMBERED) if known else None
        believed = self.watch.at_request(judged, remembered)
        judged = self.behaviour.together(judged, believed.together)
        self.conduct = judged.conduct
        for key in (judged.key, judged.together):
            if key:
                self.clients.update(
                    key, lambda record: (self.judge.after_response(record, seen, answered)[0], Standing.ORDINARY, None)
                )
        self.watch.after_response(believed, answered.kind, answered.status)
        return believed

    def close(self):
        self.clients.close()
        self.crowds.table.close()
