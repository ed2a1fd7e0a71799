import pytest

from guard.server.sitemap import MOST_ADDRESSES, read

GALLERY = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url><loc>https://photo.example/album?a=1&amp;b=2</loc>
  <image:image><image:loc> https://photo.example/one </image:loc></image:image>
  <image:image><image:loc><![CDATA[https://photo.example/two.jpg]]></image:loc></image:image></url>
 <url><loc>https://photo.example/three.webp</loc><video:loc>https://photo.example/film</video:loc></url>
 <url><loc>https://photo.example/three.webp</loc></url>
</urlset>"""
INDEX = b"<sitemapindex><sitemap><loc>https://photo.example/a.xml</loc></sitemap></sitemapindex>"


def test_a_sitemap_names_pictures_and_pages():
    """Those of the image extension whatever their name, others by how they end."""
    found = read(GALLERY)

    assert found.pictures == tuple(f"https://photo.example/{name}" for name in ("one", "two.jpg", "three.webp"))
    assert found.pages == ("https://photo.example/album?a=1&b=2",)
    assert found.sitemaps == ()


def test_an_index_names_sitemaps():
    """And nothing else."""
    found = read(INDEX)

    assert found.sitemaps == ("https://photo.example/a.xml",)
    assert found.pictures == found.pages == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff" * 5000, b"<loc>" * 100_000, b"<urlset><loc>https://x.exa"])
def test_something_else_names_nothing(body):
    """Whatever it is, and at once."""
    assert read(body) == read(b"")


def test_so_many_addresses_are_read_and_no_more():
    """A file of eight megabytes could have three times as many."""
    body = b"".join(b"<loc>/%d.jpg</loc>" % number for number in range(MOST_ADDRESSES + 1000))

    assert len(read(body).pictures) == MOST_ADDRESSES
