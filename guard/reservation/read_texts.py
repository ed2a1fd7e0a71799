"""What do ai.txt and trust.txt say?

Spawning's ai.txt (2023-05-30) has robots.txt lines whose paths are media types; its one question
is training. Other drafts use the same name with another grammar, and a site that answers every
address with its front page has it "too": what has no rule is not read as one.

trust.txt (JournalList, 2024-04-04) has `name=value` lines, of which `datatrainingallowed` is
`yes` or `no`.
"""

from guard.reservation.read_robots import looks_like_markup, read_robots
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading

IMAGE_ENDINGS = ("jpg", "jpeg", "png", "webp", "avif")
"""What pictures of a photographer end in."""


def read_ai_txt(body: bytes, where: str) -> Reading:
    """Read /ai.txt: whether pictures are kept out of data sets."""
    if looks_like_markup(body):
        return _dropped(Carrier.AI_TXT, where, "path-is-html")
    groups = read_robots(body, where).for_token("*")
    rules = [(allow, pattern.lower()) for group in groups for allow, pattern, _ in group.rules if pattern]
    if not rules:
        return _dropped(Carrier.AI_TXT, where, "ai-txt-no-rules")
    kept = [ending for ending in IMAGE_ENDINGS if _kept_out(rules, ending)]
    left = [ending for ending in IMAGE_ENDINGS if ending not in kept]
    answer = Answer.RESERVED if not left else Answer.SOME if kept else Answer.PERMITTED
    flaws = (Flaw(id="ai-txt-some-types", where=where, detail=", ".join(left)),) if kept and left else ()
    return Reading(
        carrier=Carrier.AI_TXT, where=where, answers={Question.TRAIN: answer}, flaws=flaws, value=f"{len(rules)} rules"
    )


def _kept_out(rules: list[tuple[bool, str]], ending: str) -> bool:
    named = [allow for allow, pattern in rules if pattern.removeprefix("/") in {f"*.{ending}", f"*.{ending}$"}]
    general = [allow for allow, pattern in rules if pattern in {"/", "*", "/*"}]
    return bool(named or general) and not any(named or general)


def read_trust_txt(body: bytes, where: str) -> Reading | None:
    """Read trust.txt; None where it does not speak of training."""
    if looks_like_markup(body):
        return _dropped(Carrier.TRUST_TXT, where, "path-is-html")
    for line in body.decode("utf-8-sig", "replace").splitlines():
        name, _, value = line.partition("#")[0].partition("=")
        if name.strip().lower() != "datatrainingallowed":
            continue
        said = {"no": Answer.RESERVED, "yes": Answer.PERMITTED}.get(value.strip().lower())
        if said is None:
            return _dropped(Carrier.TRUST_TXT, where, "trust-txt-value", line.strip())
        return Reading(carrier=Carrier.TRUST_TXT, where=where, answers={Question.TRAIN: said}, value=line.strip())
    return None


def _dropped(carrier: Carrier, where: str, flaw: str, detail: str = "") -> Reading:
    return Reading(
        carrier=carrier, where=where, flaws=(Flaw(id=flaw, where=where, detail=detail),), readable=False, value=detail
    )
