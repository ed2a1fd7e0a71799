"""What does one request tell about its client's behaviour?"""

import pytest

from guard.core.observation import album_id, last_number, picture_id, stem_id
from tests.support.facts import request


@pytest.mark.parametrize(
    ("path", "number"),
    [("/a/p07.jpg", 7), ("/photo.php?id=1234", 1234), ("/a/dawn.jpg", -1), ("/2024/dawn.jpg", 2024),
     ("/a/1-b-22-c", 22), ("/" + "9" * 400, 999999999)],
)  # fmt: skip
def test_the_last_number_of_an_address_is_found(path, number):
    """Data sets are walked by it, whether it is in the path or in the query."""
    assert last_number(request(path)) == number


def test_a_picture_is_its_whole_address_and_an_album_its_folder():
    """Some galleries tell pictures apart by the query alone."""
    assert picture_id(request("/p?id=1")) != picture_id(request("/p?id=2"))
    assert picture_id(request("/a/1.jpg")) == picture_id(request("/a/1.jpg"))
    assert album_id(request("/a/1.jpg")) == album_id(request("/a/2.jpg")) != album_id(request("/b/1.jpg"))
    assert 0 <= picture_id(request("/a/1.jpg")) < 2**64


SIZES = {
    "WordPress": ("/up/coast-300x200.jpg", "/up/coast-1024x683.jpg"),
    "a query": ("/coast.jpg?w=320", "/coast.jpg?w=1600"),
    "both sides": ("/coast.jpg?width=320&height=200", "/coast.jpg?width=1600&height=900"),
    "words": ("/small/coast.jpg", "/large/coast.jpg"),
    "a screen's density": ("/coast@1x.jpg", "/coast@2x.jpg"),
}


@pytest.mark.parametrize("how", SIZES)
def test_two_sizes_of_a_picture_have_one_stem(how):
    """As galleries name them; another picture of the same sizes has another."""
    one, other = (stem_id(request(target)) for target in SIZES[how])

    assert one == other != 0
    assert stem_id(request(SIZES[how][0].replace("coast", "harbour"))) != one


@pytest.mark.parametrize(
    "target", ["/p07.jpg", "/smallville.jpg", "/image.php?id=1024", "/fullmoon.jpg", "/a/1200.jpg"]
)
def test_an_address_that_names_no_size_has_no_stem(target):
    """Numbers of pictures and words that only begin like a size."""
    assert stem_id(request(target)) == 0
