"""What data sets list becomes rules that the policy takes, and that spare people and search engines."""

from datetime import date

from guard.configuration import load_configuration
from guard.core.policy import FORBIDDEN, GONE, Action
from guard.dataset.identifiers import of_hosts
from guard.dataset.listed_rules import ListedPaths, paths_text, rules_text
from guard.dataset.matcher import Listed, Matcher
from guard.dataset.scan import Found


def found(url: str, **more: str) -> Found:
    listed = Listed(url=url, **more)
    return Found("f", 1, listed, Matcher(of_hosts(["photo.example"])).matches(listed))


def test_only_paths_on_the_owners_hosts_count():
    """As they arrive in requests; not the front page, not pages, not other people's addresses."""
    paths = ListedPaths()
    for one in (
        found("https://photo.example/a.jpg?w=1"),
        found("http://www.photo.example:80/p//b%2ejpg"),
        found("https://photo.example/Grüße 1.jpg"),
        found("https://photo.example/100%25.jpg"),
        found("https://photo.example/"),
        found("https://photo.example"),
        found("https://photo.example/about", media_type="text/html"),
        found("https://i0.wp.com/photo.example/c.jpg"),
    ):
        paths.add(one)

    assert paths_text(paths.paths) == "/100%25.jpg\n/Gr%C3%BC%C3%9Fe%201.jpg\n/a.jpg\n/p/b.jpg\n"


def _configuration(tmp_path, answer):
    (tmp_path / "listed.txt").write_text("/a.jpg\n")
    rules = rules_text("listed.txt", 1, answer, date(2026, 11, 24))
    text = "sites:\n  - {host: photo.example, upstream: http://127.0.0.1:8080}\nrights: {contact: me@photo.example}\n"
    path = tmp_path / "guard.yaml"
    path.write_text(text + "listen: 0.0.0.0:8700\nrules:\n" + "".join(f"  {line}\n" for line in rules.splitlines()))
    return load_configuration(path, {"HOME": "/"}, {})


def test_the_rules_stand_in_a_configuration(tmp_path):
    """Without a fault, and without a warning about search engines."""
    for answer, action, status in (("gone", Action.REFUSE, GONE), ("preview", Action.PREVIEW, FORBIDDEN)):
        configuration = _configuration(tmp_path, answer)
        rules = configuration.policy.rules[:2]

        assert [(one.action, one.status) for one in rules] == [(action, status)] * 2
        assert [one.when.paths_file[0].paths for one in rules] == [{"/a.jpg"}] * 2
        assert configuration.warnings == []


def test_people_need_a_ticket_where_that_is_wanted(tmp_path):
    """Crawlers are told that it is gone; the missing setting is told."""
    configuration = _configuration(tmp_path, "ticket")
    gone, behaviour, ticket = configuration.policy.rules[:3]

    assert {gone.status, behaviour.status} == {GONE}
    assert (ticket.action, ticket.when.ticket) == (Action.PREVIEW, {"missing"})
    assert "ai_training" not in ticket.when.purpose
    assert ["set tickets.give: yes" in one for one in configuration.warnings] == [True]
