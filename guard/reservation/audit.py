"""What does a crawler that reads everything learn from a site, and what would one miss?

All carriers are read and put side by side: of several answers to one question the strictest
counts (draft-ietf-aipref-vocab-08, section 5.1), and where one carrier reserves what another
permits, both are named. What a carrier says that readers drop counts for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from guard.reservation.audit_flaws import FLAWS, Severity
from guard.reservation.audit_replies import document_readings, picture_readings, reply_flaws
from guard.reservation.read_robots import RobotsFile
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading
from guard.reservation.robots import AI_USE, TRAIN
from guard.reservation.site import Site

PROSE = frozenset({Carrier.TERMS})
"""Disputed as the only reservation."""
IN_PICTURES = frozenset(
    {Carrier.XMP_MINING, Carrier.XMP_RIGHTS, Carrier.C2PA, Carrier.NOAI_HEADER, Carrier.NOARCHIVE, Carrier.REFUSAL}
)
"""What is missed only where a picture was read."""
IN_PAGES = frozenset({Carrier.TDM_META, Carrier.NOAI_META, Carrier.JSON_LD, Carrier.TERMS})
SEARCH_ENGINES = ("Googlebot", "bingbot")
NAMED_FIRST = ("GPTBot", "ClaudeBot", "CCBot", "Google-Extended", "Applebot-Extended", "meta-externalagent",
               "Bytespider", "Amazonbot")  # fmt: skip
"""Crawlers for training that are named first where not all can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One flaw, with all places where it was found."""

    id: str
    severity: Severity
    worth: int
    carriers: tuple[Carrier, ...]
    """Which it concerns; none if all."""
    where: tuple[str, ...]
    details: tuple[str, ...]
    """From the site, each once; a stranger's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One carrier."""

    carrier: Carrier
    found: bool
    valid: bool
    """Whether readers understand it everywhere; meaningless where it was not found."""
    answers: Mapping[Question, Answer]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Carriers that disagree about one question: (carrier, where) each."""

    question: Question
    reserved: tuple[tuple[Carrier, str], ...]
    permitted: tuple[tuple[Carrier, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawlers:
    """Who of the catalogue's AI crawlers may fetch the pictures, by the rules of robots.txt."""

    kept_out: tuple[str, ...] = ()
    let_in: tuple[str, ...] = ()
    others_kept_out: bool = False
    """Whether a crawler that no group names is kept out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was learnt."""

    site: Site
    rows: tuple[Row, ...]
    contradictions: tuple[Contradiction, ...] = ()
    findings: tuple[Finding, ...] = ()
    """By severity, then by worth."""
    careful: Mapping[Question, Answer] = field(default_factory=dict)
    """What a crawler that reads every carrier may not do."""
    crawlers: Crawlers = field(default_factory=Crawlers)

    @property
    def found(self) -> tuple[Row, ...]:
        """Return the carriers that are there."""
        return tuple(row for row in self.rows if row.found)

    @property
    def broken(self) -> tuple[Row, ...]:
        """Return the carriers that are there, and misread."""
        return tuple(row for row in self.rows if row.found and not row.valid)

    @property
    def unreachable(self) -> bool:
        """Whether nothing at all came from the site."""
        return bool(self.site.page.failure) and not self.site.documents

    @property
    def let_in_first(self) -> tuple[str, ...]:
        """Return the best known crawlers for training that robots.txt lets in."""
        return tuple(token for token in NAMED_FIRST if token in self.crawlers.let_in)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(one for one in self.findings if one.severity is severity)


def audit(site: Site, crawlers: Sequence[tuple[str, str]]) -> Audit:
    """Judge what was fetched; `crawlers` is the whole catalogue, (token, purpose) each."""
    if site.page.failure and not site.documents:
        flaw = Flaw(id=f"unreachable-{site.page.failure}", where=site.page.url)
        rows = tuple(Row(carrier=one, found=False, valid=True, answers={}, readings=()) for one in Carrier)
        return Audit(site=site, rows=rows, findings=_findings([(None, flaw)]))
    readings, file = document_readings(site)
    readings += picture_readings(site)
    known = _who_is_let_in(site, file, crawlers)
    if rules := _robots_reading(site, file, known, crawlers):
        readings.insert(0, rules)
    rows = tuple(_row(carrier, [one for one in readings if one.carrier is carrier]) for carrier in Carrier)
    careful = _combined(readings)
    contradictions = tuple(_contradictions(readings))
    flaws: list[tuple[Carrier | None, Flaw]] = [(one.carrier, flaw) for one in readings for flaw in one.flaws]
    if file is not None:
        flaws += [(Carrier.ROBOTS, flaw) for flaw in file.flaws]
    flaws += reply_flaws(site, careful)
    flaws += [(None, Flaw(id="contradiction", where=site.origin, detail=one.question)) for one in contradictions]
    flaws += _gaps(site, rows, known, careful)
    unread = {carrier for carrier, flaw in flaws if flaw.id.endswith(("-unreachable", "-status"))}
    flaws = [one for one in flaws if not (one[0] in unread and one[1].id.startswith("missing-"))]
    meant = _meant_to_be_free(readings, careful)
    flaws = [one for one in flaws if one[1].id not in meant]
    broken = {carrier for carrier, flaw in flaws if carrier and FLAWS[flaw.id][0] is Severity.FAULT}
    return Audit(
        site=site,
        rows=tuple(
            Row(
                carrier=row.carrier,
                found=row.found,
                valid=row.carrier not in broken and all(one.readable for one in row.readings),
                answers=row.answers,
                readings=row.readings,
            )
            for row in rows
        ),
        contradictions=contradictions,
        findings=_findings(flaws),
        careful=careful,
        crawlers=known,
    )


def _row(carrier: Carrier, readings: list[Reading]) -> Row:
    # A front page at the address of a document is none, and terms that only speak of mining are no reservation.
    none = {"path-is-html", "terms-no-reservation"}
    there = [one for one in readings if not none & {flaw.id for flaw in one.flaws}]
    return Row(carrier=carrier, found=bool(there), valid=True, answers=_combined(there), readings=tuple(there))


def _combined(readings: Iterable[Reading]) -> dict[Question, Answer]:
    said: dict[Question, list[Answer]] = {}
    for one in readings:
        for question, answer in one.answers.items():
            said.setdefault(question, []).append(answer)
    return {question: min(said[question], key=list(Answer).index) for question in Question if question in said}


def _contradictions(readings: Sequence[Reading]) -> Iterable[Contradiction]:
    for question in Question:
        sides: dict[Answer, dict[tuple[Carrier, str], None]] = {}
        for one in readings:
            if question in one.answers and question not in one.implied:
                sides.setdefault(one.answers[question], {})[(one.carrier, one.where)] = None
        if Answer.RESERVED in sides and Answer.PERMITTED in sides:
            yield Contradiction(
                question=question, reserved=tuple(sides[Answer.RESERVED]), permitted=tuple(sides[Answer.PERMITTED])
            )


def _meant_to_be_free(readings: Sequence[Reading], careful: Mapping[Question, Answer]) -> frozenset[str]:
    """Return the flaws that are none where other carriers permit the same."""
    said = [
        (question, answer)
        for one in readings
        if one.carrier is not Carrier.RSL
        for question, answer in one.answers.items()
        if question not in one.implied
    ]
    reserved = {question for question, answer in said if answer is not Answer.PERMITTED}
    others = {question for question, answer in said if answer is Answer.PERMITTED} - reserved
    given = {
        question
        for one in readings
        if one.carrier is Carrier.RSL
        for question, answer in one.answers.items()
        if answer is Answer.PERMITTED and question in {Question.TRAIN, Question.AI_USE}
    }
    free = {"rsl-free"} if given <= others else set()
    return frozenset(free | ({"terms-no-reservation"} if careful.get(Question.TRAIN) is Answer.PERMITTED else set()))


def _path(site: Site) -> str:
    """Return the path that crawlers want: a picture's, else the page's."""
    url = next((one.reply.url for one in site.pictures if one.own_host), site.page.url)
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def _who_is_let_in(site: Site, file: RobotsFile | None, crawlers: Sequence[tuple[str, str]]) -> Crawlers:
    path = _path(site)
    tokens = sorted({token for token, purpose in crawlers if purpose in TRAIN | AI_USE and " " not in token})
    if file is None:
        return Crawlers(let_in=tuple(tokens))
    others = file.allows("*", path)
    named = {token for group in file.groups for token in group.tokens}
    may = {token: file.allows(token, path) if token.lower() in named else others for token in tokens}
    return Crawlers(
        kept_out=tuple(token for token in tokens if not may[token]),
        let_in=tuple(token for token in tokens if may[token]),
        others_kept_out=not others,
    )


def _robots_reading(
    site: Site, file: RobotsFile | None, known: Crawlers, crawlers: Sequence[tuple[str, str]]
) -> Reading | None:
    """Return what the rules say. Letting a crawler in is no permission, so they only ever reserve."""
    if file is None:
        return None
    answers: dict[Question, Answer] = {}
    for question, purposes in ((Question.TRAIN, TRAIN), (Question.AI_USE, AI_USE)):
        if known.others_kept_out:
            answers[question] = Answer.RESERVED
        elif {token for token, purpose in crawlers if purpose in purposes} & set(known.kept_out):
            answers[question] = Answer.SOME
    if not any(file.allows(token, _path(site)) for token in SEARCH_ENGINES):
        answers[Question.SEARCH] = Answer.RESERVED
    if not answers:
        return None
    return Reading(carrier=Carrier.ROBOTS, where=file.where, answers=answers, value=f"{len(known.kept_out)} kept out")


def _gaps(
    site: Site, rows: Sequence[Row], known: Crawlers, careful: Mapping[Question, Answer]
) -> Iterable[tuple[Carrier | None, Flaw]]:
    """Yield what is missing: carriers, and crawlers that robots.txt lets in."""
    by_training = {row.carrier for row in rows if row.answers.get(Question.TRAIN) is Answer.RESERVED}
    some = careful.get(Question.TRAIN) is Answer.SOME
    if Question.TRAIN not in careful:
        yield None, Flaw(id="nothing-reserved", where=site.origin)
    elif some:
        yield Carrier.ROBOTS, Flaw(id="robots-names-some", where=f"{site.origin}/robots.txt")
    elif by_training and by_training <= PROSE:
        yield Carrier.TERMS, Flaw(id="prose-only", where=site.origin)
    if careful.get(Question.TRAIN) is Answer.PERMITTED:
        return  # the owner wants it so; nothing is missing
    let_in = [token for token in NAMED_FIRST if token in known.let_in]
    if let_in and known.kept_out:
        yield Carrier.ROBOTS, Flaw(id="robots-lets-in", where=f"{site.origin}/robots.txt", detail=", ".join(let_in))
    for row in rows:
        if row.found or (row.carrier is Carrier.REFUSAL and not any(one.as_crawler for one in site.pictures)):
            continue
        unread = (
            IN_PICTURES if not any(one.reply.ok for one in site.pictures) else IN_PAGES if _is_picture(site) else ()
        )
        if row.carrier in unread:
            continue
        yield row.carrier, Flaw(id=f"missing-{row.carrier}", where=site.origin)


def _is_picture(site: Site) -> bool:
    return site.page.media_type.startswith("image/")


def _findings(flaws: Iterable[tuple[Carrier | None, Flaw]]) -> tuple[Finding, ...]:
    """Put flaws of one kind together, the worst first."""
    grouped: dict[str, list[tuple[Carrier | None, Flaw]]] = {}
    for carrier, flaw in flaws:
        grouped.setdefault(flaw.id, []).append((carrier, flaw))
    found = [
        Finding(
            id=name,
            severity=FLAWS[name][0],
            worth=FLAWS[name][1],
            carriers=tuple(dict.fromkeys(carrier for carrier, _ in members if carrier)),
            where=tuple(dict.fromkeys(flaw.where for _, flaw in members)),
            details=tuple(dict.fromkeys(flaw.detail for _, flaw in members if flaw.detail)),
        )
        for name, members in grouped.items()
    ]
    return tuple(sorted(found, key=lambda one: (list(Severity).index(one.severity), -one.worth)))
