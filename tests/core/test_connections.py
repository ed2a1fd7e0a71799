"""Does what the front server tells of the connection bear out the claimed browser?"""

import pytest

from guard.core.connections import Connections, contradiction
from guard.core.front_hints import NO_HINTS, FrontHints
from guard.core.signals import SIGNALS, SignalId

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
OLD = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
SAFARI = CHROME.split(" AppleWebKit", maxsplit=1)[0].replace(
    "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7"
) + (" AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15")
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
VIEW = (
    "Mozilla/5.0 (Linux; Android 14; SM; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.0.0 Mobile"
)
JA4 = "t13d1516h2_8daaf6152771_b186095e22b6"
"""The example of FoxIO-LLC/ja4, technical_details/JA4.md."""


def ja4(version="13", protocol="h2"):
    return f"t{version}d1516{protocol}_8daaf6152771_b186095e22b6"


CASES = {
    "a browser as it is": (FrontHints(ja4=JA4, tls=13, http=2), CHROME, ""),
    "over QUIC": (FrontHints(ja4="q13d0312h3_55b375c5d22e_06cda9e17597", tls=13, http=3), CHROME, ""),
    "a server that speaks TLS 1.2 only": (FrontHints(ja4=JA4, tls=12, http=2), CHROME, ""),
    "TLS 1.1": (FrontHints(tls=11), CHROME, "Chrome 156 over TLS 1.1"),
    "TLS 1.0 from an old browser": (FrontHints(tls=10), OLD, ""),
    "a greeting without TLS 1.3": (FrontHints(ja4=ja4("12")), FIREFOX, "Firefox 153 that offers TLS 1.2 at most"),
    "a greeting without HTTP/2": (FrontHints(ja4=ja4(protocol="h1")), SAFARI, "Safari 26 that does not offer HTTP/2"),
    "a greeting without ALPN": (FrontHints(ja4=ja4(protocol="00")), CHROME, "Chrome 156 that does not offer HTTP/2"),
    "HTTP/1 although the server speaks more": (FrontHints(http=1), CHROME, "Chrome 156 over HTTP/1"),
    "a version that nobody knows yet": (FrontHints(ja4=ja4("14")), CHROME, ""),
    "a library that says so": (FrontHints(ja4=ja4("12", "00"), tls=10), "python-requests/2.34", ""),
    "a web view": (FrontHints(ja4=ja4("12", "00")), VIEW, ""),
    "nothing told": (NO_HINTS, CHROME, ""),
}


@pytest.mark.parametrize(("hints", "agent", "said"), CASES.values(), ids=CASES)
def test_what_a_browser_does_not_do_is_named(hints, agent, said):
    """Each beside what just is no contradiction."""
    assert contradiction(hints, agent, speaks_h2=True, upgrades=False) == said


def test_http_1_is_odd_only_where_the_server_was_seen_to_speak_more():
    """Else it is the server that has nothing else; seen is seen on one site, not on another."""
    connections = Connections()

    def odd(http, site="photo.example", upgrades=False):
        signs = connections.signs(FrontHints(http=http), site=site, client="a", user_agent=CHROME, upgrades=upgrades)
        return [SIGNALS[index] for index, _ in signs]

    assert odd(1) == odd(2) == []
    assert odd(1) == [SignalId.CONNECTION_CONTRADICTS]
    assert odd(1, site="other.example") == []
    assert odd(1, upgrades=True) == []


def greeted(connections, agent, client="192.0.2.7", print_=JA4):
    hints = FrontHints(ja4=print_)
    signs = connections.signs(hints, site="photo.example", client=client, user_agent=agent, upgrades=False)
    return [SIGNALS[index] for index, _ in signs]


def test_one_greeting_under_two_engines_is_one_program():
    """At one address; versions, brands and systems of one engine share their greeting."""
    connections = Connections()
    edge = CHROME + " Edg/156.0.0.0"
    assert greeted(connections, CHROME) == greeted(connections, edge) == greeted(connections, OLD) == []
    assert greeted(connections, FIREFOX, client="192.0.2.8") == []

    assert greeted(connections, FIREFOX) == [SignalId.ONE_GREETING]
    assert greeted(connections, CHROME) == [SignalId.ONE_GREETING]


def test_browsers_on_an_iphone_are_one_engine():
    """Chrome and Firefox there greet as Safari does."""
    connections = Connections()
    agents = [f"{IPHONE}{name} Mobile/15E148 Safari/604.1" for name in ("CriOS/156.0", "FxiOS/153.0", "Version/18.5")]

    assert [greeted(connections, agent) for agent in agents] == [[], [], []]


def test_a_flood_of_greetings_is_bounded():
    """Those seen longest ago are forgotten, and the memory stays what it is."""
    connections = Connections(most=10)
    greeted(connections, CHROME)
    for number in range(100):
        greeted(connections, CHROME, client=f"198.51.100.{number}")

    assert greeted(connections, FIREFOX) == []
    assert len(connections._engines) == 10
