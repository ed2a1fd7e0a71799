"""What does somebody use who may change neither the server nor its files?

WordPress takes a small plugin; what is pasted into its folder says the lines on every page that
WordPress makes, and serves the documents. Pictures are sent by the web server past WordPress, so
they have no lines of ours: robots.txt and tdmrep.json speak for them, and a `.htaccess` can.

A builder of sites (Squarespace, Wix and the like) often lets its users put code into the head of
all pages, and add a page. That is the least: what is said there is said of pages only.
"""

import re
from base64 import b64encode
from typing import Final

from guard.reservation import html, robots, terms
from guard.reservation.documents import Document, ReservationSet

_PHP_HEAD: Final = """\
<?php
/**
 * Plugin Name: Reservation of rights
 * Description: Says in header lines, in the head of pages and in documents what is reserved.
 *
 * {title}
 * Save as wp-content/mu-plugins/reservation.php; it is then active. Pictures are sent past
 * WordPress: for their lines see guard reserve render --for htaccess (or nginx, caddy).
 */

defined('ABSPATH') || exit;
"""

_PHP_BODY: Final = """\

function reservation_lines() {
    $path = (string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
    foreach (RESERVATION_LINES as $prefix => $lines) {
        if (strncmp(rawurldecode($path), rawurldecode($prefix), strlen(rawurldecode($prefix))) === 0) {
            return $lines;
        }
    }
    return array();
}

// Who takes only the first line of a name must find ours; what a theme or a plugin said comes behind.
function reservation_send() {
    $kept = array();
    foreach (headers_list() as $line) {
        if (stripos($line, 'x-robots-tag:') === 0) {
            $kept[] = trim(substr($line, 13));
        }
    }
    $seen = array();
    foreach (reservation_lines() as [$name, $value]) {
        header("$name: $value", !isset($seen[$name]) && $name !== 'Link');
        $seen[$name] = true;
    }
    foreach ($kept as $value) {
        header("X-Robots-Tag: $value", !isset($seen['X-Robots-Tag']));
        $seen['X-Robots-Tag'] = true;
    }
}

add_action('init', function () {
    $path = (string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
    if (!isset(RESERVATION_DOCUMENTS[$path])) {
        return;
    }
    [$type, $body] = RESERVATION_DOCUMENTS[$path];
    $body = base64_decode($body);
    status_header(200);
    reservation_send();
    header("Content-Type: $type");
    header('Cache-Control: max-age=3600');
    header('Content-Length: ' . strlen($body));
    if (($_SERVER['REQUEST_METHOD'] ?? 'GET') !== 'HEAD') {
        echo $body;
    }
    exit;
}, 0);

add_action('send_headers', 'reservation_send', 9999);

add_action('wp_head', function () {
    $path = (string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
    foreach (RESERVATION_HEADS as $prefix => $head) {
        if (strncmp(rawurldecode($path), rawurldecode($prefix), strlen(rawurldecode($prefix))) === 0) {
            echo $head;
            return;
        }
    }
}, 0);
"""


def wordpress(reserved: ReservationSet) -> str:
    """Return a plugin, PHP 7.1 or later, ASCII."""
    statement = reserved.statement
    lines = [*((one.path, one.headers) for one in reserved.paths), ("/", reserved.headers)]
    heads = [*((one.path, html.head(statement.at(one.path))) for one in reserved.paths), ("/", html.head(statement))]
    return (
        _PHP_HEAD.format(title=_title(reserved))
        + "\nconst RESERVATION_LINES = array(\n"
        + "".join(
            f"    {_php(path)} => array(\n"
            + "".join(f"        array({_php(name)}, {_php(value)}),\n" for name, value in headers)
            + "    ),\n"
            for path, headers in lines
        )
        + ");\n\nconst RESERVATION_HEADS = array(\n"
        + "".join(f"    {_php(path)} => {_php(head.decode('ascii'))},\n" for path, head in heads)
        + ");\n\n// Path, media type, and the bytes in Base64.\nconst RESERVATION_DOCUMENTS = array(\n"
        + "".join(
            f"    {_php(document.path)} => array({_php(document.media_type)},\n{_base64(document)}),\n"
            for document in reserved.documents
        )
        + ");\n"
        + _PHP_BODY
    )


def paste(reserved: ReservationSet) -> str:
    """Return what to paste where, in words, for a builder of sites. It names no file that can not be there."""
    statement = reserved.statement
    page = _document(reserved, terms.PATH).body.decode("utf-8")
    main = re.sub(r"(?s)^.*<main>\n(.*)\n</main>.*$", r"\1", page)
    lines = _document(reserved, robots.PATH).body.decode("ascii").rstrip("\n").split("\n")
    where = [
        "First set rights.terms in guard.yaml to the address that your Terms page will have, and make",
        f"this text again: as it stands it names {statement.policy_url}.",
        "",
    ]
    paths = ["", "Paths with answers of their own need their own code: guard reserve render html --path"]
    return "\n".join(
        (
            _title(reserved),
            "",
            *([] if statement.terms_url else where),
            "Three places. If your site's builder does not have one of them, the others still count.",
            "",
            "1. Code for the head of all pages (Squarespace: Code Injection, Header; Wix: Custom Code, Head):",
            "",
            *(element for element in html.meta(statement) if not element.startswith("<link ")),
            html.json_ld(statement),
            "",
            "2. robots.txt, where it can be edited, as on Wix. On Squarespace it can not; there, under",
            "   Settings, Crawlers, is a box against AI crawlers. Put this in place of what is there, and keep",
            "   its Disallow lines in the last group, before Allow, and its Sitemap line at the end:",
            "",
            *(line for line in lines if not line.startswith(("License: ", "# The same as TDMRep: "))),
            "",
            "3. A page named Terms, linked as Terms from the foot of every page. As code:",
            "",
            main,
            "",
            "What this can not do: the pictures themselves carry no header lines, and nobody is kept out.",
            "Rights can be written into the files before they are uploaded.",
            *(paths if statement.paths else []),
            "",
        )
    )


def _title(reserved: ReservationSet) -> str:
    host = reserved.statement.base_url.partition("://")[2] or "any host"
    return f"Reservation of rights for {host}, digest {reserved.digest[:16]}."


def _document(reserved: ReservationSet, path: str) -> Document:
    document = reserved.document(path)
    if document is None:
        raise ValueError(f"a reservation always has {path}")
    return document


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _base64(document: Document) -> str:
    text = b64encode(document.body).decode("ascii")
    pieces = [text[start : start + 100] for start in range(0, len(text), 100)]
    return "        " + "\n        . ".join(f"'{piece}'" for piece in pieces)
