"""What does somebody put into nginx, Caddy or Apache who does not run the guard?

The same header lines on every answer, and the right media type for the documents, which lie as
files in the site's folder. Each server has a way to lose them:

- nginx drops all `add_header` lines of `server` in a `location` that has one of its own, and
  without `always` on errors. Lines that depend on the path come from `map`, because a `location`
  would also change what answers there.
- Caddy writes header names with capitals over HTTP/1.1. The lines count all the same for readers
  that follow RFC 9110; one known reader looks for `tdm-reservation` as written.
- Apache keeps two tables; only `always` reaches errors, redirects and what PHP answers.

None of them can keep a crawler out or prove what it was told; for that there is the guard.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from guard.reservation import robots
from guard.reservation.documents import Document, ReservationSet
from guard.reservation.headers import Line

MAX_AGE = 3600
"""Seconds for which a reader may keep a document; RFC 9309, section 2.4, asks for at most a day."""


def nginx(reserved: ReservationSet) -> str:
    """Return lines for `server { }`, and `map` blocks for `http { }` where some paths answer differently."""
    names, maps = [], []
    for index, (name, values) in enumerate(_by_line(reserved)):
        if len(set(values)) == 1:
            names.append((name, _nginx_value(values[0])))
            continue
        variable = f"$guard_line_{index}"
        names.append((name, variable))
        rows = [f"  default {_nginx_value(values[0])};"]
        for one, value in zip(reserved.paths, values[1:], strict=True):
            rows.append(f'  "~^{_pattern(one.path)}" {_nginx_value(value)};')
        maps.append("\n".join((f"map $uri {variable} {{", *rows, "}")))
    head = [*_title(reserved, "# "), "#", "# The files of the reservation lie in the site's root."]
    if maps:
        head += ["", "# Into http { }:", *maps]
    return "\n".join(
        (
            *head,
            "",
            "# Into server { }; and again into each location that has an add_header of its own:",
            *(f"add_header {name} {value} always;" for name, value in names),
            *(line for document in reserved.documents for line in _nginx_location(document)),
            "",
        )
    )


def caddy(reserved: ReservationSet) -> str:
    """Return lines for a site block of a Caddyfile."""
    lines = [*_title(reserved, "# "), "#", "# Into the block of the site. Its files lie in the site's root."]
    if reserved.paths:
        prefixes = [one.path for one in reserved.paths]
        for index, one in enumerate(reserved.paths):
            lines += _caddy_matcher(f"@guard_{index}", one.path, prefixes[:index])
            lines += _caddy_block(f"header @guard_{index}", one.headers)
        lines += _caddy_matcher("@guard_rest", "", prefixes)
    lines += _caddy_block("header @guard_rest" if reserved.paths else "header", reserved.headers)
    for document in reserved.documents:
        lines.append(f"header {document.path} {{")
        lines.append(f'\tContent-Type "{document.media_type}"')
        lines.append(f'\tCache-Control "max-age={MAX_AGE}"')
        lines.append("\tdefer")
        lines.append("}")
    return "\n".join((*lines, ""))


def htaccess(reserved: ReservationSet) -> str:
    """Return a `.htaccess` for Apache 2.4, or the same for a `<Directory>`; needs mod_headers."""
    lines = [*_title(reserved, "# "), "#", "# Its files lie in the same folder. Apache 2.4 with mod_headers."]
    lines += _apache_lines(reserved.headers)
    # The last <If> that fits has the last word, so the longest path comes last.
    for one in reversed(reserved.paths):
        lines.append(f'<If "%{{REQUEST_URI}} =~ m#^{_pattern(one.path)}#">')
        lines += [f"  {line}" for line in _apache_lines(one.headers, before=reserved.headers)]
        lines.append("</If>")
    for document in reserved.documents:
        lines.append(f"<If \"%{{REQUEST_URI}} == '{document.path}'\">")
        lines.append(f'  ForceType "{document.media_type}"')
        lines.append(f'  Header always set Cache-Control "max-age={MAX_AGE}"')
        lines.append("</If>")
    return "\n".join((*lines, ""))


def files(reserved: ReservationSet) -> tuple[Document, ...]:
    """Return the documents that lie in the site's root, robots.txt last: it may be there already."""
    return tuple(sorted(reserved.documents, key=lambda one: (one.path == robots.PATH, one.path)))


def _title(reserved: ReservationSet, comment: str) -> Iterator[str]:
    host = reserved.statement.base_url.partition("://")[2] or "any host"
    yield f"{comment}Reservation of rights for {host}, digest {reserved.digest[:16]}."
    yield f"{comment}Made by guard reserve render; make it again when the statement or the crawlers change."


def _by_line(reserved: ReservationSet) -> Iterable[tuple[str, list[str]]]:
    """Return each header line as its name and its values: for the site, then for each path; empty for not sent.

    Lines of one name are told apart by their place among those of that name.
    """
    sets = [reserved.headers, *(one.headers for one in reserved.paths)]
    places: list[tuple[str, int]] = []
    for lines in sets:
        for key in _places(lines):
            if key not in places:
                places.append(key)
    order = [name for lines in sets for name, _ in lines]
    places.sort(key=lambda key: (order.index(key[0]), key[1]))
    return [(name, [_places(lines).get((name, number), "") for lines in sets]) for name, number in places]


def _places(lines: tuple[Line, ...]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for name, value in lines:
        found[name, sum(key[0] == name for key in found)] = value
    return found


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _nginx_value(value: str) -> str:
    # A dollar sign begins a variable, and has no escape but the one that addresses have.
    return _quoted(value.replace("$", "%24"))


def _nginx_location(document: Document) -> Iterator[str]:
    yield f"location = {document.path} {{"
    yield f'  types {{ }} default_type "{document.media_type}"; expires {MAX_AGE}s;'
    yield "}"


def _decoded(path: str) -> str:
    """Return the path as servers compare it."""
    return unquote_to_bytes(path).decode("utf-8", "replace")


def _pattern(path: str) -> str:
    """Return the path as a regular expression that can stand in double quotes."""
    return re.escape(_decoded(path)).replace('"', '\\"')


def _caddy_matcher(name: str, path: str, before: list[str]) -> list[str]:
    lines = [f"{name} {{"]
    if path:
        lines.append(f"\tpath {_quoted(_decoded(path) + '*')}")
    lines += [f"\tnot path {_quoted(_decoded(other) + '*')}" for other in before]
    return [*lines, "}"]


def _caddy_block(head: str, headers: tuple[Line, ...]) -> list[str]:
    return [f"{head} {{", *(f"\t+{name} {_quoted(value)}" for name, value in headers), "}"]


def _apache_lines(headers: tuple[Line, ...], before: tuple[Line, ...] = ()) -> list[str]:
    """Return directives that put `headers` in place of `before`; of a name's lines the first replaces."""
    lines: list[str] = []
    for name in dict.fromkeys(name for name, _ in (*before, *headers)):
        values, others = ([value for key, value in some if key == name] for some in (headers, before))
        if values == others and name == "Link":
            continue  # everything else is said whole: a longer path stands inside a shorter one
        if not values:
            lines.append(f"Header always unset {name}")
        for index, value in enumerate(values):
            # The site may send links of its own in the same table.
            verb = "add" if index or name == "Link" else "set"
            lines.append(f"Header always {verb} {name} {_quoted(value.replace('%', '%%'))}")
    return lines
