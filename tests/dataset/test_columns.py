"""Columns are known by the names that published data sets have; the owner names the others."""

import pytest

from guard.dataset.columns import ColumnError, choose_columns, read_mapping
from guard.errors import UsageError

PUBLISHED = {
    "LAION": (
        ["SAMPLE_ID", "URL", "TEXT", "HEIGHT", "WIDTH", "LICENSE", "NSFW", "similarity", "hash"],
        {"url": "URL", "caption": "TEXT", "width": "WIDTH", "height": "HEIGHT"},
    ),
    "img2dataset": (
        ["url", "caption", "key", "status", "original_width", "original_height", "width", "height", "exif", "sha256"],
        {
            "url": "url",
            "caption": "caption",
            "sha256": "sha256",
            "width": "original_width",
            "height": "original_height",
        },
    ),
    "COYO": (
        ["id", "url", "text", "width", "height", "image_phash"],
        {"url": "url", "caption": "text", "phash": "image_phash", "width": "width", "height": "height"},
    ),
    "Common Crawl": (
        ["url_surtkey", "url", "url_host_name", "url_host_registered_domain", "fetch_time", "content_mime_detected"],
        {"url": "url", "at": "fetch_time", "media_type": "content_mime_detected"},
    ),
}


@pytest.mark.parametrize(("present", "expected"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_data_sets_are_known(present, expected):
    """LAION's `hash` is of address and caption, so it is no digest of the file."""
    assert choose_columns(present, {}) == expected


def test_what_the_owner_names_comes_first():
    """And is not taken for something else as well."""
    assert choose_columns(["url", "text"], {"url": "text"}) == {"url": "text"}
    assert choose_columns(["hash"], {"md5": "hash"}) == {"md5": "hash"}


def test_many_columns_are_cut_short():
    """A message has an end."""
    with pytest.raises(ColumnError, match="and 60 more"):
        choose_columns([f"c{number}" for number in range(100)], {})


@pytest.mark.parametrize("option", ["url", "=x", "url=", "colour=x"])
def test_a_mapping_of_another_form_is_refused(option):
    """With the fields there are."""
    with pytest.raises(UsageError, match="write FIELD=NAME"):
        read_mapping([option])


def test_a_column_may_have_an_equals_sign():
    """Only the first one counts."""
    assert read_mapping(["url=a=b"]) == {"url": "a=b"}
