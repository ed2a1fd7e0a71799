"""How are pictures that data sets list kept from whoever comes for them?

By two rules for the owner's `guard.yaml`: one for crawlers of data sets and training and for
programs that copy, one for clients that behave like such. They answer 410 (gone), which tells
a downloader that the list is out of date, or give a preview. Search engines, previews of links
and people are spared: for them nothing changes. A third rule, if wanted, gives the picture only to
those who have looked at a page of the site, which whoever works through a list has not. Only
addresses on the owner's own hosts count, and pages that the data set itself calls pages are left
alone.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final
from urllib.parse import quote

from guard.core.target import canonical_path
from guard.dataset.listed_url import own_host
from guard.dataset.matcher import Reason
from guard.dataset.scan import Found
from guard.errors import RequestError

ANSWERS: Final = ("gone", "preview", "ticket")
MOST_PATHS: Final = 500_000

_OWN: Final = frozenset({Reason.HOST, Reason.BELOW_HOST})
_IN_PATHS: Final = "/%!$&'()*+,;=:@~-._"

_GONE: Final = "\n  action: refuse\n  status: 410"
_PREVIEW: Final = "\n  action: preview"

_RULES: Final = """\
# {count} paths that data sets list; written by `guard dataset scan` on {day}.
# Put this under `rules:` in guard.yaml, and {paths} beside that file.
- id: listed-in-data-sets
  when:
    paths_file: {paths}
    purpose: [ai_training, ai_dataset, image_dataset, ai_undocumented, scraper_platform, http_library,
              offline_copier, headless_browser, unknown_declared_bot]{action}
  because: A data set lists this picture's address.
- id: listed-in-data-sets-behaviour
  when:
    paths_file: {paths}
    conduct: [suspect, hostile]
    purpose: [browser, unknown]{action}
  because: A data set lists this picture's address, and the client behaves like a program.
"""


_TICKET: Final = """\
# This rule has an effect only with `tickets: {{give: yes}}` in guard.yaml.
- id: listed-in-data-sets-ticket
  when:
    paths_file: {paths}
    ticket: missing
    purpose: [browser, unknown]
  action: preview
  because: A data set lists this picture's address, and whoever asks has looked at no page.
"""


class ListedPaths:
    """The paths of rows that lie on the owner's hosts."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.more = False
        """There were more than are kept."""

    def add(self, found: Found) -> None:
        """Take a row, if its address is one of the owner's."""
        own = own_host(found.listed.url)
        if own is None or "html" in found.listed.media_type or not any(one.reason in _OWN for one in found.matches):
            return
        try:
            path = canonical_path(quote(own.path, safe=_IN_PATHS))
        except RequestError:
            return
        if path == "/" or any(ord(one) < 0x21 for one in path):
            return
        if len(self.paths) < MOST_PATHS:
            self.paths.add(path)
        elif path not in self.paths:
            self.more = True


def rules_text(paths_file: str, count: int, answer: str, day: date) -> str:
    """Return the rules as YAML; `answer` is one of `ANSWERS`, `paths_file` the name of the list beside guard.yaml."""
    action = _PREVIEW if answer == "preview" else _GONE
    rules = _RULES.format(count=count, day=day.isoformat(), paths=paths_file, action=action)
    return rules + _TICKET.format(paths=paths_file) if answer == "ticket" else rules


def paths_text(paths: Iterable[str]) -> str:
    """Return the list that the rules refer to."""
    return "".join(f"{path}\n" for path in sorted(paths))
