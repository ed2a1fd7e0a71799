"""What is to be done to a picture of a site, by its settings and its statement?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from guard.core.facts import RequestFacts
from guard.errors import ConfigurationError, Fault, UsageError
from guard.image.data_mining import permitted
from guard.image.rights_jobs import RightsJob
from guard.image.xmp import RightsPacket
from guard.reservation.in_picture import words
from guard.reservation.statement import Statement
from guard.server.site import MAX_HOSTS
from guard.settings import Settings, Site
from guard.settings_pictures import SiteInImage
from guard.settings_rights import Rights
from guard.store.picture_keys import read

PictureJobs = Callable[[RequestFacts], RightsJob]


def packet(statement: Statement) -> RightsPacket:
    """Return what a picture shall say by the statement for its path."""
    if statement.holder == Rights.model_fields["holder"].default:
        # "The author of this site" is nobody's name.
        statement = replace(statement, holder="")
    said = words(statement)
    return RightsPacket(
        permitted=permitted(
            train=statement.train, ai_use=statement.ai_use, search=statement.search, tdm=statement.tdm
        ),
        constraints=said.constraints,
        web_statement=said.web_statement,
        usage_terms=said.usage_terms,
        licensor_name=said.licensor_name,
        licensor_url=said.licensor_url,
        licensor_email=said.licensor_email,
        creator=said.creator,
        credit=said.credit,
        notice=said.notice,
    )  # fmt: skip


def signing_folder(settings: Settings) -> Path | None:
    """Return the folder of the certificate; None where no picture is signed.

    Raises:
        ConfigurationError: There is no certificate in it.
    """
    if not any(settings.in_image_of(site).c2pa for site in settings.sites):
        return None
    folder = settings.in_image.certificate or settings.evidence.directory / "guard" / "c2pa"
    try:
        read(folder)
    except UsageError as error:
        raise ConfigurationError(
            (Fault(file="in_image", line=0, column=0, where="in_image.certificate", message=str(error)),)
        ) from None
    return folder


def picture_jobs(site: Site, settings: SiteInImage, statement: Callable[[str], Statement]) -> PictureJobs | None:
    """Return what says for each request what is done to its picture; None where pictures pass through as they are.

    Args:
        statement: Makes the site's statement for a base URL; ConfigurationError where that is none.
    """
    if not settings.does_anything:
        return None
    made: dict[tuple[str, str], RightsJob] = {}
    statements: dict[str, Statement] = {}

    def stated(facts: RequestFacts) -> tuple[str, Statement]:
        base = site.base_url or (f"{facts.scheme}://{facts.authority}" if facts.authority else "")
        if base not in statements:
            try:
                if len(statements) >= MAX_HOSTS:
                    base = ""
                statements[base] = statement(base)
            except ConfigurationError:
                base = site.base_url
                statements[base] = statement(base)
        return base, statements[base]

    def job(facts: RequestFacts) -> RightsJob:
        base, whole = stated(facts)
        path = next((one.path for one in whole.paths if facts.path.startswith(one.path)), "")
        if (found := made.get((base, path))) is None:
            # A manifest says what is permitted as well, so the packet goes with it.
            says = settings.rights or settings.c2pa
            found = made[base, path] = RightsJob(
                rights=packet(whole.at(facts.path)) if says else None,
                strip=settings.privacy == "strip",
                sign=settings.c2pa,
            )
        return found

    return job
