"""A page is read for what it tells crawlers, whatever state its HTML is in."""

from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_page import no_index, page_readings, read_page
from guard.reservation.reading import Carrier

WHERE = "https://photo.example/"


def carriers(html: str) -> dict[Carrier, list[str]]:
    page = read_page(html.encode(), "text/html")
    return {one.carrier: [flaw.id for flaw in one.flaws] for one in page_readings(page, WHERE)}


def test_pictures_and_links_are_found_where_pages_have_them():
    """Sizes, lazy loading, previews for others and links to the large one; a picture inside the page is none."""
    page = read_page(
        b'<base href="/x/"><meta property="og:image" content="og.jpg">'
        b'<img src="a.jpg" srcset="s.jpg 320w, l.jpg 2000w">'
        b'<img data-src="lazy.webp"><img src="data:image/png;base64,AA"><a href="big.JPG">large</a>'
        b"<div style=\"background-image: url('tile.jpg')\"></div>"
        b'<a href="/terms"><b>Terms</b> of use</a>',
        "text/html",
    )

    assert page.pictures == ["og.jpg", "a.jpg", "s.jpg", "l.jpg", "lazy.webp", "big.JPG", "tile.jpg"]
    assert page.links == [("big.JPG", "large"), ("/terms", "Terms of use")]
    assert page.base == "/x/"


def test_metadata_in_any_case_and_order_are_read():
    """HTML does not mind the case of names."""
    html = "<META CONTENT='noai, noimageai' NAME=Robots><meta content=1 name=TDM-Reservation>"

    assert carriers(html) == {Carrier.NOAI_META: [], Carrier.TDM_META: []}


def test_json_ld_is_found_inside_a_graph():
    """As most publishing programs write it."""
    html = '<script type="application/ld+json">{"@graph": [{"@type": ["ImageObject"], "license": "/l"}]}</script>'

    assert carriers(html) == {Carrier.JSON_LD: ["json-ld-fields-missing"]}


def test_a_comment_or_a_script_that_says_noai_says_nothing():
    """Only what a reader of HTML sees counts."""
    html = '<!-- <meta name="robots" content="noai"> --><script>"<meta name=robots content=noai>"</script>'

    assert carriers(html) == {}


def test_noindex_for_one_crawler_is_not_noindex():
    """A meta element named for a crawler is for that one."""
    assert no_index(read_page(b'<meta name="robots" content="NoIndex">', ""))
    assert not no_index(read_page(b'<meta name="bingbot" content="noindex">', ""))


@given(st.binary(max_size=300) | st.text("<>!-[]/='\"& abmetpscriptCDATA", max_size=200).map(str.encode))
def test_any_bytes_are_read(body: bytes):
    """A stranger's page never ends the audit."""
    page = read_page(body, "text/html; charset=nonsense")

    assert isinstance(page_readings(page, WHERE), tuple)
