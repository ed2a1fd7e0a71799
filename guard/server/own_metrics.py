"""What does the supervisor itself tell Prometheus?

What belongs to the guard as a whole and not to one worker: what runs, since when, by which rules; the
log, its disk, and how much of each site's portfolio every crawler has taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from guard.core.day_book import DayBook
from guard.core.distinct import Distinct
from guard.server.state import State

_EVIDENCE = {
    "records": ("guard_evidence_log_records", "Records in the log, all that were ever written."),
    "signed": ("guard_evidence_signed_records", "Records under the newest checkpoint."),
    "checkpoints": ("guard_evidence_checkpoints", "Checkpoints that were ever signed."),
    "bytes": ("guard_evidence_log_bytes", "Length of all segments of the log."),
    "queued": ("guard_evidence_queued_records", "Records that wait in the recorder for the disk."),
    "last_sync_seconds": ("guard_evidence_sync_seconds", "What the last sync to disk took."),
}
MOST_COVERAGE = 300
"""Series, over all sites: crawlers that took most come first."""


def own_metrics(state: State) -> Iterator[Metric]:
    """Return everything, as Prometheus takes it."""
    yield _gauge("guard_build_info", "What runs.", [({"version": state.version}, 1)])
    yield _gauge("guard_start_time_seconds", "When the guard was started, Unix time.", [({}, state.started)])
    yield _gauge(
        "guard_workers",
        "Processes that serve, by whether they are ready.",
        [({"state": "ready"}, state.workers_ready), ({"state": "starting"}, state.workers - state.workers_ready)],
    )
    restarts = CounterMetricFamily(
        "guard_process_restarts", "Processes that ended by themselves and were started again.", labels=["process"]
    )
    for process, number in sorted(state.restarts.items()):
        restarts.add_metric([process], number)
    yield restarts
    yield _gauge(
        "guard_config_last_reload_successful",
        "Whether the configuration that was read last is in force: 1, or 0 where it had faults.",
        [({}, int(state.outcome.successful))],
    )
    yield _gauge(
        "guard_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read, Unix time.",
        [({}, state.outcome.loaded_at)],
    )
    yield _gauge(
        "guard_policy_info",
        "The policy in force and the first characters of the digest of all its rules.",
        [({"policy": state.policy, "digest": state.policy_digest[:12]}, 1)],
    )
    yield _gauge("guard_paused", "Whether the owner has stopped everything for a while.", [({}, int(state.paused))])
    yield _gauge(
        "guard_learning",
        "Whether nobody is refused for behaviour yet.",
        [({}, int(state.learning_until > state.now))],
    )
    checked = datetime.combine(state.rules_checked, time(), UTC).timestamp()
    yield _gauge(
        "guard_rules_checked_timestamp_seconds",
        "When the catalogue of crawlers was last held against what operators publish, Unix time.",
        [({}, checked)],
    )
    yield _gauge(
        "guard_address_list_fetched_timestamp_seconds",
        "When a list of addresses was read at its source, Unix time; one that is a month old refutes no claim.",
        [({"list": name}, at.timestamp()) for name, at in sorted(state.lists.items()) if at is not None],
    )
    yield from _evidence(state)
    yield _gauge(
        "guard_portfolio_pictures",
        "About how many different pictures a site has served, by sketches that are off by some 5 %.",
        [({"site": site}, number) for site, number in sorted(state.pictures.items())],
    )
    yield _gauge(
        "guard_portfolio_coverage_ratio",
        "Share of those that a crawler was given in full in the last thirty days.",
        [
            ({"site": site, "crawler": crawler, "operator": operator, "purpose": purpose}, ratio)
            for (site, crawler, operator, purpose), ratio in coverage(state.month, state.pictures)
        ],
    )


def coverage(month: DayBook, pictures: Mapping[str, int]) -> list[tuple[tuple[str, str, str, str], float]]:
    """Return for site, crawler, operator and purpose which share of the site's pictures was taken, largest first.

    Clients that name nobody and behave like programs are one together, over all sites where there are several.
    """
    taken: dict[tuple[str, str, str, str], Distinct] = {}
    for row in month.rows:
        if row.full or row.marked:
            key = (row.site, row.crawler or "other", row.operator or "other", row.purpose)
            taken.setdefault(key, Distinct()).join(row.taken)
    all_pictures = sum(pictures.values())
    if all_pictures and (undeclared := month.undeclared_taken.count()):
        site = next(iter(pictures)) if len(pictures) == 1 else "all"
        shares = [((site, "undeclared", "undeclared", "undeclared"), min(1.0, undeclared / all_pictures))]
    else:
        shares = []
    shares += [(key, min(1.0, one.count() / pictures[key[0]])) for key, one in taken.items() if pictures.get(key[0])]
    return sorted(shares, key=lambda one: (-one[1], one[0]))[:MOST_COVERAGE]


def _evidence(state: State) -> Iterator[Metric]:
    numbers = state.evidence
    yield _gauge("guard_evidence_up", "Whether the recorder answers.", [({}, int(numbers is not None))])
    failing = numbers is None or bool(numbers.get("failing"))
    yield _gauge("guard_evidence_failing", "Whether records can not be written or signed now.", [({}, int(failing))])
    for key, (name, text) in _EVIDENCE.items():
        value = (numbers or {}).get(key)
        if isinstance(value, int | float):
            yield _gauge(name, text, [({}, value)])
    gaps = CounterMetricFamily(
        "guard_evidence_gaps",
        "Records that the recorder could not write because the disk did not work.",
        value=float((numbers or {}).get("gaps", 0)),
    )
    yield gaps
    yield _gauge(
        "guard_evidence_checkpoint_timestamp_seconds",
        "When the newest checkpoint was written, Unix time.",
        [({}, state.checkpoint_at)],
    )
    yield _gauge("guard_evidence_disk_free_bytes", "What may still be written beside the log.", [({}, state.disk.free)])
    yield _gauge("guard_evidence_disk_bytes", "Size of the file system of the log.", [({}, state.disk.size)])


def _gauge(name: str, text: str, rows: Iterable[tuple[dict[str, str], float]]) -> GaugeMetricFamily:
    rows = list(rows)
    family = GaugeMetricFamily(name, text, labels=list(rows[0][0]) if rows else [])
    for labels, value in rows:
        family.add_metric(list(labels.values()), value)
    return family
