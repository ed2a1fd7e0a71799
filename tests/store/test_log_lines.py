"""Logs are read as real servers write them: whole, compressed, cut short, or with lines that are none."""

import gzip
import io
import os
import socket
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from guard.core.log_line import LogFormat, LogLine
from guard.errors import UsageError
from guard.store.log_lines import LONGEST_LINE, LogLines, open_log
from tests.support.http import GPTBOT, ask, connect
from tests.support.programs import need
from tests.support.running import wait_until

LINE = b'203.0.113.7 - - [22/Nov/2026:11:43:49 +0000] "GET /%d.jpg HTTP/1.1" 200 1234 "-" "GPTBot/1"\n'
LOG = b"".join(LINE % number for number in range(200))


def read(data: bytes, form: LogFormat | None = None) -> tuple[LogLines, list[LogLine]]:
    lines = LogLines(io.BufferedReader(io.BytesIO(data)), "test", form)
    return lines, list(lines)


def test_every_line_is_read_once_and_in_order():
    """Also those that were looked at to find the format."""
    lines, found = read(LOG)

    assert [one.target for one in found] == [f"/{number}.jpg" for number in range(200)]
    assert (lines.form, lines.lines, lines.read, lines.wrong) == (LogFormat.COMBINED, 200, 200, 0)


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51])
def test_a_log_of_any_length_is_read(count):
    """Shorter, as long as and longer than what the format is found from."""
    lines, found = read(LINE * count)

    assert (len(found), lines.lines, lines.read) == (count, count, count)


def test_wrong_lines_are_numbered_counted_and_skipped():
    """The first five by number; empty lines are no fault but count in the numbers."""
    good = LINE % 1
    data = good + b"what is this\n" + b"\n" + good * 100 + b"\xff\xfe\x00\n" * 10 + good
    lines, found = read(data)

    assert len(found) == 102
    assert lines.wrong == 11
    assert [number for number, _ in lines.wrong_lines] == [2, 104, 105, 106, 107]
    assert "Combined" in lines.wrong_lines[0][1]


def test_a_file_of_no_format_is_counted_through():
    """Nothing is read, every line is wrong, and nothing raises."""
    lines, found = read(b"\x89PNG\r\n" * 300)

    assert (found, lines.read, lines.wrong, lines.lines) == ([], 0, 300, 300)


def test_a_named_format_is_not_looked_for():
    """Lines of another one are wrong then."""
    lines, found = read(LOG, LogFormat.CADDY)

    assert (found, lines.wrong) == ([], 200)


def test_a_line_beyond_the_bound_costs_no_memory():
    """A megabyte without a line end is one line, and the next is read as ever."""
    before = (LINE % 1).replace(b"GPTBot/1", b"x" * (40 * LONGEST_LINE))
    stream = io.BufferedReader(io.BytesIO(before + LINE % 2))
    tracemalloc.start()
    lines = LogLines(stream, "test", LogFormat.COMBINED)
    found = list(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [one.target for one in found] == ["/2.jpg"]
    assert (lines.lines, lines.wrong) == (2, 1)
    assert peak < 10 * LONGEST_LINE


def test_gzip_is_unpacked_whatever_the_name(tmp_path):
    """Also several members one after the other, as log rotation with append makes them."""
    path = tmp_path / "access.log"
    path.write_bytes(gzip.compress(LOG) + gzip.compress(LOG))
    lines = open_log(path)

    assert len(list(lines)) == 400
    assert lines.size == path.stat().st_size
    assert 0 < lines.position <= lines.size
    assert lines.damage == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (gzip.compress(os.urandom(9) + LOG)[:-20], "beyond line"),
        (gzip.compress(LOG)[:-8] + b"\0" * 8, "beyond line"),
        (b"\x1f\x8b\x08broken", "beyond line 0"),
    ],
    ids=["cut short", "wrong checksum", "no gzip at all"],
)
def test_damaged_gzip_is_read_as_far_as_it_goes(tmp_path, data, says):
    """The reader says where it ended instead of failing."""
    path = tmp_path / "access.log.gz"
    path.write_bytes(data)
    lines = open_log(path)
    found = list(lines)

    assert says in lines.damage
    assert lines.read == len(found)


def test_other_compressions_are_named_with_what_unpacks_them(tmp_path):
    """So that the next command can be typed."""
    path = tmp_path / "access.log.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd\0\0\0")

    with pytest.raises(UsageError, match="zstdcat"):
        open_log(path)


def test_what_can_not_be_opened_is_a_usage_error(tmp_path):
    """Missing, or a folder."""
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UsageError, match="can not be read"):
            open_log(path)


def test_a_pipe_has_no_size(tmp_path):
    """Progress is not shown then, and lines come as they are written."""
    readable, writable = os.pipe()
    with os.fdopen(readable, "rb") as stream, os.fdopen(writable, "wb") as end:
        end.write(LOG)
        end.close()
        lines = LogLines(stream, "pipe")

        assert len(list(lines)) == 200
        assert (lines.size, lines.position) == (0, 0)


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format as_json escape=json '{{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request",'
    '"status":$status,"body_bytes_sent":$body_bytes_sent,"http_referer":"$http_referer",'
    '"http_user_agent":"$http_user_agent","sent_http_content_type":"$sent_http_content_type"}}';
  log_format no_escape '{{"msec":"$msec","remote_addr":"$remote_addr","request_method":"$request_method",'
    '"request_uri":"$request_uri","status":"$status","bytes_sent":"$bytes_sent",'
    '"http_user_agent":"$http_user_agent"}}';
  types {{ image/jpeg jpg; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port}; root {folder}/www;
    access_log {folder}/combined.log; access_log {folder}/json.log as_json; access_log {folder}/plain.log no_escape;
  }}
}}
"""


@pytest.fixture(scope="module")
def nginx_logs(tmp_path_factory):
    """Return the folder with three logs that a real nginx wrote of the same requests."""
    program = need("nginx")
    folder: Path = tmp_path_factory.mktemp("nginx")
    (folder / "www").mkdir()
    (folder / "www" / "a.jpg").write_bytes(b"\xff\xd8\xff" + b"x" * 997)
    folder.chmod(0o755)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: _reached(port), 10)
        ask(port, "/a.jpg", agent=GPTBOT)
        ask(port, "/a%20b.jpg?x=1", ("Referer", 'https://x.example/"quoted"'), agent='say "hi" \\x22 \t.')
        ask(port, "/a.jpg", agent="caf\xe9 \xff")  # latin-1: no UTF-8
        ask(port, "/a.jpg", agent="cafÃ©")  # UTF-8, sent as its bytes
        with connect(port) as raw:
            raw.sendall(b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n")
            raw.recv(1000)
        ask(port, "/a.jpg", agent="", method="HEAD")
        wait_until(lambda: _has_lines(folder / "plain.log", 6), 30)
    finally:
        process.terminate()
        process.communicate(timeout=10)
    return folder


def _reached(port: int) -> bool | None:
    try:
        connect(port).close()
    except OSError:
        return None
    return True


def _has_lines(path: Path, count: int) -> bool | None:
    return True if path.exists() and path.read_bytes().count(b"\n") >= count else None


@pytest.mark.parametrize(
    ("name", "form"),
    [("combined.log", LogFormat.COMBINED), ("json.log", LogFormat.NGINX), ("plain.log", LogFormat.NGINX)],
)
def test_a_real_nginx_is_understood(nginx_logs, name, form):
    """Quotes, backslashes, bytes of every kind and a TLS greeting, in its default format and in two of JSON."""
    lines = open_log(nginx_logs / name)
    found = list(lines)

    assert (lines.form, lines.wrong, lines.read) == (form, 0, 6)
    assert [one.user_agent for one in found] == [
        GPTBOT, 'say "hi" \\x22 \t.', "caf\udce9 \udcff", "café", "", ""
    ]  # fmt: skip
    assert [one.status for one in found] == [200, 404, 200, 200, 400, 200]
    assert [one.method for one in found] == ["GET", "GET", "GET", "GET", "", "HEAD"]
    assert (found[0].target, found[1].target) == ("/a.jpg", "/a%20b.jpg?x=1")
    assert {one.address for one in found} == {"127.0.0.1"}
    assert all(one.at is not None for one in found)
    if name != "plain.log":
        assert found[0].size == 1000
        assert found[1].referer == 'https://x.example/"quoted"'
    if name == "json.log":
        assert found[0].media_type == "image/jpeg"
