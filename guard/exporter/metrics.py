"""What does an operator see in Prometheus?

Every label comes from a closed set: the configured sites, the catalogue and the enums of
the decision core; never a path, an address or a user agent. Worker processes write to
memory-mapped files; the admin listener, in another process, collects them, so that a
scrape never makes a visitor wait.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, multiprocess
from prometheus_client.exposition import choose_encoder

DECISION_BUCKETS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3)
UPSTREAM_BUCKETS = (1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counters of one worker process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter(
            "guard_requests",
            "Requests that were decided; requests for our own reservation documents are counted elsewhere.",
            ("site", "purpose", "action", "kind"),
            registry=registry,
        )
        self.crawler_requests = Counter(
            "guard_crawler_requests",
            "Requests of crawlers that name themselves; those the catalogue does not know have crawler=other.",
            ("site", "crawler", "operator", "identity", "action"),
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
            "Pictures for clients that may have them only under a mark: marked, or preview where no copy was ready.",
            ("site", "result"),
            registry=registry,
        )
        self.packs = Counter(
            "guard_packs",
            "Pictures that were prepared for marking: built, unmarkable, failed.",
            ("result",),
            registry=registry,
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
        self.requests_open = Gauge(
            "guard_requests_open",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )


def expose(directory: str, accept: str) -> tuple[bytes, str]:
    """Return the metrics of all workers, which wrote to `directory`, and their content type."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


def forget_process(directory: str, pid: int) -> None:
    """Drop the gauges of a worker that has ended."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
