"""What a site's own robots.txt last said survives a restart and a damaged file."""

from dataclasses import replace
from pathlib import Path

from guard.store.upstream_robots import Look, SiteRobots, keep, load, version

ONE = SiteRobots(
    site="photo.example",
    authority="",
    look=Look.MERGED,
    reason="",
    body=b"User-agent: *\nDisallow: /\xe4\n",
    fetched_at=1_764_000_000,
    findings=("it is not UTF-8; it was read as Latin-1",),
)


def test_what_is_kept_is_read_again_to_the_byte(tmp_path: Path):
    """By site and name; the folder is the owner's alone."""
    other = replace(ONE, site="*", authority="b.example:8443", look=Look.KEPT, reason="it is an HTML page")
    keep(tmp_path / "robots", ONE)
    keep(tmp_path / "robots", other)

    assert load(tmp_path / "robots") == {("photo.example", ""): ONE, ("*", "b.example:8443"): other}
    assert (tmp_path / "robots").stat().st_mode & 0o777 == 0o700


def test_others_see_that_a_file_was_replaced(tmp_path: Path):
    """Also twice in one tick of the clock."""
    seen = {version(tmp_path / "robots")}
    for number in range(5):
        keep(tmp_path / "robots", replace(ONE, fetched_at=number))
        seen.add(version(tmp_path / "robots"))

    assert len(seen) > 2
    assert "" in seen


def test_a_damaged_file_is_no_file(tmp_path: Path):
    """The others are read all the same."""
    keep(tmp_path, ONE)
    for number, body in enumerate((b"", b"{", b"[]", b'{"site": 1}', b'{"look": "lost"}')):
        (tmp_path / f"{number}.json").write_bytes(body)

    assert list(load(tmp_path).values()) == [ONE]


def test_only_what_needs_a_look_is_an_alarm():
    """A site without a file is none."""
    assert [look for look in Look if look.failed] == [Look.KEPT, Look.ALONE]
