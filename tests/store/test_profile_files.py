from typing import get_args

import pytest

from guard.core.classification import Conduct
from guard.core.crawlers import Purpose
from guard.core.facts import Kind, KindSource, ResponseFacts
from guard.settings import Site
from guard.store.profile_files import FOLDER, WITHOUT, profile_rules
from guard.store.rule_files import rules_root
from tests.support.facts import request, who

ROOT = rules_root().path
PROFILES = [name for name in get_args(Site.model_fields["profile"].annotation) if name != WITHOUT]
OWN = {
    "wordpress": ["/wp-admin/post.php", "/wp-login.php", "/wp-json/wp/v2/media", "/xmlrpc.php"],
    "nextgen": ["/wp-admin/admin-ajax.php"],
    "lychee": ["/api/v2/Album", "/login"],
    "piwigo": ["/ws.php", "/identification.php"],
    "immich": ["/api/assets", "/api/search/metadata", "/auth/login"],
    "photoprism": ["/api/v1/photos", "/originals/2026/"],
    "nextcloud": ["/remote.php/dav/files/jane/", "/ocs/v2.php/core/getapppassword", "/login"],
}
PICTURES = {
    "wordpress": "/wp-content/uploads/2026/11/a.jpg", "nextgen": "/wp-content/gallery/harbour/a.jpg",
    "lychee": "/uploads/original/a.jpg", "piwigo": "/upload/2026/11/25/a.jpg",
    "immich": "/api/assets/0b6a/original?key=a", "photoprism": "/api/v1/t/ab/public/fit_2048",
    "nextcloud": "/index.php/apps/files_sharing/publicpreview/a",
}  # fmt: skip


def answer(kind):
    return ResponseFacts(kind=kind, source=KindSource.RESPONSE)


def applies(rules, path, client, kind, host="photo.example"):
    asked = request(path, host=host)
    return any(
        rule.when.holds_for_request(asked, client) and rule.when.holds_for_resource(client, answer(kind))
        for rule in rules
    )


@pytest.mark.parametrize("name", PROFILES)
def test_a_program_s_own_pages_and_apps_are_left_alone(name):
    """However fast they ask; what is a picture is judged as everywhere, and so is who names itself a crawler."""
    rules = profile_rules([("photo.example", name)], ROOT)
    app = who(Purpose.BROWSER, crawler=None, conduct=Conduct.HOSTILE)
    crawler = who(Purpose.AI_TRAINING)

    for path in OWN[name]:
        assert applies(rules, path, app, Kind.OTHER), path
        assert not applies(rules, path, crawler, Kind.OTHER), path
    assert not applies(rules, PICTURES[name], app, Kind.ORIGINAL)
    assert not applies(rules, "/about", app, Kind.PAGE)


def test_a_profile_is_for_the_sites_that_name_it():
    """Another site under the same guard may use these addresses for something else."""
    rules = profile_rules([("a.example", "immich"), ("b.example", "static"), ("c.example", "immich")], ROOT)
    app = who(Purpose.BROWSER, crawler=None)

    assert [applies(rules, "/api/assets", app, Kind.OTHER, host=f"{one}.example") for one in "abc"] == [
        True,
        False,
        True,
    ]
    everywhere = profile_rules([("*", "immich")], ROOT)
    assert applies(everywhere, "/api/assets", app, Kind.OTHER, host="anything.example")


def test_every_profile_is_a_file_and_every_file_a_profile():
    """A name that a site may give is never without effect."""
    assert sorted(path.stem for path in (ROOT / FOLDER).glob("*.yaml")) == sorted(PROFILES) == sorted(OWN)
