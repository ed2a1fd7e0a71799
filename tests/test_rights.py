"""Does what the owner wrote about rights become the statement that crawlers are told?"""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from guard.configuration import load_configuration
from guard.errors import ConfigurationError
from guard.reservation.offer import Offer
from guard.reservation.statement import Override, Statement
from guard.rights import read_terms, stated_since, statement_of
from guard.settings import Settings
from guard.settings_rights import PathRights, Rights
from guard.settings_warnings import warnings

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"

WHOLE = """\
rights:
  holder: Jane Doe
  contact: rights@photo.example
  licensor: https://agency.example/jane
  creator: Jane D.
  credit: Jane Doe / Agency
  copyright: © 2026 Jane Doe
  terms_file: {de: nutzung.txt}
  tdm: yes
  paths:
    - {path: /albums/press/, train: yes, ai_use: yes}
    - {path: /albums/press/embargo/, search: no}
    - {path: /älbum/, tdm: no}
  offer:
    train: {url: 'https://photo.example/licence', price: '0.01', currency: EUR, unit: training, scope: one model}
    ai_use: {url: 'https://photo.example/licence'}
"""


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Return a function that loads settings from a text, with a German text beside it."""
    (tmp_path / "nutzung.txt").write_text("Erstens.\n\nZweitens.", "utf-8")

    def load(text: str, environ: dict[str, str] | None = None) -> Settings:
        (tmp_path / "guard.yaml").write_text(SITE + text, "utf-8")
        return load_configuration(tmp_path / "guard.yaml", {"HOME": "/home/jane"} | (environ or {}), {}).settings

    return load


def test_everything_that_is_written_is_stated(read: Any) -> None:
    """Words, paths and offers; what a path does not say holds as for the whole site."""
    rights = read(WHOLE).rights

    statement = statement_of(rights, "https://photo.example", read_terms(rights))

    assert statement == Statement(
        holder="Jane Doe",
        contact="rights@photo.example",
        base_url="https://photo.example",
        licensor="https://agency.example/jane",
        creator="Jane D.",
        credit="Jane Doe / Agency",
        copyright="© 2026 Jane Doe",
        terms_text=(("de", "Erstens.\n\nZweitens."),),
        tdm=True,
        paths=(
            Override(path="/albums/press/", train=True, ai_use=True, search=True, tdm=True),
            Override(path="/albums/press/embargo/", train=False, ai_use=False, search=False, tdm=True),
            Override(path="/%C3%A4lbum/", train=False, ai_use=False, search=True, tdm=False),
        ),
        offers=(
            Offer(purpose="ai_use", url="https://photo.example/licence"),
            Offer(
                purpose="train",
                url="https://photo.example/licence",
                price="0.01",
                currency="EUR",
                unit="training",
                scope="one model",
            ),
        ),
    )


def test_the_defaults_state_nothing_more(read: Any) -> None:
    """No offer, no price, no path, our own terms; the phrase that stands for a holder is nobody's name."""
    assert read("").rights.holder == "the author of this site"
    assert statement_of(read("").rights) == Statement()


def test_variables_state_paths_and_offers_too(read: Any) -> None:
    """As for sites, a list is numbered from 0."""
    settings = read(
        "",
        {
            "GUARD_RIGHTS__PATHS__0__PATH": "/press/",
            "GUARD_RIGHTS__PATHS__0__TRAIN": "yes",
            "GUARD_RIGHTS__OFFER__AI_USE__URL": "https://photo.example/licence",
        },
    )

    statement = statement_of(settings.rights)
    assert statement.paths == (Override(path="/press/", train=True, ai_use=False, search=True, tdm=False),)
    assert statement.offers == (Offer(purpose="ai_use", url="https://photo.example/licence"),)


def test_settings_that_crossed_to_another_process_state_the_same(read: Any) -> None:
    """Workers get the settings as JSON."""
    settings = read(WHOLE)

    assert statement_of(Settings.model_validate_json(settings.model_dump_json(by_alias=True)).rights) == statement_of(
        settings.rights
    )


WRONG = {
    "a path without a slash": ("paths: [{path: press, train: yes}]", "must begin with / (did you mean '/press'?)"),
    "a pattern": ("paths: [{path: '/*.jpg', train: yes}]", "must be the plain beginning of a path"),
    "a query": ("paths: [{path: '/a?b', train: yes}]", "must be the plain beginning of a path"),
    "the whole site": ("paths: [{path: /, train: yes}]", "must be more than /"),
    "a path that says nothing": ("paths: [{path: /a/}]", "says nothing of its own; add one of train"),
    "one path twice": ("paths: [{path: /a/, train: yes}, {path: //a/./, tdm: yes}]", "paths 0 and 1 are the same"),
    "an unknown answer": ("paths: [{path: /a/, trian: yes}]", "did you mean 'train'?"),
    "an offer for a permitted use": (
        "{train: yes, offer: {train: {url: 'https://a/'}}}",
        "rights.offer.train: train is permitted, so there is nothing to license",
    ),
    "a price without a currency": ("offer: {train: {url: 'https://a/', price: '1'}}", "'currency' is missing"),
    "a currency without a price": ("offer: {train: {url: 'https://a/', currency: EUR}}", "'price' is missing"),
    "a price as number": ("offer: {train: {url: 'https://a/', price: 0.01}}", "must be text; put it in quotes"),
    "a price of nothing": ("offer: {train: {url: 'https://a/', price: '0.00', currency: EUR}}", "above zero"),
    "a small currency": ("offer: {train: {url: 'https://a/', price: '1', currency: eur}}", "did you mean 'EUR'?"),
    "an unknown unit": ("offer: {train: {url: 'https://a/', unit: free}}", "must be one of crawl, training, use"),
    "an offer without a page": ("offer: {train: {price: '1', currency: EUR}}", "offer.train.url: is missing"),
    "a plain licensor": ("licensor: http://a/", "must be an address that starts with https://"),
    "a text that is not there": ("terms_file: {en: none.txt}", "none.txt: rights.terms_file.en: can not be read"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=list(WRONG))
def test_what_contradicts_itself_is_refused(read: Any, text: str, said: str) -> None:
    """At the place in the file, before anything is served."""
    with pytest.raises(ConfigurationError) as caught:
        read(f"rights: {text if text.startswith('{') else '{' + text + '}'}\n")

    assert said.split(" (did", maxsplit=1)[0] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff\xfe", "is not UTF-8"), (b" \n", "is empty"), (b"x" * 60_000, "has 60000 characters")]
)
def test_a_text_that_can_not_be_shown_is_refused(read: Any, tmp_path: Path, content: bytes, said: str) -> None:
    """The owner hears of it at the check, not a visitor on the page."""
    (tmp_path / "own.txt").write_bytes(content)

    with pytest.raises(ConfigurationError, match=f"own.txt: rights.terms_file.en: {said}"):
        read("rights: {terms_file: {en: own.txt}}\n")


def test_a_site_can_have_paths_and_offers_of_its_own(read: Any, tmp_path: Path) -> None:
    """A site's answer permits what all sites offer only if its own rights take the offer away."""
    own = "sites: [{host: a.example, upstream: 'http://127.0.0.1:1', rights: {train: yes%s}}]\n"
    rights = "rights: {terms_file: {de: nutzung.txt}, offer: {train: {url: 'https://a.example/'}}}\n"
    (tmp_path / "own.yaml").write_text(own % ", offer: {}" + rights)
    (tmp_path / "wrong.yaml").write_text(own % "" + rights)

    settings = load_configuration(tmp_path / "own.yaml", {"HOME": "/"}, {}).settings

    assert settings.rights_of(settings.sites[0]).terms_file.de == tmp_path / "nutzung.txt"
    assert statement_of(settings.rights_of(settings.sites[0])).offers == ()
    assert statement_of(settings.rights).offers != ()
    with pytest.raises(ConfigurationError, match="nothing to license"):
        load_configuration(tmp_path / "wrong.yaml", {"HOME": "/"}, {})


def test_the_statement_is_as_old_as_its_youngest_file(read: Any, tmp_path: Path) -> None:
    """The owner's own words are part of what is said."""
    settings = read(WHOLE)
    os.utime(tmp_path / "guard.yaml", (1e9, 1e9))
    os.utime(tmp_path / "nutzung.txt", (1.1e9, 1.1e9))

    assert stated_since(tmp_path / "guard.yaml", settings) == date(2004, 11, 9)


def test_a_public_price_and_a_permitted_path_are_warned_about(read: Any) -> None:
    """Both are allowed, and probably not thought through."""
    said = "\n".join(warnings(read(WHOLE)))

    assert "names a public price for train: a court may take it for the going rate" in said
    assert "permits training below /albums/press/, but policy 'moderate' still refuses" in said
    assert "ai_use: a court" not in said


@given(text=st.text(max_size=30).map(lambda tail: "/" + tail))
def test_a_path_that_is_accepted_can_be_stated(text: str) -> None:
    """A configuration that is right never fails later, when the reservation is rendered from it."""
    try:
        path = PathRights.model_validate({"path": text, "train": True})
    except ValidationError:
        return

    (override,) = statement_of(Rights(paths=(path,))).paths

    assert override.path == path.path
