"""A wildcard site has documents for each host name, within bounds of memory and of work."""

from dataclasses import dataclass
from datetime import date

from guard.reservation import documents
from guard.reservation.documents import ReservationSet
from guard.reservation.robots_file import read
from guard.reservation.statement import Statement
from guard.server.cards import CardOwner
from guard.server.site import MAX_HOSTS, Site, Sites, Upstream


@dataclass(frozen=True)
class Documents:
    """Stands for the documents of a base URL."""

    digest: str


def site(host: str, rendered: list[str]) -> Site:
    def render(base_url: str) -> object:
        rendered.append(base_url)
        return Documents(base_url)

    return Site(
        upstream=Upstream(base="http://127.0.0.1:1", unix_socket=""),
        owner=CardOwner(site=host, holder="Jane Doe", contact=""),
        render=render,  # type: ignore[arg-type]
    )


def test_each_host_name_of_a_wildcard_site_is_rendered_once():
    """What was rendered is kept."""
    rendered: list[str] = []
    wild = site("*", rendered)

    for _ in range(3):
        assert wild.reservation("https://a.example") == Documents("https://a.example")

    assert rendered == ["https://a.example"]


def test_invented_host_names_cost_neither_memory_nor_work():
    """Beyond the bound all share one set that names no host, rendered once and not for every request."""
    rendered: list[str] = []
    wild = site("*", rendered)

    sets = [wild.reservation(f"https://{number}.example") for number in range(MAX_HOSTS + 1000)]

    assert set(map(str, sets[MAX_HOSTS:])) == {str(Documents(""))}
    assert len(rendered) == MAX_HOSTS + 1


def test_a_named_site_does_not_listen_to_what_the_client_calls_it():
    """Its own name is the one in its documents."""
    rendered: list[str] = []

    site("photo.example", rendered).reservation("https://evil.example")

    assert rendered == [""]


def test_the_first_site_answers_for_names_nobody_configured_and_a_wildcard_before_it():
    """As web servers do."""
    named, wild = site("photo.example", []), site("*", [])

    assert Sites([named]).find("other.example") is named
    assert Sites([named, wild]).find("other.example") is wild
    assert Sites([wild, named]).find("photo.example") is named


class Rendered:
    """A site whose documents are really made."""

    def __init__(self, host: str) -> None:
        def render(base_url: str) -> ReservationSet:
            statement = Statement(holder="Jane Doe", base_url=base_url or "https://photo.example")
            return documents.render(statement, [("GPTBot", "ai_training")], as_of=date(2026, 11, 24))

        upstream = Upstream(base="http://127.0.0.1:1", unix_socket="")
        self.site = Site(upstream=upstream, owner=CardOwner(site=host, holder="Jane Doe", contact=""), render=render)

    def robots(self, base_url: str = "") -> str:
        document = self.site.reservation(base_url).document("/robots.txt")
        assert document is not None
        return document.body.decode()


OWN = read(b"User-agent: *\nDisallow: /cart/\n")
OTHER = read(b"User-agent: *\nDisallow: /basket/\n")


def test_the_sites_own_file_is_in_the_set_and_in_its_digest():
    """And gone from it when the site has none any more; the digest is the first one again."""
    rendered = Rendered("photo.example")
    first = rendered.site.reservation("").digest

    assert rendered.site.adopt({"": OWN}) is True
    assert rendered.site.adopt({"": OWN}) is False
    assert "Disallow: /cart/" in rendered.robots()
    assert rendered.site.reservation("").digest != first
    assert rendered.site.adopt({}) is True
    assert rendered.site.reservation("").digest == first


def test_each_name_has_its_own_file_or_the_common_one():
    """A name that visitors use for the first time has the common one at once."""
    rendered = Rendered("*")
    rendered.site.reservation("https://b.example")
    rendered.site.adopt({"": OWN, "b.example": OTHER})

    assert "/basket/" in rendered.robots("https://b.example")
    assert "/cart/" in rendered.robots("https://a.example")
    assert rendered.site.authorities() == ("", "b.example", "a.example")
    assert rendered.site.scope(rendered.site.reservation("https://b.example")) == "b.example"
    assert rendered.site.public_url("b.example") == "https://b.example"


def test_a_set_that_no_host_name_is_known_for_is_the_sites():
    """Evidence names it by the site."""
    rendered = Rendered("*")

    assert rendered.site.scope(rendered.site.reservation("")) == "*"
    assert Rendered("photo.example").site.public_url("") == "https://photo.example"
