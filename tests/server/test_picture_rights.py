from dataclasses import replace

from guard.errors import ConfigurationError
from guard.image.data_mining import EVERY_USE, Use
from guard.reservation.statement import Override, Statement
from guard.server.picture_rights import packet, picture_jobs
from guard.server.site import MAX_HOSTS
from guard.settings import Site
from guard.settings_pictures import SiteInImage
from tests.support.facts import request

SITE = Site(host="photo.example", upstream="http://127.0.0.1:1")
ANY = Site(host="*", upstream="http://127.0.0.1:1")
PRESS = Override(path="/press/", train=True, ai_use=True, search=True, tdm=True)


def stated(base_url):
    return Statement(holder="Jane Doe", contact="https://photo.example/ask", base_url=base_url, paths=(PRESS,))


def test_a_picture_says_what_the_statement_says():
    """Every field has its source."""
    said = packet(Statement(holder="Jane", creator="Max", contact="a@b.example", base_url="https://photo.example"))

    assert said.permitted == {Use.SEARCH}
    assert (said.creator, said.credit, said.notice) == ("Max", "Max", "© Jane")
    assert (said.licensor_name, said.licensor_email, said.licensor_url) == ("Jane", "a@b.example", "")
    assert said.web_statement == "https://photo.example/.well-known/guard/terms"


def test_nobody_is_named_where_nobody_was():
    """The default holder is a description, and no name to write into a picture."""
    said = packet(Statement(holder="the author of this site"))

    assert (said.creator, said.credit, said.notice, said.licensor_name) == ("", "", "", "")
    assert said.web_statement == ""
    assert said.constraints != ()


def test_a_path_with_answers_of_its_own_has_pictures_of_its_own():
    """The press album permits what the rest reserves."""
    jobs = picture_jobs(SITE, SiteInImage(), stated)
    assert jobs is not None

    press = jobs(replace(request(), path="/press/a.jpg")).rights
    other = jobs(replace(request(), path="/a.jpg")).rights
    assert press is not None
    assert other is not None
    assert (press.permitted, press.constraints) == (EVERY_USE, ())
    assert other.permitted == {Use.SEARCH}
    assert other.licensor_url == "https://photo.example/ask"


def test_the_host_is_that_of_the_site_or_of_the_request():
    """Where it makes no URL, or there are too many, none is named."""

    def strict(base_url):
        if "bad" in base_url:
            raise ConfigurationError(())
        return Statement(base_url=base_url)

    jobs = picture_jobs(ANY, SiteInImage(), strict)
    assert jobs is not None

    def web(authority):
        said = jobs(replace(request(), scheme="https", authority=authority)).rights
        return said.web_statement if said else None

    assert web("one.example") == "https://one.example/.well-known/guard/terms"
    assert web("bad example") == ""
    for number in range(MAX_HOSTS):
        web(f"h{number}.example")
    assert web("one.example") == "https://one.example/.well-known/guard/terms"
    assert web("too-many.example") == ""


def test_settings_choose_what_is_done():
    """Nothing at all; only private data; everything."""
    assert picture_jobs(SITE, SiteInImage(rights=False, privacy="keep"), stated) is None
    only = picture_jobs(SITE, SiteInImage(rights=False), stated)
    signed = picture_jobs(SITE, SiteInImage(c2pa=True, privacy="keep"), stated)
    assert only is not None
    assert signed is not None

    assert (only(request()).rights, only(request()).strip) == (None, True)
    assert (signed(request()).sign, signed(request()).strip) == (True, False)
