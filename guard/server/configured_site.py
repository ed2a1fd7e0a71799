"""How does what the owner says of one site become that site?"""

from datetime import date

from guard.core.crawlers import Catalogue
from guard.errors import ConfigurationError
from guard.reservation import html
from guard.reservation.documents import ReservationSet, render
from guard.reservation.statement import Statement
from guard.rights import read_terms, statement_of
from guard.server.cards import CardOwner
from guard.server.decoys import Decoys
from guard.server.picture_rights import picture_jobs
from guard.server.site import Site, Upstream
from guard.settings import Settings
from guard.settings import Site as SiteSettings
from guard.visible_marks import visible_mark_of


def site_of(settings: Settings, site: SiteSettings, catalogue: Catalogue, as_of: date, decoys: Decoys | None) -> Site:
    """Return what a site of the settings is, and reserves."""
    rights = settings.rights_of(site)
    tokens = tuple((crawler.token, crawler.purpose) for crawler in catalogue.crawlers)

    terms_text = read_terms(rights)  # once: all hosts of a site show one text

    def statement(base_url: str) -> Statement:
        return statement_of(rights, base_url, terms_text)

    def stated(used: str) -> Statement:
        try:
            return statement(site.base_url or used)
        except ConfigurationError:
            if not used:
                raise
            return statement(site.base_url)  # the client's Host field makes no URL; the reservation holds without

    def rendered(used: str) -> ReservationSet:
        disallow = (decoys.directory(site.host),) if decoys else ()
        return render(stated(used), tokens, as_of=as_of, disallow=disallow)

    def page_head(used: str, path: str) -> bytes:
        return html.head(stated(used).at(path))

    return Site(
        upstream=Upstream(base=site.upstream_base, unix_socket=site.upstream_socket),
        owner=CardOwner(
            site=site.host,
            holder=rights.holder,
            contact=rights.contact,
            terms=statement(site.base_url).policy_url if site.base_url or rights.terms else "",
        ),
        render=rendered,
        base_url=site.base_url,
        offers=lambda path: statement(site.base_url).at(path).offers,
        pictures=picture_jobs(site, settings.in_image_of(site), statement),
        page_head=page_head if rights.html else None,
        visible_mark=visible_mark_of(settings.visible_mark, rights),
        marked_visibly=settings.marks.visible,
    )
