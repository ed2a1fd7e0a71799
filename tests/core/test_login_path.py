import pytest

from guard.core.login_path import has_parameter, is_below

BELOW = {
    "a picture": ("/remote.php/dav/files/jane/a.jpg", True),
    "encoded space": ("/remote.php/dav/files/jane/a%20b.jpg", True),
    "elsewhere": ("/s/token/preview", False),
    "encoded slash": ("/remote.php/dav/..%2f..%2fs/token/preview", False),
    "encoded slash, upper case": ("/remote.php/dav/..%2F..%2Fs/token/preview", False),
    "encoded backslash": ("/remote.php/dav/..%5cs", False),
    "backslash": ("/remote.php/dav/..\\s", False),
}


@pytest.mark.parametrize(("path", "below"), BELOW.values(), ids=BELOW)
def test_a_path_is_below_only_if_every_server_reads_it_so(path: str, below: bool):
    """Else an address of a shared picture could be dressed as one behind the login."""
    assert is_below(path, ("/remote.php/dav/", "/ocs/")) is below


PARAMETERS = {
    "none": ("/a", False),
    "another": ("/a?size=preview", False),
    "as a value": ("/a?size=key", False),
    "the name": ("/a?size=preview&key=x", True),
    "without a value": ("/a?key", True),
    "upper case": ("/a?KEY=x", True),
    "as a list": ("/a?key[]=x", True),
    "encoded": ("/a?%6bey=x", True),
    "encoded list": ("/a?key%5B%5D=x", True),
    "behind a semicolon": ("/a?a=b;key=x", True),
}


@pytest.mark.parametrize(("target", "has"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_is_found_however_it_is_written(target: str, has: bool):
    """It is what makes a path public."""
    assert has_parameter(target, {"key", "slug"}) is has
