"""Series stay few whoever comes."""

from prometheus_client import CollectorRegistry, Counter

from guard.exporter.metrics import BoundedCounter


def test_what_is_too_much_is_counted_under_other_and_told():
    """What was there first goes on being counted by name."""
    registry = CollectorRegistry()
    dropped = Counter("guard_metric_series_dropped", "Dropped.", ("metric",), registry=registry)
    bounded = BoundedCounter(Counter("guard_x", "X.", ("site", "crawler"), registry=registry), 2, dropped, most=2)

    for crawler in ("a", "b", "c", "d", "a"):
        bounded.labels("s", crawler).inc()

    def value(crawler: str, site: str = "s") -> float | None:
        return registry.get_sample_value("guard_x_total", {"site": site, "crawler": crawler})

    assert (value("a"), value("b"), value("c"), value("other", "other")) == (2, 1, None, 2)
    assert registry.get_sample_value("guard_metric_series_dropped_total", {"metric": "guard_x_total"}) == 2
