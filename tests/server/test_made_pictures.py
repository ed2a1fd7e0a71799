from dataclasses import replace

from guard.server.made_pictures import Known, KnownUrls, MadePictures, Result
from tests.support.facts import request


def test_what_was_made_is_kept_up_to_so_many_bytes():
    """Those asked for longest ago go; one that is larger than everything does not stay."""
    made = MadePictures(limit=1500)
    for name in (b"a", b"b"):
        made.put(name, Result(name * 500, "t"))
    made.get(b"a")
    made.put(b"c", Result(b"c" * 500, "t"))

    assert [made.get(name) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
    made.put(b"d", Result(b"d" * 5000, "t"))
    assert made.get(b"d") is None


def test_pictures_that_stay_as_they_are_are_bounded_too():
    """An entry without bytes is not free."""
    made = MadePictures(limit=10_000)
    for number in range(1000):
        made.put(number.to_bytes(4, "big"), Result(b"", ""))

    assert sum(made.get(number.to_bytes(4, "big")) is not None for number in range(1000)) == 50


def test_urls_are_known_by_host_and_target():
    """And forgotten, on request or when there are too many."""
    urls = KnownUrls(most=2)
    first, second, third = (replace(request(), target=f"/{name}") for name in "abc")
    urls.put(first, Known('"u"', '"t"', 1))

    assert urls.get(replace(first, authority="other.example")) is None
    assert urls.get(first) == Known('"u"', '"t"', 1)
    urls.put(second, Known("", '"s"', 1))
    urls.put(third, Known("", '"r"', 1))
    assert urls.get(first) is None
    urls.forget(second)
    assert urls.get(second) is None
