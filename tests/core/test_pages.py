"""Where is the beginning of a page's head, in the eyes of an HTML parser that others wrote?"""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html as lxml_html

from guard.core.pages import LONGEST_START, head_place, says_charset

PIECE = b'<meta name="tdm-reservation" content="1">'


def put(page: bytes, *, charset_known: bool = True, cuts: tuple[int, ...] = ()) -> bytes:
    """Return the page with the piece in it, looked at as it would come in parts that end at `cuts`."""
    for end in (*sorted(cut for cut in cuts if cut < len(page)), len(page)):
        place = head_place(page[:end], charset_known=charset_known, complete=end == len(page))
        if place is not None:
            return page if place.at is None else page[: place.at] + PIECE + page[place.at :]
    raise AssertionError("the whole page leaves the place open")


HERE = "^"
"""Marks the place in the pages below."""

PAGES = {
    "a plain page": "<!DOCTYPE html><html><head>^<title>x</title></head><body></body></html>",
    "attributes": '<html lang="de" class=\'a>b\' data-x=1 hidden>\n<HEAD profile="http://x/y?a=1" >^<title>x</title>',
    "comments before it": "<!-- <head> --><!doctype html>\n<!--[if IE]><html class=ie><![endif]--><html><head>^<meta>",
    "a PHP theme's conditional comments": "<!--[if gt IE 8]><!--><html><!--<![endif]-->\n<head>^<meta>",
    "an XHTML declaration": '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0"><html><head>^<title>',
    "a byte order mark": "\ufeff<!doctype html><html><head>^<title>",
    "no head tag": "<!doctype html>\n^<title>Gallery</title><img src=a.jpg>",
    "html and no head tag": "<html>\n^<meta name=a><body>",
    "a script first": "^<script>document.write('<head>')</script>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_the_place_is_the_beginning_of_the_head(page: str):
    """And a parser finds the piece in the head, whatever came before."""
    before, _, after = page.encode().partition(b"^")

    assert put(before + after) == before + PIECE + after
    assert lxml_html.document_fromstring(put(before + after)).xpath("//head/meta[@name='tdm-reservation']")


UNTOUCHED = {
    "nothing": b"",
    "text": b"Just words, and a <head> somewhere",
    "no head": b"<html><body><p><head>",
    "a fragment": b"<div><head></div>",
    "the head in a comment": b"<!-- <head> -->",
    "a comment that never ends": b"<!-- <html><head><title>x</title>",
    "a comment that ends at once": b"<!--><head>-->",
    "a comment that ends oddly": b"<!-- --!><head> -->",
    "a stray quote mark": b'<html a"b><head><title c="x>">',
    "a quote mark in a bare value": b'<html><head a=b"c><script x="1">',
    "a tag that never ends": b"<html><head class=",
    "UTF-16": "<html><head><title>".encode("utf-16"),
    "UTF-16 without a mark": "<html><head><title>".encode("utf-16-le"),
    "CDATA": b"<![CDATA[<head>]]><head>",
    "header is not head": b"<html><header><title>x</title>",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><title>x</title></svg>',
    "a slash": b"<html><head/><title>",
    "a null byte": b"<html>\0<head>",
}


@pytest.mark.parametrize("page", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_anything_odd_stays_as_it_is(page: bytes):
    """A page that is not changed can not be broken."""
    assert put(page) == page


CHARSETS = {
    "meta charset": ('<html><head><meta charset="utf-8">^<title>x</title>', True),
    "http-equiv": ("<head><meta http-equiv=Content-Type content='text/html; charset=windows-1252'>^", True),
    "behind a title and a link": ("<head>\n<title>Ä</title><link rel=icon href=/i><!-- --><meta charset=UTF-8>^", True),
    "no head tag": ("<!doctype html><meta charset=utf-8>^<title>", True),
    "UTF-16 says the page": ('<html><head><meta charset="utf-16">', False),
    "an unknown one": ('<html><head><meta charset="x-user-defined">', False),
    "nowhere": ("<html><head><title>x</title></head>", False),
    "behind a script": ("<html><head><script>'<meta charset=utf-8>'</script><meta charset=utf-8>", False),
    "too far behind": (f"<html><head><meta name=a content={'x' * 1000}><meta charset=utf-8>", False),
    "in a comment": ("<html><head><!-- <meta charset=utf-8> --><title>x</title>", False),
}


@pytest.mark.parametrize(("page", "changed"), CHARSETS.values(), ids=CHARSETS.keys())
def test_a_charset_that_only_the_page_says_stays_where_browsers_look_for_it(page: str, changed: bool):
    """They read 1024 bytes; where the page says none, nobody knows in which charset the piece would be read."""
    before, _, after = page.encode().partition(b"^")

    assert put(before + after, charset_known=False) == before + (PIECE if changed else b"") + after


def test_a_byte_order_mark_says_the_charset():
    """Browsers believe it before the header."""
    assert PIECE in put(b"\xef\xbb\xbf<html><head>", charset_known=False)


def test_a_long_beginning_is_given_up():
    """So that nothing is held back for long: 16 KiB."""
    page = b"<html>" + b" " * (2 * LONGEST_START) + b"<head>"

    assert head_place(page[: LONGEST_START - 1], charset_known=True, complete=False) is None
    assert put(page, cuts=(LONGEST_START,)) == page
    assert head_place(b"<!--" + b"x" * LONGEST_START, charset_known=True, complete=False) is not None


@given(
    parts=st.lists(
        st.sampled_from(
            ["<html>", "<head>", "<head a='>'>", "<!-- ", "-->", "--!>", "<!doctype html>", "<meta charset=utf-8>",
             "<title>", "</title>", "<script>", "</script>", "<body>", "x", '"', " ", ">", "<", "<?", "\0",
             "<h", "ead>"]
        ), max_size=12,
    ),
    cuts=st.lists(st.integers(0, 60), max_size=6),
    known=st.booleans(),
)  # fmt: skip
@example(parts=["<head a='>'>"], cuts=[10], known=True)
def test_it_is_all_the_same_how_the_bytes_come(parts: list[str], cuts: list[int], known: bool):
    """In one piece or many: the same place, and nothing of the page is lost."""
    page = "".join(parts).encode()
    at_once = put(page, charset_known=known)

    assert put(page, charset_known=known, cuts=tuple(cuts)) == at_once
    assert at_once.replace(PIECE, b"") == page


@pytest.mark.parametrize(
    ("value", "says"), [("text/html; charset=utf-8", True), ('text/html;charset="utf-8"', True), ("text/html", False)]
)
def test_the_header_may_say_the_charset(value: str, says: bool):
    """Of the field that counts."""
    assert says_charset([("X-Charset", "charset=utf-8"), ("Content-Type", value)]) is says


@pytest.mark.parametrize(
    "page",
    [
        b"<html" + b" a" * 8000,
        b"<html" + b" " * 16000,
        b"<html" + b" a=" * 5000,
        b"<html a='" + b"x" * 16000,
        b"<!--" * 4000,
    ],
)
def test_hostile_bytes_take_little_time(page: bytes):
    """Each look is well under the time that a page takes."""
    started = time.perf_counter()
    head_place(page, charset_known=True, complete=False)

    assert time.perf_counter() - started < 0.2
