import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.picture_family import family

SIZES = {
    "query": ("/img/1234?w=800", "/img/1234?w=400&h=300&fit=crop", "/img/1234?width=1200&quality=75&format=webp"),
    "imgix": ("/a.jpg?w=300&auto=format,compress&dpr=2", "/a.jpg?auto=format&q=60&w=301"),
    "photon": ("/a.jpg?resize=300%2C200&ssl=1", "/a.jpg?fit=301,201&ssl=1"),
    "Next.js": ("/_next/image?url=%2Fa.jpg&w=640&q=75", "/_next/image?url=%2Fa.jpg&w=3840&q=100"),
    "Cloudflare": ("/cdn-cgi/image/width=80,quality=75/up/a.jpg", "/cdn-cgi/image/w=9/up/a.jpg"),
    "Uploadcare": ("/u-u-i-d/-/resize/300x/", "/u-u-i-d/-/resize/301x200/-/quality/best/", "/u-u-i-d/-/preview/"),
    "Cloudinary": ("/demo/image/upload/w_300,h_200,c_fill/a.jpg", "/demo/image/upload/c_scale,w_301/a.jpg"),
    "imgproxy": (
        "/insecure/rs:fit:300:200/plain/local:///a.jpg@webp",
        "/insecure/w:301/q:80/plain/local:///a.jpg",
        "/insecure/resize:fill:9:9:0/g:sm/plain/local:///a.jpg@avif",
    ),
    "thumbor": (
        "/unsafe/300x200/smart/a.jpg",
        "/unsafe/fit-in/301x/filters:quality(80)/a.jpg",
        "/unsafe/10x10:90x90/-300x-200/a.jpg",
    ),
    "IIIF": (
        "/iiif/42/full/800,/0/default.jpg",
        "/iiif/42/0,0,512,512/!256,256/0/default.png",
        "/iiif/42/square/max/90/gray.jpg",
        "/iiif/42/pct:0,0,50,50/pct:5/0/color.jpg",
    ),
    "in the name": ("/up/a-300x200.jpg", "/up/a-1024x683.jpg", "/up/a_300x.jpg", "/up/a_x200@2x.jpg", "/up/a@2x.jpg"),
}


@pytest.mark.parametrize("targets", SIZES.values(), ids=SIZES.keys())
def test_all_sizes_of_one_picture_are_one_family(targets):
    """However the site writes them, and in whatever order."""
    assert family(targets[0]) != ""
    assert {family(one) for one in targets} == {family(targets[0])}


@pytest.mark.parametrize("targets", SIZES.values(), ids=SIZES.keys())
def test_another_picture_is_another_family(targets):
    """What names the picture stays."""
    for one, other in ((target, target.replace("a.jpg", "b.jpg").replace("1234", "1235").replace("42", "43")
                        .replace("u-u-i-d", "u-u-i-e").replace("/a", "/b")) for target in targets):  # fmt: skip
        assert family(one) != family(other)


@pytest.mark.parametrize(
    "target",
    ["/a.jpg", "/2024/12/IMG_0001.jpg", "/gallery/1/2.jpg?id=7", "/?s=sunset", "/a.jpg?f=portrait", "/x/", "",
     "/10x.jpg", "/a.jpg?v=3", "/picture.php?/12/category/4", "/a.jpg?w=abc", "/my_photos/a.jpg", "/smart/a.jpg",
     "/c:/a.jpg"],
)  # fmt: skip
def test_what_says_no_size_has_no_family(target):
    """A number is not a size, and a search is not one either."""
    assert family(target) == ""


@given(st.text(max_size=80))
def test_any_target_is_answered(text):
    """Odd escapes and endless repetition included."""
    assert isinstance(family("/" + text), str)


def test_a_long_target_is_read_in_no_time():
    """The client writes it: nothing in it may cost more than its length."""
    for part in ("/-/resize/1x", "/w_1,w_1", "?w=1&", "/1x1:", "a:a:", "/full/1,/0", "-1x1", "/filters:", "@2x"):
        family("/" + part * (2000 // len(part)))
    assert family("/a.jpg?w=1" + "&w=1" * 1000) == ""
