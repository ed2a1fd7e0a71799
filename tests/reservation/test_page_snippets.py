"""Does WordPress say, with our plugin, what the guard would, and can a person follow the rest?"""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest
from lxml import html as lxml_html

from guard.reservation import documents, html, page_snippets
from guard.reservation.statement import Override, Statement
from tests.reservation.conftest import CRAWLERS
from tests.support.programs import need

PATHS = (Override(path="/press/%C3%A4/", train=True, ai_use=True, search=False, tdm=False),)
STATEMENT = Statement(holder="Zoë O'Hara \\", base_url="https://photo.example", paths=PATHS)
RESERVED = documents.render(STATEMENT, CRAWLERS, as_of=date(2026, 11, 22))

# What WordPress has of its own, as far as the plugin sees it; then a request, and what was sent, as JSON.
HARNESS = r"""<?php
define('ABSPATH', '/');
$actions = array();
$sent = array();
$status = 0;
function add_action($name, $do, $priority) { global $actions; $actions[$name] = $do; }
function status_header($code) { global $status; $status = $code; }
register_shutdown_function(function () {
    global $sent, $status;
    $body = ob_get_clean();
    fwrite(STDERR, json_encode(array('status' => $status, 'body' => base64_encode($body), 'headers' => $sent)));
});
$source = file_get_contents($argv[1]);
$source = preg_replace('/\bheader(s_list)?\(/', 'note_header$1(', $source);
function note_headers_list() { global $sent; return $sent; }
function note_header($line, $replace = true) {
    global $sent;
    [$name] = explode(':', $line);
    if ($replace) { $sent = array_values(array_filter($sent, fn($one) => stripos($one, "$name:") !== 0)); }
    $sent[] = $line;
}
note_header('X-Robots-Tag: max-image-preview:large');
eval('?>' . $source);
$_SERVER['REQUEST_URI'] = $argv[2];
$_SERVER['REQUEST_METHOD'] = $argv[3];
ob_start();
$actions['init']();
$actions['send_headers']();
$actions['wp_head']();
"""


def ask(tmp_path: Path, target: str, method: str = "GET") -> tuple[int, list[tuple[str, str]], bytes]:
    import base64

    (tmp_path / "reservation.php").write_text(page_snippets.wordpress(RESERVED), "ascii")
    (tmp_path / "harness.php").write_text(HARNESS)
    done = subprocess.run(
        [need("php", "php8.2"), str(tmp_path / "harness.php"), str(tmp_path / "reservation.php"), target, method],
        capture_output=True, check=True, timeout=30, env=os.environ,
    )  # fmt: skip
    answer = json.loads(done.stderr)
    lines = [tuple(line.split(": ", 1)) for line in answer["headers"]]
    return answer["status"], lines, base64.b64decode(answer["body"])


@pytest.mark.parametrize("target", ["/", "/album/?p=1", "/press/%C3%A4/a.html", "/press/%c3%a4/"])
def test_the_plugin_sends_what_the_guard_sends_on_pages(tmp_path: Path, target: str):
    """The lines by path, ours before a line of the theme's, and the elements in the head."""
    _, lines, head = ask(tmp_path, target)

    inside = "press" in target
    path = "/press/%C3%A4/" if inside else "/"
    theirs = [line for line in lines if line[1] == "max-image-preview:large"]
    robots = [line for line in lines if line[0] == "X-Robots-Tag"]
    assert theirs == robots[-1:]
    assert [line for line in lines if line not in theirs] == list(RESERVED.headers_for(path))
    assert head == html.head(STATEMENT.at(path))


@pytest.mark.parametrize("document", RESERVED.documents, ids=lambda one: one.path)
def test_the_plugin_serves_the_documents(tmp_path: Path, document: documents.Document):
    """Byte for byte, with status 200 and their types; a HEAD request gets the length."""
    status, lines, body = ask(tmp_path, document.path)
    _, head_lines, head_body = ask(tmp_path, document.path, "HEAD")

    assert (status, body, head_body) == (200, document.body, b"")
    assert dict(lines)["Content-Type"] == document.media_type
    assert dict(head_lines)["Content-Length"] == str(len(document.body))
    assert dict(lines)["tdm-reservation"] == "1"


def test_what_is_to_be_pasted_is_whole():
    """The head, robots.txt, and the terms in both languages; and that it is not everything."""
    text = page_snippets.paste(RESERVED)
    after = text.partition("\n3. ")[2]

    assert html.json_ld(STATEMENT) in text
    assert html.meta(STATEMENT)[0] in text
    assert "User-agent: GPTBot\n" in text
    assert "Content-Usage: train-ai=n, ai-use=n\n" in text
    assert "rsl.xml" not in text  # where it can not be
    assert "tdmrep.json" not in text
    sections = lxml_html.fragment_fromstring(after[after.index("<section") :], create_parent="div").findall("section")
    assert [one.get("lang") for one in sections] == ["en", "de"]
    assert "What this can not do" in text
    assert "First set rights.terms" in text


def test_a_terms_page_that_is_named_needs_no_second_run():
    """The owner's own address is in every carrier already."""
    statement = Statement(base_url="https://photo.example", terms_url="https://photo.example/terms")

    text = page_snippets.paste(documents.render(statement, CRAWLERS, as_of=date(2026, 11, 22)))

    assert "set rights.terms" not in text
    assert 'content="https://photo.example/terms"' in text
