"""A wildcard site has documents for each host name, within bounds of memory and of work."""

from guard.server.cards import CardOwner
from guard.server.site import MAX_HOSTS, Site, Sites, Upstream


def site(host: str, rendered: list[str]) -> Site:
    def render(base_url: str) -> object:
        rendered.append(base_url)
        return f"documents of {base_url}"

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
        assert wild.reservation("https://a.example") == "documents of https://a.example"

    assert rendered == ["https://a.example"]


def test_invented_host_names_cost_neither_memory_nor_work():
    """Beyond the bound all share one set that names no host, rendered once and not for every request."""
    rendered: list[str] = []
    wild = site("*", rendered)

    sets = [wild.reservation(f"https://{number}.example") for number in range(MAX_HOSTS + 1000)]

    assert set(map(str, sets[MAX_HOSTS:])) == {"documents of "}
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
