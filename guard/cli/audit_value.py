"""What is an audit as JSON? The keys are documented in the command's help."""

from collections.abc import Mapping
from typing import Any

from guard.cli.audit_snippets import snippet
from guard.cli.audit_words import Words, numbers_of, summary, verdict
from guard.exporter.site_fetch import USER_AGENTS
from guard.reservation.audit import Audit, Finding, Row
from guard.reservation.audit_flaws import Severity
from guard.reservation.reading import Answer, Question


def as_value(result: Audit, words: Words) -> dict[str, Any]:
    """Return everything that was found."""
    return {
        "url": result.site.start,
        "final_url": result.site.page.url,
        "ok": not result.of(Severity.FAULT),
        "summary": summary(result, words),
        "verdict": "unreachable" if result.unreachable else verdict(result),
        "answers": _answers(result.careful),
        "carriers": [_row_value(row, result, words) for row in result.rows],
        "contradictions": [
            {
                "question": one.question,
                "reserved": [{"carrier": carrier, "where": where} for carrier, where in one.reserved],
                "permitted": [{"carrier": carrier, "where": where} for carrier, where in one.permitted],
            }
            for one in result.contradictions
        ],
        "findings": [_finding_value(number, one, result, words) for number, one in enumerate(result.findings, 1)],
        "crawlers": {
            "kept_out": result.crawlers.kept_out,
            "let_in": result.crawlers.let_in,
            "unnamed_kept_out": result.crawlers.others_kept_out,
        },
        "notes": words.notes,
        "asked": {
            "user_agent": USER_AGENTS[result.site.asker],
            "requests": result.site.requests,
            "bytes": result.site.bytes,
            "pictures": [one.reply.url for one in result.site.pictures],
        },
    }


def _answers(answers: Mapping[Question, Answer]) -> dict[str, str | None]:
    return {str(question): answers.get(question) for question in Question}


def _row_value(row: Row, result: Audit, words: Words) -> dict[str, Any]:
    return {
        "id": row.carrier,
        "name": words.carriers[row.carrier],
        "found": row.found,
        "valid": row.valid if row.found else None,
        "answers": _answers(row.answers),
        "read": [{"where": one.where, "value": _clean(one.value)} for one in row.readings],
        "findings": numbers_of(result).get(row.carrier, []),
    }


def _finding_value(number: int, finding: Finding, result: Audit, words: Words) -> dict[str, Any]:
    means, mends = words.flaws[finding.id]
    return {
        "number": number,
        "id": finding.id,
        "severity": finding.severity,
        "carriers": finding.carriers,
        "where": finding.where,
        "details": [_clean(one) for one in finding.details],
        "means": means,
        "fix": mends,
        "snippet": snippet(finding.id, result.site.origin, result.let_in_first),
    }


def _clean(text: str) -> str:
    # JSON can not hold half of a surrogate pair, which a stranger's JSON can spell out.
    return text.encode("utf-8", "replace").decode("utf-8")
