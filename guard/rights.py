"""What does the configuration state about rights?

`Rights` is what the owner wrote; a `Statement` is what crawlers are told. This is the one way
from the first to the second, for the server and for every command.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from guard.errors import ConfigurationError, Fault
from guard.reservation.offer import PURPOSES, Offer
from guard.reservation.statement import MAX_TERMS, QUESTIONS, Override, Statement
from guard.settings import Settings
from guard.settings_rights import Rights

_NOBODY = Rights.model_fields["holder"].default


def statement_of(rights: Rights, base_url: str = "", terms_text: tuple[tuple[str, str], ...] = ()) -> Statement:
    """Return what `rights` says to crawlers of the site at `base_url` (scheme and host; empty where not known).

    `terms_text` is what `read_terms` returned.

    Raises:
        ConfigurationError: `base_url` is none; everything else was checked when the settings were made.
    """
    return Statement(
        # The default is a phrase for people, not a name: in documents nobody is called so.
        holder="" if rights.holder == _NOBODY else rights.holder,
        contact=rights.contact,
        base_url=base_url,
        terms_url=rights.terms,
        terms_text=terms_text,
        licensor=rights.licensor,
        creator=rights.creator,
        credit=rights.credit,
        copyright=rights.copyright,
        train=rights.train,
        ai_use=rights.ai_use,
        search=rights.search,
        tdm=rights.tdm,
        paths=tuple(
            Override(
                path=one.path,
                **{
                    name: getattr(rights, name) if getattr(one, name) is None else getattr(one, name)
                    for name in QUESTIONS
                },
            )
            for one in rights.paths
        ),
        offers=tuple(
            Offer(purpose=purpose, **{name: value or "" for name, value in offer})
            for purpose in PURPOSES
            if (offer := getattr(rights.offer, purpose)) is not None
        ),
    )


def read_terms(rights: Rights) -> tuple[tuple[str, str], ...]:
    """Return the owner's own words for the terms page, as (language, text).

    Raises:
        ConfigurationError: A file can not be read, is empty or too long, or is not UTF-8; all faults at once.
    """
    found: list[tuple[str, str]] = []
    faults: list[Fault] = []
    for language, file in _terms_files(rights):
        try:
            text = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            faults.append(_fault(file, language, "is not UTF-8; save it so"))
            continue
        except OSError as error:
            faults.append(_fault(file, language, f"can not be read: {(error.strerror or str(error)).lower()}"))
            continue
        if not text.strip():
            faults.append(_fault(file, language, "is empty; take it out of terms_file to have the template"))
        elif len(text) > MAX_TERMS:
            faults.append(_fault(file, language, f"has {len(text)} characters; at most {MAX_TERMS} are shown"))
        found.append((language, text))
    if faults:
        raise ConfigurationError(tuple(faults))
    return tuple(found)


def stated_since(config: Path, settings: Settings) -> date:
    """Return the day since which the statement holds: when the configuration or a terms file was last written."""
    files = {file for site in settings.sites for _, file in _terms_files(settings.rights_of(site))}
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in (config, *files)), UTC).date()


def _terms_files(rights: Rights) -> tuple[tuple[str, Path], ...]:
    return tuple((language, file) for language, file in rights.terms_file if file is not None)


def _fault(file: Path, language: str, message: str) -> Fault:
    return Fault(file=str(file), line=0, column=0, where=f"rights.terms_file.{language}", message=message)
