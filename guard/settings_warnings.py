"""What is allowed in a configuration, but probably not meant or without effect?"""

import shutil
from importlib.util import find_spec
from ipaddress import ip_network

from guard.core.classification import TicketState
from guard.core.client_address import UNIX_PEER
from guard.core.policy_file import DEFAULT_RULE
from guard.settings import Settings
from guard.settings_text import SHIPPED_POLICIES, endpoint


def warnings(settings: Settings) -> list[str]:
    """Return sentences about what is allowed, but probably not meant or without effect."""
    found: list[str] = []
    for site in settings.sites:
        rights = settings.rights_of(site)
        if not settings.rules and settings.policy in SHIPPED_POLICIES:
            where = [""] if rights.train else [f" below {one.path}" for one in rights.paths if one.train]
            found += [
                f"site {site.host} permits training{path}, but policy '{settings.policy}' still refuses training "
                "crawlers; add a rule that allows those you mean"
                for path in where
            ]
        found += [
            f"site {site.host} names a public price for {use}: a court may take it for the going rate of a licence "
            "(§ 97 (2) UrhG); without a price the offer still says where to ask"
            for use, offer in rights.offer
            if offer is not None and offer.price
        ]
    found += _about_anchors(settings)
    if not settings.rights.contact:
        found.append("rights.contact is empty: who is refused does not learn whom to ask for a licence")
    stated = [settings.rights_of(site).offer for site in settings.sites]
    offers = [offer for one in stated for _, offer in one if offer is not None]
    if settings.licences.price_header and not any(offer.price and offer.unit == "crawl" for offer in offers):
        found.append("licences.price_header has no effect: no offer names a price with unit 'crawl'")
    if settings.licences.x402 and not offers:
        found.append("licences.x402 has no effect: rights.offer offers nothing")
    if settings.client_ip.source == "peer" and endpoint(settings.listen).loopback:
        found.append(
            "client_ip is 'peer' and only this machine can reach the listener: behind a front server every visitor "
            "has its address; set client_ip to the header that it sends"
        )
    if not settings.tickets.give:
        found += [
            f"rule '{rule.id}' asks for a ticket and never matches: no tickets are given; set tickets.give: yes"
            for rule in settings.rules
            if rule.when.ticket and TicketState.NOT_ASKED not in rule.when.ticket
        ]
    for text in settings.client_ip.trusted:
        if text != UNIX_PEER and ip_network(text).prefixlen == 0:
            found.append(f"client_ip.trusted {text} trusts everybody: any client can claim any address")
    found += [
        f"rule '{rule.id}' has no condition, so no rule after it is ever reached"
        for rule in settings.rules
        if rule.always and not rule.monitor and rule.id != DEFAULT_RULE
    ]
    return found


def _about_anchors(settings: Settings) -> list[str]:
    """Return sentences about time-stamp authorities and witnesses."""
    found = []
    if settings.evidence.time_stamps and find_spec("rfc3161_client") is None and shutil.which("openssl") is None:
        found.append(
            "evidence.time_stamps can not be used: tokens are verified with the extra 'evidence' (pip install "
            "'crawler-guard[evidence]') or with the program openssl, and neither is installed"
        )
    found += [
        f"evidence.time_stamps: {one.ca} is not there, so no token of {one.url} will be believed"
        for one in settings.evidence.time_stamps
        if one.ca is not None and not one.ca.is_file()
    ]
    if len(settings.evidence.time_stamps) == 1:
        found.append(
            "evidence.time_stamps names one authority: a second, independent one shows when a clock of the two is wrong"
        )
    return found
