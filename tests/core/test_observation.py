"""What does one request tell about its client's behaviour?"""

import pytest

from guard.core.observation import album_id, last_number, picture_id
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
