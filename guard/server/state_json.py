"""What does `/status` of the admin listener say?

For `guard status`, and for tables in Grafana (its Infinity data source reads JSON): which crawlers came
today, which pictures and albums they asked for most. That is no matter for Prometheus, where every
path would be a series.
"""

from datetime import UTC, datetime
from typing import Any

from guard.core.day_book import DayBook, Picture
from guard.server.own_metrics import coverage
from guard.server.state import State

SHOWN = 50


def state_json(state: State) -> dict[str, Any]:
    """Return the state as what JSON can hold; times in RFC 3339, UTC, or null."""
    evidence = state.evidence
    return {
        "version": state.version,
        "at": _time(state.now),
        "started": _time(state.started),
        "url": state.url,
        "sites": [{"host": site, "pictures": state.pictures.get(site, 0)} for site in state.sites],
        "workers": {"ready": state.workers_ready, "wanted": state.workers, "restarts": dict(state.restarts)},
        "configuration": {
            "loaded": _time(state.outcome.loaded_at),
            "read": _time(state.outcome.at),
            "successful": state.outcome.successful,
            "said": list(state.outcome.said),
        },
        "policy": {"name": state.policy, "digest": state.policy_digest},
        "paused_until": _time(state.paused_until) if state.paused else None,
        "learning_until": _time(state.learning_until) if state.learning_until > state.now else None,
        "rules": {
            "checked": state.rules_checked.isoformat(),
            "lists": {name: at.isoformat() if at else None for name, at in sorted(state.lists.items())},
        },
        "evidence": None if evidence is None else {**evidence, "checkpoint_at": _time(state.checkpoint_at)},
        "disk": {"free": state.disk.free, "size": state.disk.size},
        "today": _book(state.today),
        "month": {
            **_book(state.month),
            "coverage": [
                {"site": site, "crawler": crawler, "operator": operator, "purpose": purpose, "share": round(share, 4)}
                for (site, crawler, operator, purpose), share in coverage(state.month, state.pictures)[:SHOWN]
            ],
        },
    }


def _book(book: DayBook) -> dict[str, Any]:
    return {
        "people": book.people,
        "undeclared": book.undeclared,
        "undeclared_refused": book.undeclared_refused,
        "crawlers": [
            {
                "site": row.site, "name": row.name, "crawler": row.crawler, "operator": row.operator,
                "purpose": row.purpose, "requests": row.requests, "verified": row.verified,
                "impostor": row.impostor, "refused": row.refused, "robots": row.robots, "breaches": row.breaches,
                "asked": row.asked, "full": row.full, "marked": row.marked, "smaller": row.smaller,
                "bytes": row.bytes, "withheld": row.withheld, "different": row.taken.count(),
            }
            for row in book.rows[:SHOWN]
        ],
        "pictures": [_picture(*one) for one in book.pictures(SHOWN)],
        "albums": [_picture(*one) for one in book.albums(SHOWN)],
    }  # fmt: skip


def _picture(site: str, path: str, counts: Picture) -> dict[str, Any]:
    return {"site": site, "path": path, "asked": counts.asked, "given": counts.given}


def _time(at: float) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
