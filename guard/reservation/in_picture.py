"""What does the reservation say inside a picture?

The words of the XMP properties that `guard.image.xmp` writes: constraints and terms of use in
English (which stands for every language that is not there) and German, and where a licence is
to be had. Which value of the PLUS vocabulary goes with them follows from the same four answers.
"""

from dataclasses import dataclass

from guard.reservation.statement import Statement

Words = tuple[tuple[str, str], ...]
"""Pairs of language and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWords:
    """What is said; each empty where there is nothing to say."""

    constraints: Words
    usage_terms: Words
    web_statement: str
    licensor_name: str
    licensor_url: str
    licensor_email: str
    creator: str
    credit: str
    notice: str


def words(statement: Statement) -> PictureWords:
    """Return the words for `statement`, which is that of one path (`Statement.at`)."""
    # Inside a picture a path has no host that it could belong to.
    terms = statement.policy_url if statement.policy_url.startswith("http") else ""
    contact = statement.contact
    is_address = "@" in contact and " " not in contact and "/" not in contact
    return PictureWords(
        constraints=_constraints(statement, terms),
        usage_terms=_usage_terms(contact, terms),
        web_statement=terms,
        licensor_name=statement.holder,
        licensor_url=statement.licensor or (contact if contact.startswith("https://") else ""),
        licensor_email=contact if is_address else "",
        creator=statement.creator_name,
        credit=statement.credit_line,
        notice=statement.copyright_notice,
    )


def _constraints(statement: Statement, terms: str) -> Words:
    if not statement.anything_reserved:
        return ()
    answers = (statement.train, statement.ai_use, statement.search, statement.tdm)
    english = (
        "training of generative models",
        "use as input to generative models",
        "indexing by search engines",
        "other text and data mining",
    )
    german = (
        "Training generativer Modelle",
        "Verwendung als Eingabe generativer Modelle",
        "Aufnahme in Suchmaschinen",
        "sonstiges Text und Data Mining",
    )
    return (
        (
            "x-default",
            "Rights reserved under Article 4(3) of Directive (EU) 2019/790 and section 44b(3) of the German Copyright "
            f"Act (UrhG). {_split(english, answers, 'Reserved', 'Permitted')}" + (f" Terms: {terms}" if terms else ""),
        ),
        (
            "de",
            "Nutzungsvorbehalt nach Artikel 4 Absatz 3 der Richtlinie (EU) 2019/790 und § 44b Absatz 3 UrhG. "
            f"{_split(german, answers, 'Vorbehalten', 'Erlaubt')}" + (f" Bedingungen: {terms}" if terms else ""),
        ),
    )


def _split(uses: tuple[str, ...], answers: tuple[bool, ...], reserved: str, permitted: str) -> str:
    """Return two sentences, the second only where anything is permitted."""
    no, yes = ([use for use, answer in zip(uses, answers, strict=True) if answer is wanted] for wanted in (False, True))
    return f"{reserved}: {', '.join(no)}." + (f" {permitted}: {', '.join(yes)}." if yes else "")


def _usage_terms(contact: str, terms: str) -> Words:
    if not contact and not terms:
        return ()
    english = "; ".join(filter(None, (f"ask {contact}" if contact else "", f"terms at {terms}" if terms else "")))
    german = "; ".join(
        filter(None, (f"Anfragen an {contact}" if contact else "", f"Bedingungen unter {terms}" if terms else ""))
    )
    return ("x-default", f"For a licence: {english}"), ("de", f"Lizenzen: {german}")
