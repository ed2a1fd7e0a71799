"""What does an operator see in Prometheus?

Every label comes from a closed set: the configured sites, the catalogue and the enums of
the decision core; never a path, an address or a user agent. What could grow with the catalogue
has a bound besides. Worker processes write to memory-mapped files, which `multiprocess` joins.
There are no exemplars: they do not survive the joining, and the access log and the evidence have
the reference of every answer.
"""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics, values
from prometheus_client.metrics_core import Metric

from guard.exporter.gathered import Counter, Histogram, gathering

DECISION_BUCKETS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1)
LAG_BUCKETS = (1e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0)
CLUSTER_BUCKETS = (2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.1, 0.25, 1.0, 10.0)
PACK_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
UPSTREAM_BUCKETS = (1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]
MOST_SERIES: Final = 400
"""Of one metric in one process; further ones are counted with `other` in every label."""
OTHER: Final = "other"


def stays_one_process() -> None:
    """Spare each increment a call to the kernel and most of them a write, in a process that never forks.

    To be called before `Metrics` is made.
    """
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        pid = os.getpid()
        values.ValueClass = gathering(values.MultiProcessValue(lambda: pid))  # type: ignore[no-untyped-call]


class BoundedCounter:
    """A counter whose labels come from a closed set that is large: it stays small whoever comes."""

    def __init__(self, counter: Counter, labels: int, dropped: Counter, most: int = MOST_SERIES) -> None:
        """Take a counter with so many `labels`, and what counts the increments that lost theirs."""
        self._counter = counter
        self._dropped = dropped
        self._most = most
        self._known: set[tuple[str, ...]] = set()
        self._other = (OTHER,) * labels

    def labels(self, *values: str) -> Counter:
        """Return the series of these values, or the one for all that are too many."""
        if values not in self._known:
            if len(self._known) >= self._most:
                self._dropped.labels(f"{self._counter._name}_total").inc()  # it has no other way to say
                return self._counter.labels(*self._other)
            self._known.add(values)
        return self._counter.labels(*values)

    def collect(self) -> list[Metric]:
        """Return what was counted."""
        return list(self._counter.collect())


class PartReport:
    """Counts how one part of what several guards share answers."""

    def __init__(self, up: Gauge, failures: Counter, seconds: Histogram) -> None:
        self._up = up
        self._failures = failures
        self._seconds = seconds
        self._up.set(0)

    def __call__(self, *, up: bool, seconds: float | None = None) -> None:
        """Say whether it answered, and after how many seconds."""
        self._up.set(int(up))
        if not up:
            self._failures.inc()
        elif seconds is not None:
            self._seconds.observe(seconds)


class Metrics:
    """The counters of one worker process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.series_dropped = Counter(
            "guard_metric_series_dropped",
            "Increments that were counted under other, because the metric had too many series, by metric.",
            ("metric",),
            registry=registry,
        )

        def bounded(name: str, help_text: str, *labels: str) -> BoundedCounter:
            return BoundedCounter(Counter(name, help_text, labels, registry=registry), len(labels), self.series_dropped)

        self.requests = bounded(
            "guard_requests",
            "Requests that were decided; requests for our own reservation documents are counted elsewhere.",
            "site", "purpose", "action", "kind",
        )  # fmt: skip
        self.responses = Counter(
            "guard_responses",
            "Answers by class of status (0xx: closed without an answer) and by whom they were for: crawler, person, "
            "or undeclared, who names nobody and behaves like a program.",
            ("site", "client", "status"),
            registry=registry,
        )
        self.appeals = Counter(
            "guard_appeals",
            "Objections to a refusal, by whoever was shown its reference code.",
            ("site",),
            registry=registry,
        )
        self.undeclared_requests = Counter(
            "guard_undeclared_requests",
            "Requests of clients that name nobody, by what is believed of their behaviour and what was done.",
            ("site", "conduct", "action"),
            registry=registry,
        )
        self.monitored = bounded(
            "guard_monitored",
            "Requests that a rule would have treated otherwise, were it not in monitor mode, or the guard learning or "
            "paused, by rule.",
            "site", "rule",
        )  # fmt: skip
        self.crawler_requests = bounded(
            "guard_crawler_requests",
            "Requests of crawlers that name themselves; those the catalogue does not know have crawler=other.",
            "site", "crawler", "operator", "purpose", "identity", "action",
        )  # fmt: skip
        self.crawler_pictures = bounded(
            "guard_crawler_pictures",
            "Pictures that crawlers asked for, by what they got: full, marked, smaller, or none.",
            "site", "crawler", "operator", "got",
        )  # fmt: skip
        self.crawler_bytes = bounded(
            "guard_crawler_response_bytes",
            "Body bytes handed to crawlers that name themselves.",
            "site", "crawler", "operator",
        )  # fmt: skip
        self.referred_visits = bounded(
            "guard_referred_visits",
            "Pages that people opened who came from an operator's search or assistant, as their browser says.",
            "site", "operator",
        )  # fmt: skip
        self.crawler_robots = bounded(
            "guard_crawler_robots",
            "Requests of crawlers for robots.txt.",
            "site", "crawler", "operator",
        )  # fmt: skip
        self.robots_violations = bounded(
            "guard_robots_violations",
            "Requests against the robots.txt that this very client had been served before; clients that name nobody "
            "have crawler=undeclared.",
            "site", "crawler", "operator",
        )  # fmt: skip
        self.withheld_bytes = Counter(
            "guard_withheld_bytes",
            "Bytes of pictures that were not handed out, where it is known how large the picture is.",
            ("site", "purpose"),
            registry=registry,
        )
        self.withheld_pictures = Counter(
            "guard_withheld_pictures",
            "Pictures that were not handed out in full, by whether it is known how large they are: known, unknown.",
            ("site", "purpose", "size"),
            registry=registry,
        )
        self.licence_requests = Counter(
            "guard_licence_requests",
            "Requests with a licence token, by what it was worth for them: valid, not_covered, expired, …",
            ("site", "licence"),
            registry=registry,
        )
        self.response_bytes = Counter(
            "guard_response_bytes",
            "Body bytes handed to clients.",
            ("site", "purpose", "action"),
            registry=registry,
        )
        self.reservation_requests = Counter(
            "guard_reservation_requests",
            "Requests for robots.txt, ai.txt, tdmrep.json and the terms page, answered by the guard.",
            ("site", "purpose", "document"),
            registry=registry,
        )
        self.decision_seconds = Histogram(
            "guard_decision_seconds",
            "Time from the complete request head to the decision, without waiting for the upstream.",
            buckets=DECISION_BUCKETS,
            registry=registry,
        )
        self.upstream_seconds = Histogram(
            "guard_upstream_seconds",
            "Time until the head of the upstream's answer was there.",
            ("site",),
            buckets=UPSTREAM_BUCKETS,
            registry=registry,
        )
        self.upstream_errors = Counter(
            "guard_upstream_errors",
            "Requests that the upstream did not answer properly, by the status sent instead.",
            ("site", "status"),
            registry=registry,
        )
        self.client_address_unusable = Counter(
            "guard_client_address_unusable",
            "Requests whose forwarding header could not be read, so that the peer stood in for the client.",
            registry=registry,
        )
        self.client_address_unbelieved = Counter(
            "guard_client_address_unbelieved",
            "Requests with a forwarding header from a peer that client_ip does not trust. If that is all of them, a "
            "front server is not named there.",
            registry=registry,
        )
        self.loop_lag = Histogram(
            "guard_loop_lag_seconds",
            "How late the event loop of a worker came to something it had been asked to do at a certain time.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self.evidence_pending = Gauge(
            "guard_evidence_pending_records",
            "Records that workers wait for, to be made durable.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.unrecorded_answers = Counter(
            "guard_unrecorded_answers",
            "Requests whose record could not be written, by what became of them: served all the same, or refused.",
            ("result",),
            registry=registry,
        )
        self.evidence_records = Counter(
            "guard_evidence_records",
            "Evidence records made durable, by kind of leaf.",
            ("kind",),
            registry=registry,
        )
        self.evidence_unrecorded = Counter(
            "guard_evidence_unrecorded",
            "Evidence records that could not be written; each is counted in a gap record when writing works again.",
            registry=registry,
        )
        self.evidence_anchors = Counter(
            "guard_evidence_anchors",
            "Questions to those outside who vouch for the log (time_stamps, witnesses): made, failed, and contradicted "
            "where a witness has seen another history.",
            ("by", "result"),
            registry=registry,
        )
        self.evidence_unanchored = Gauge(
            "guard_evidence_unanchored_seconds",
            "Since when nobody outside has vouched for the newest records; much more than anchor_minutes is an alert.",
            ("by",),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.search_guard_checks = Counter(
            "guard_search_guard_checks",
            "Comparisons of what a verified search engine and a person get: equal, different, failed, gone.",
            ("site", "result"),
            registry=registry,
        )
        self.search_guard_different = Gauge(
            "guard_search_guard_different",
            "Standing findings that search engines and people get different things; more than 0 is an alert.",
            ("site",),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.in_image = Counter(
            "guard_in_image",
            "Pictures for people and others who get them as they are: written (rights put in, private data out), "
            "unchanged (nothing to do), left_alone (can not be done rightly), failed (busy, too late, broken off).",
            ("site", "result"),
            registry=registry,
        )
        self.upstream_robots = Gauge(
            "guard_upstream_robots",
            "How the last look at the site's own robots.txt went: 1 for merged, absent, kept or alone, 0 for the "
            "others; kept and alone are alerts: it could not be used.",
            ("site", "look"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.marked = Counter(
            "guard_marked_copies",
            "Pictures for clients that may have them only under a mark: marked, preview (no copy was ready), withheld.",
            ("site", "result"),
            registry=registry,
        )
        self.packs = Counter(
            "guard_packs",
            "Pictures that were prepared for marking: built, unmarkable, failed.",
            ("result",),
            registry=registry,
        )
        self.pack_seconds = Histogram(
            "guard_pack_seconds",
            "Time to prepare one picture for marking, in a process of its own.",
            buckets=PACK_BUCKETS,
            registry=registry,
        )
        self.packs_waiting = Gauge(
            "guard_packs_waiting",
            "Pictures that wait to be prepared for marking.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.canaries = Counter(
            "guard_canary_requests",
            "Requests for canary pictures: marked (a copy under the client's mark), card (a plain picture: the client "
            "names itself a crawler, or no copy was ready).",
            ("site", "result"),
            registry=registry,
        )
        self.tickets = Counter(
            "guard_tickets",
            "Tickets for originals: given (by a page), smaller (a smaller picture for want of one), page (a picture "
            "opened by itself came in a page that gives one).",
            ("site", "result"),
            registry=registry,
        )
        self.cluster_up = Gauge(
            "guard_cluster_up",
            "Whether what several guards share answers, by part: limits, clients, index, copies. While it is 0, each "
            "guard goes on by itself.",
            ("part",),
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.cluster_failures = Counter(
            "guard_cluster_failures", "Times that it did not answer.", ("part",), registry=registry
        )
        self.cluster_seconds = Histogram(
            "guard_cluster_seconds",
            "Time that it took to answer; no visitor waits for that.",
            ("part",),
            buckets=CLUSTER_BUCKETS,
            registry=registry,
        )
        self.cluster_behind = Gauge(
            "guard_cluster_behind",
            "What is not there yet, by part: signed records (index), files that do not change any more (copies).",
            ("part",),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.requests_open = Gauge(
            "guard_requests_open",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.connections_cut = Counter(
            "guard_connections_cut",
            "Connections closed by us: no_room (it waited longest when a further one came, or came when all were being "
            "answered), slow_body, slow_reader.",
            ("why",),
            registry=registry,
        )

    def cluster_part(self, part: str) -> PartReport:
        """Return what counts one part of what several guards share; before that there is no series of it."""
        return PartReport(
            self.cluster_up.labels(part), self.cluster_failures.labels(part), self.cluster_seconds.labels(part)
        )
