import pytest

from guard.image.coded import digest
from guard.image.rights import rewrite
from tests.image.test_rights import GENERATED, RIGHTS
from tests.support.pictures import encoded, noise, photograph

SAME = [(f"{family} {name}", data) for family, name, data in GENERATED if family != "AVIF" and name != "two pictures"]


@pytest.mark.parametrize("data", [data for _, data in SAME], ids=[name for name, _ in SAME])
def test_rights_do_not_change_the_digest_of_the_picture(data):
    """Before and after are the same picture."""
    assert digest(rewrite(data, RIGHTS, strip=True).body) == digest(data)


def test_another_picture_has_another_digest():
    """One pixel, or one other way to encode it."""
    changed = noise()
    changed.putpixel((3, 3), (1, 2, 3))

    found = {digest(encoded(one, family)) for one in (noise(), changed) for family in ("PNG", "WEBP", "JPEG")}

    assert len(found | {digest(b""), digest(photograph()), digest(photograph()[:-9])}) == 9
