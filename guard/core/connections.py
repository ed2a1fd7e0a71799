"""Does what the front server tells of the connection bear out the claimed browser?

JA4 is no part of who a client is: a browser that resumes a session sends one more extension and has another JA4
(FoxIO-LLC/ja4 issue 303), and one visit would become two. But one greeting is one program: if it is Firefox today and
Chrome tomorrow at the same address, it is neither, or a company's proxy that opens what its people say.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from guard.core.browsers import Engine, read_browser
from guard.core.front_hints import JA4, NO_HINTS, FrontHints
from guard.core.header_signals import Sign
from guard.core.signals import INDEX, SignalId

_MODERN: Final = {Engine.CHROMIUM: 90, Engine.GECKO: 100, Engine.WEBKIT: 17}
"""From these versions on, all long out, an engine offers TLS 1.3 (Chrome 70, Firefox 63, Safari 14: browser table of
Huawei Cloud CDN, 2025-09) and HTTP/2, and refuses TLS 1.0 and 1.1 (all in 2020; Chrome's policy for companies ended in
January 2021)."""
_JA4_VERSIONS: Final = {"10": 10, "11": 11, "12": 12, "13": 13}
_GREETINGS: Final = 20_000
_ENGINES: Final = tuple(Engine)


@lru_cache(maxsize=4096)
def contradiction(hints: FrontHints, user_agent: str, *, speaks_h2: bool, upgrades: bool) -> str:
    """Say what of the connection the claimed browser does not do; nothing where all is as it should be.

    Args:
        speaks_h2: The front server is known to speak HTTP/2 on this site, so that browsers would.
        upgrades: The request opens a WebSocket, for which browsers offer HTTP/1.1 only.
    """
    browser = read_browser(user_agent)
    if browser.embedded or browser.engine_major < _MODERN.get(browser.engine, 10_000):
        return ""
    name = f"{browser.family} {browser.major}"
    if 0 < hints.tls < 12:
        return f"{name} over TLS 1.{hints.tls - 10}"
    offered, protocol = _offered(hints.ja4)
    if 0 < offered < 13:
        return f"{name} that offers TLS 1.{offered - 10} at most"
    if upgrades:
        return ""
    if protocol in {"00", "h1"}:
        return f"{name} that does not offer HTTP/2"
    if hints.http == 1 and speaks_h2:
        return f"{name} over HTTP/1"
    return ""


def _offered(ja4: str) -> tuple[int, str]:
    match = JA4.fullmatch(ja4)
    return (_JA4_VERSIONS.get(match[1], 0), match[2]) if match else (0, "")


class Connections:
    """What one process has seen of connections: who speaks HTTP/2, and which browsers one greeting was said to be."""

    def __init__(self, most: int = _GREETINGS) -> None:
        self._speak_h2: set[str] = set()
        self._engines: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._most = most

    def signs(self, hints: FrontHints, *, site: str, client: str, user_agent: str, upgrades: bool) -> Iterator[Sign]:
        """Yield what is odd about a request's connection.

        Args:
            site: A configured host, of which there are few.
            client: What is counted as one client; see `client_network`.
        """
        if hints is NO_HINTS:
            return
        if hints.http >= 2:
            self._speak_h2.add(site)
        if said := contradiction(hints, user_agent, speaks_h2=site in self._speak_h2, upgrades=upgrades):
            yield INDEX[SignalId.CONNECTION_CONTRADICTS], said
        engine = read_browser(user_agent).engine
        if hints.ja4 and engine is not Engine.NONE:
            seen = self._engines.get((client, hints.ja4), 0) | 1 << _ENGINES.index(engine)
            self._engines[client, hints.ja4] = seen
            self._engines.move_to_end((client, hints.ja4))
            if len(self._engines) > self._most:
                self._engines.popitem(last=False)
            if seen.bit_count() > 1:
                yield INDEX[SignalId.ONE_GREETING], f"{seen.bit_count()} engines say {hints.ja4}"
