"""Settings: safe defaults, sources over each other, and every fault at once."""

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from guard.core.client_address import AddressPolicy
from guard.errors import ConfigurationError, UsageError
from guard.reservation.statement import Statement
from guard.settings import Rights, Settings, Site, from_upstream, json_schema, load_settings
from guard.settings_warnings import warnings

SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
HOME = {"HOME": "/home/jane"}

WHOLE = """\
sites:
  - host: photo.example
    upstream: http://127.0.0.1:8080
    profile: wordpress
rights:
  holder: Jane Doe
  contact: rights@photo.example
  terms: https://photo.example/terms
  train: no
  search: yes
client_ip: {from: x-forwarded-for, trusted: [127.0.0.1/32]}
policy: moderate
evidence: {directory: /var/lib/guard/evidence, time_stamps: [https://tsa.example/tsr]}
"""


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Return a function that loads settings from a text."""

    def load(text: str, environ: Mapping[str, str] = HOME, overrides: Mapping[str, str] | None = None) -> Settings:
        path = tmp_path / "guard.yaml"
        path.write_text(text)
        return load_settings(path, environ, overrides or {})

    return load


@pytest.fixture
def faults(read: Any, tmp_path: Path) -> Any:
    """Return a function that gives what is said about a text, with the file called `f`."""

    def told(text: str, environ: Mapping[str, str] = HOME) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            read(text, environ)
        return [str(fault).replace(str(tmp_path / "guard.yaml"), "f") for fault in caught.value.faults]

    return told


def test_one_site_is_enough(read: Any) -> None:
    """Everything else has a safe default: loopback, reserved for training, moderate, nothing believed."""
    settings = read(SITE)

    assert settings.listen == "127.0.0.1:8700"
    assert settings.admin == "127.0.0.1:8701"
    assert settings.workers == 1
    assert settings.policy == "moderate"
    assert settings.rules == ()
    assert settings.client_ip.policy() == AddressPolicy()
    assert settings.sites[0].base_url == "https://photo.example"
    assert settings.evidence.directory == Path("/home/jane/.local/state/crawler-guard/evidence")
    rights = settings.rights_of(settings.sites[0])
    assert (rights.train, rights.ai_use, rights.search, rights.tdm) == (False, False, True, False)
    assert rights.holder == "the author of this site"
    assert settings.access_log == "off"


def test_the_whole_example_is_read(read: Any) -> None:
    """The configuration of the documentation is a configuration."""
    settings = read(WHOLE)

    assert settings.rights.holder == "Jane Doe"
    assert settings.rights.train is False
    assert settings.rights.search is True
    assert settings.client_ip.policy() == AddressPolicy(header="x-forwarded-for", trusted=(ip_network("127.0.0.1/32"),))
    assert settings.evidence.directory == Path("/var/lib/guard/evidence")


WRONG = {
    "no site": ("listen: 127.0.0.1:1", "f:1:1: sites: is missing"),
    "empty file": ("", "f:1:1: sites: is missing"),
    "not a mapping": ("- a", "f:1:1: must be a mapping"),
    "empty sites": ("sites: []", "f:1:8: sites: must have at least 1"),
    "unknown key": (SITE + "listn: x", "f:2:1: listn: unknown key (did you mean 'listen'?)"),
    "unknown inner key": (SITE + "rights: {hodler: x}", "f:2:10: rights.hodler: unknown key (did you mean 'holder'?)"),
    "time as port": (SITE + "listen: 22:22", "f:2:9: listen: must start with an address of this machine"),
    "port as number": (SITE + "listen: 8700", "(did you mean '127.0.0.1:8700'?)"),
    "port too high": (SITE + "listen: 127.0.0.1:65536", "must be an address with a port"),
    "name to listen on": (SITE + "listen: example.org:80", "must start with an address of this machine"),
    "relative socket": (SITE + "listen: unix:guard.sock", "must name the socket by its whole path"),
    "open admin": (SITE + "admin: 0.0.0.0:8701", "f:2:8: admin: without a password only this machine"),
    "admin on listen": (SITE + "admin: 127.0.0.1:8700", "f:2:8: admin: is the same as listen"),
    "no workers": (SITE + "workers: 0", "must be a whole number from 1 to 64, or auto"),
    "workers by truth": (SITE + "workers: true", "must be a whole number from 1 to 64, or auto"),
    "hints from nobody": (
        SITE + "behaviour: {hints: {ja4: x-ja4}}",
        "f:2:20: behaviour.hints: hints are believed only from the servers in front of us",
    ),
    "a hint that is something else": (
        SITE + "client_ip: {trusted: [10.0.0.1]}\nbehaviour: {hints: {ja4: User-Agent}}",
        "f:3:26: behaviour.hints.ja4: 'user-agent' is a field with another meaning",
    ),
    "two hints in one field": (
        SITE + "client_ip: {trusted: [10.0.0.1]}\nbehaviour: {hints: {tls: x-a, http: X-A}}",
        "two hints are read from one field",
    ),
    "a hint that is no field": (
        SITE + "client_ip: {trusted: [10.0.0.1]}\nbehaviour: {hints: {tls: 'x a'}}",
        "must be the name of a header field",
    ),
    "policy": (SITE + "policy: strickt", "f:2:9: policy: must be one of open, moderate, strict, or the path of a"),
    "policy typo": (SITE + "policy: strickt", "(did you mean 'strict'?)"),
    "policy off": (SITE + "policy: off", "must be one of open, moderate, strict"),
    "trusted missing": (SITE + "client_ip: {from: forwarded}", "f:2:19: client_ip.from: 'forwarded' is believed only"),
    "source typo": (SITE + "client_ip: {from: x-forwarded-fo}", "(did you mean 'x-forwarded-for'?)"),
    "bits behind prefix": (SITE + "client_ip: {trusted: [10.0.0.1/8]}", "(did you mean '10.0.0.0/8'?)"),
    "train maybe": (SITE + "rights: {train: maybe}", "f:2:17: rights.train: must be yes or no"),
    "plain terms": (SITE + "rights: {terms: 'http://x'}", "must be an address that starts with https://"),
    "terms with a line": (
        SITE + 'rights: {terms: "https://x/\\nA: b"}',
        "must be an address that starts with https://",
    ),
    "holder of two lines": (SITE + 'rights: {holder: "a\\nb"}', "must be one line"),
    "holder as number": (SITE + "rights: {holder: 1984}", "must be text; put it in quotes"),
    "sizes": (SITE + "images: {thumbnail_side: 1600}", "f:2:26: images.thumbnail_side: must be less than display_side"),
    "preview size": (SITE + "images: {preview_side: 1700}", "images.preview_side: must be at most display_side"),
    "timeout": (SITE + "timeouts: {read: 0}", "must be more than 0"),
    "endless timeout": (SITE + "timeouts: {read: .inf}", "timeouts.read: must be"),
    "a rule without id": (SITE + "rules: [{action: allow}]", "f:2:9: rules.0.id: is missing; add it"),
    "evidence without value": (SITE + "evidence:", "f:2:10: evidence: has no value; must be a mapping"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_setting_is_told_with_its_place(faults: Any, text: str, said: str) -> None:
    """One fault, its place, and what was probably meant."""
    (told,) = faults(text)

    assert said in told


HOSTS = {
    "port": ("photo.example:80", "must be a name without a port (did you mean 'photo.example'?)"),
    "url": ("https://photo.example/", "(did you mean 'photo.example'?)"),
    "umlaut": ("grün.example", "must be written in its ASCII form (did you mean 'xn--grn-ioa.example'?)"),
    "wildcard": ("'*.example'", "must be one whole name, or *"),
    "space": ("a b", "must be a host name"),
    "slash": ("a/b", "must be a host name"),
    "underscore": ("a_b", "must be a host name"),
}


@pytest.mark.parametrize(("host", "said"), HOSTS.values(), ids=list(HOSTS))
def test_a_host_is_a_name(faults: Any, host: str, said: str) -> None:
    """What is no host name is told with the one that was meant."""
    (told,) = faults(f"sites: [{{host: {host}, upstream: 'http://a'}}]")

    assert said in told


@pytest.mark.parametrize(
    "upstream",
    [
        "127.0.0.1:8080",
        "http://a/path",
        "http://u:p@a",
        "ftp://a",
        "unix:x",
        "http://",
        "http://a b",
        "http://a:0",
        "http://a:99999",
    ],
)
def test_an_upstream_is_an_address_without_path(faults: Any, upstream: str) -> None:
    """What can not be forwarded to is a fault now, not an error 502 later."""
    (told,) = faults(f"sites: [{{host: a, upstream: '{upstream}'}}]")

    assert "sites.0.upstream: must" in told


def test_addresses_are_read_in_every_form(read: Any) -> None:
    """IPv6 and unix sockets are addresses; a public URL without path loses its slash."""
    settings = read(
        "listen: '[::1]:0'\nadmin: unix:/run/guard.sock\nworkers: auto\nsites:\n"
        "- {host: PHOTO.example., upstream: 'unix:/run/site.sock', public_url: 'https://WWW.photo.example/'}\n"
        "- {host: '*', upstream: 'https://[::1]:8443'}\n"
    )

    first, rest = settings.sites
    assert (first.host, first.base_url) == ("photo.example", "https://www.photo.example")
    assert (first.upstream_socket, first.upstream_base) == ("/run/site.sock", "http://localhost")
    assert (rest.upstream_socket, rest.upstream_base, rest.base_url) == ("", "https://[::1]:8443", "")
    assert settings.workers == 0


def test_an_upstream_may_have_a_name_of_its_own_network(read: Any) -> None:
    """Container networks use names that no URL for visitors may have."""
    assert read("sites: [{host: a, upstream: 'http://my_site:80'}]").sites[0].upstream == "http://my_site:80"


URLS = st.text(alphabet="ab-._~:/?#[]@!$&'()*+,;=%0 \"<é\n", max_size=20)


@given(
    terms=URLS.map(lambda text: f"https://{text}"),
    public=URLS.map(lambda text: f"https://{text}"),
    holder=st.text(max_size=320),
    contact=st.text(max_size=320),
)
def test_what_is_accepted_can_be_stated(terms: str, public: str, holder: str, contact: str) -> None:
    """A configuration that is right never fails later, when the reservation is rendered from it."""
    accepted: dict[str, Any] = {}
    for key, text in (("terms", terms), ("holder", holder), ("contact", contact)):
        with suppress(ValidationError):
            accepted[key] = getattr(Rights.model_validate({key: text}), key)
    with suppress(ValidationError):
        accepted["public"] = Site.model_validate({"host": "*", "upstream": "http://a", "public_url": public}).base_url

    statement = Statement(
        holder=accepted.get("holder", ""),
        contact=accepted.get("contact", ""),
        terms_url=accepted.get("terms", ""),
        base_url=accepted.get("public", ""),
    )

    assert statement.terms_url == accepted.get("terms", "")


def test_hosts_are_unique_and_that_is_told_with_all_other_faults(faults: Any) -> None:
    """A fault in one site does not hide that two have the same name."""
    told = faults("sites:\n- {host: a, upstream: 'http://x'}\n- {host: A, upstream: x}\n")

    assert told[0] == "f:3:10: sites.1.host: site 0 has the same host; keep one of the two"
    assert "sites.1.upstream" in told[1]


@pytest.mark.parametrize(
    ("listen", "upstream"),
    [
        ("127.0.0.1:8700", "http://127.0.0.1:8700"),
        ("127.0.0.1:8700", "http://localhost:8700"),
        ("0.0.0.0:80", "http://127.0.0.1"),
        ("'[::]:8700'", "http://[::1]:8700"),
        ("unix:/run/guard.sock", "unix:/run/guard.sock"),
    ],
)
def test_a_site_does_not_stand_behind_the_guards_own_listener(faults: Any, listen: str, upstream: str) -> None:
    """Every request would come back to the guard until its connections are used up."""
    told = faults(f"listen: {listen}\nsites:\n- {{host: a, upstream: '{upstream}'}}\n")

    assert told == ["f:3:23: sites.0.upstream: this is where the guard itself listens; name the site behind it"]


@pytest.mark.parametrize(
    ("listen", "upstream"),
    [
        ("127.0.0.1:8700", "http://127.0.0.1:8702"),
        ("127.0.0.1:8700", "http://127.0.0.2:8700"),
        ("0.0.0.0:80", "http://gallery"),
        ("systemd", "http://127.0.0.1:8700"),
    ],
)
def test_a_site_may_be_anywhere_else(read: Any, listen: str, upstream: str) -> None:
    """Also at the same port of another address, or under a name that only the network knows."""
    assert read(f"listen: {listen}\nsites:\n- {{host: a, upstream: '{upstream}'}}\n").sites[0].upstream == upstream


def test_an_upstream_without_its_scheme_is_told_with_it(faults: Any) -> None:
    """Most people write the address and the port."""
    told = faults("sites:\n- {host: a, upstream: 127.0.0.1:8080}\n")

    assert "(did you mean 'http://127.0.0.1:8080'?)" in told[0]


def test_a_site_can_state_rights_of_its_own(read: Any) -> None:
    """What it does not state is as for all sites."""
    settings = read(SITE.replace("}]", ", rights: {train: yes}}]") + "rights: {holder: Jane, search: no}")

    rights = settings.rights_of(settings.sites[0])

    assert (rights.holder, rights.train, rights.search) == ("Jane", True, False)


def test_settings_survive_the_way_to_another_process(read: Any) -> None:
    """There and back as JSON, also what is not at its default."""
    rules = "rules: [{id: a, when: {network: 10.0.0.0/8, purpose: seo}, action: preview, size: display}]\n"
    settings = read(SITE.replace("}]", ", rights: {train: yes}}]") + rules + "rights: {holder: Jane}\nworkers: auto\n")

    back = Settings.model_validate(settings.model_dump(mode="json", by_alias=True))

    assert back == settings
    assert back.rights_of(back.sites[0]).holder == "Jane"
    assert back.rules[0].rule() == settings.rules[0].rule()


def test_paths_in_the_file_are_relative_to_it(read: Any, tmp_path: Path) -> None:
    """The working directory of whoever starts the guard does not matter; `~` is home."""
    settings = read(SITE + "policy: mine.yaml\nevidence: {directory: log}\naccess_log: ~/access.log\n")

    assert settings.policy == str(tmp_path / "mine.yaml")
    assert settings.evidence.directory == tmp_path / "log"
    assert settings.access_log == "/home/jane/access.log"


def test_a_path_from_a_variable_is_relative_to_the_working_directory(read: Any) -> None:
    """As it is for every other program."""
    settings = read(SITE, {**HOME, "GUARD_EVIDENCE__DIRECTORY": "log"})

    assert settings.evidence.directory == Path.cwd() / "log"


def test_evidence_follows_the_state_folder(read: Any) -> None:
    """XDG_STATE_HOME is where state goes, if it is set and nothing else is said."""
    environ = {"XDG_STATE_HOME": "/state"}

    assert read(SITE, environ).evidence.directory == Path("/state/crawler-guard/evidence")
    assert read(SITE + "evidence: {directory: /log}", environ).evidence.directory == Path("/log")


def test_both_listeners_can_take_a_free_port(read: Any) -> None:
    """Port 0 is not one address but any free one."""
    assert read(SITE + "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n").admin == "127.0.0.1:0"


def test_without_a_home_the_folder_must_be_given(faults: Any) -> None:
    """A service without HOME is told, instead of writing evidence anywhere."""
    (told,) = faults(SITE, {})

    assert "evidence.directory: there is no home directory" in told


def test_variables_are_put_into_texts(read: Any) -> None:
    """A name, a default, and a dollar sign."""
    text = "sites: [{host: photo.example, upstream: 'http://${UP}:${PORT:-8080}'}]\nrights: {holder: 'a $$ $5 ${E}b'}"

    settings = read(text, {**HOME, "UP": "10.0.0.1", "E": ""})

    assert settings.sites[0].upstream == "http://10.0.0.1:8080"
    assert settings.rights.holder == "a $ $5 b"


def test_variables_that_are_missing_are_told_together_with_other_faults(faults: Any) -> None:
    """Each has its place, its reason and the way out; the unusable text they leave is no second fault."""
    told = faults("sites: [{host: a, upstream: '${UP}'}]\nrights: {holder: '${H:?who}', contact: '${'}\nworkers: 99\n")

    assert told == [
        "f:1:29: sites.0.upstream: the variable UP is not set; set it, or write ${UP:-default}",
        "f:2:18: rights.holder: the variable H is not set: who; set it, or write ${H:-default}",
        "f:2:40: rights.contact: '${' must be followed by a name and '}'; write '$$' for a '$'",
        "f:3:10: workers: must be a whole number from 1 to 64, or auto",
    ]


def test_guard_variables_replace_keys(read: Any) -> None:
    """They stand over the file, and a list is written with commas."""
    environ = {
        **HOME,
        "GUARD_LISTEN": "0.0.0.0:80",
        "GUARD_SITES__0__UPSTREAM": "http://b",
        "GUARD_SITES__1__HOST": "b.example",
        "GUARD_SITES__1__UPSTREAM": "http://c",
        "GUARD_CLIENT_IP__FROM": "header:X-Real-IP",
        "GUARD_CLIENT_IP__TRUSTED": "10.0.0.0/8, unix",
        "GUARD_RIGHTS__TRAIN": "yes",
        "GUARD_CONFIG": "elsewhere.yaml",
        "GUARD_EVIDENCE_PASSPHRASE_FD": "3",  # where the passphrase of the log comes from, and no setting
    }

    settings = read(SITE, environ)

    assert settings.listen == "0.0.0.0:80"
    assert [site.upstream for site in settings.sites] == ["http://b", "http://c"]
    assert settings.client_ip.policy() == AddressPolicy(
        header="x-real-ip", trusted=(ip_network("10.0.0.0/8"),), trust_unix=True
    )
    assert settings.rights.train is True


def test_guard_variables_with_faults_are_told_by_name(faults: Any) -> None:
    """An unknown one, one without a place and one with a wrong value, at once."""
    told = faults(
        SITE,
        {**HOME, "GUARD_LISTN": "x", "GUARD_SITES__7__HOST": "b", "GUARD_WORKERS": "many", "GUARD_RULES": "[]"},
    )

    assert sorted(told) == [
        "GUARD_LISTN: no such setting (did you mean 'GUARD_LISTEN'?)",
        "GUARD_RULES: rules are written in a file only",
        "GUARD_SITES__7__HOST: there is no place for 'sites.7.host'; number list items from 0, without gaps",
        "GUARD_WORKERS: must be a whole number from 1 to 64, or auto",
    ]


def test_options_stand_over_variables(read: Any) -> None:
    """What is typed last counts."""
    settings = read(SITE, {**HOME, "GUARD_LISTEN": "127.0.0.1:1"}, {"listen": "127.0.0.1:2"})

    assert settings.listen == "127.0.0.1:2"


def test_one_upstream_is_a_whole_configuration() -> None:
    """The wildcard site answers for every name; the reservation names the host that was asked for."""
    settings = from_upstream("http://127.0.0.1:8080", "127.0.0.1:9", environ=HOME)

    assert [(site.host, site.base_url) for site in settings.sites] == [("*", "")]
    assert settings.listen == "127.0.0.1:9"
    assert settings.policy == "moderate"


def test_a_wrong_upstream_is_told_by_its_option() -> None:
    """There is no file, so no place is invented."""
    with pytest.raises(ConfigurationError) as caught:
        from_upstream("localhost", environ=HOME)

    assert str(caught.value).startswith("--upstream: must be where the site itself answers")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """Whoever starts for the first time learns the next step."""
    with pytest.raises(
        UsageError, match=r"there is no such file; `guard init` writes one, or make one.*\n(.*\n)*.*--upstream"
    ):
        load_settings(tmp_path / "none.yaml", HOME, {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """An unreadable file is told, not raised as it comes."""
    with pytest.raises(UsageError, match="can not be read: is a directory"):
        load_settings(tmp_path, HOME, {})


WARNINGS = {
    "no certificate": (
        SITE + "evidence: {time_stamps: [{url: 'https://t.example', ca: /none.pem}]}",
        "/none.pem is not there, so no token of https://t.example will be believed",
    ),
    "one authority": (SITE + "evidence: {time_stamps: ['https://t.example']}", "time_stamps names one authority"),
    "contact": (SITE, "rights.contact is empty"),
    "peer on loopback": (SITE, "client_ip is 'peer'"),
    "trusts everybody": (SITE + "client_ip: {from: forwarded, trusted: [0.0.0.0/0]}", "trusts everybody"),
    "rule for all": (SITE + "rules: [{id: a, action: allow}]", "rule 'a' has no condition"),
    "ticket": (SITE + "rules: [{id: a, when: {ticket: missing}, action: preview}]", "set tickets.give: yes"),
    "training": (SITE + "rights: {train: yes}", "permits training, but policy 'moderate' still refuses"),
}


@pytest.mark.parametrize(("text", "said"), WARNINGS.values(), ids=list(WARNINGS))
def test_what_is_probably_not_meant_is_a_warning(read: Any, text: str, said: str) -> None:
    """It is allowed, so it is told and not refused."""
    assert any(said in sentence for sentence in warnings(read(text)))


def test_nothing_is_warned_about_without_need(read: Any) -> None:
    """A complete configuration behind a front server is silent."""
    text = WHOLE.replace("    profile: wordpress\n", "").replace("example/tsr]", "example/tsr, http://other.example]")

    assert warnings(read(text)) == []


def test_the_schema_knows_every_setting() -> None:
    """Editors check the same keys, by the names that are written."""
    schema = json_schema()

    assert set(schema["properties"]) == set(Settings.model_fields)
    assert schema["additionalProperties"] is False
    assert "from" in schema["$defs"]["ClientAddressSource"]["properties"]
    assert schema["properties"]["workers"]["anyOf"][1] == {"const": "auto"}


@pytest.mark.parametrize(
    ("hosts", "kept"), [("[Blog.Example, '*.friends.example']", ("blog.example", "*.friends.example")), ("[]", ())]
)
def test_sites_that_may_show_originals_are_host_names(read: Any, hosts: str, kept: tuple[str, ...]) -> None:
    """With everything below one, too."""
    assert read(SITE + f"tickets: {{give: yes, embedders: {hosts}}}").tickets.embedders == kept


@pytest.mark.parametrize("host", ["'*'", "https://blog.example", "'*.*'", "'a b'"])
def test_no_site_may_show_originals_that_is_not_named(read: Any, host: str) -> None:
    """A star would open every original to every page."""
    with pytest.raises(ConfigurationError):
        read(SITE + f"tickets: {{embedders: [{host}]}}")


def test_whoever_asks_over_an_address_is_named(read: Any, faults: Any) -> None:
    """On a unix socket the file's permissions say who may ask; an address says nothing."""
    assert "name the servers that may ask" in str(faults(SITE + "decisions: {listen: '127.0.0.1:8702'}"))
    assert "is the same as listen" in str(faults(SITE + "listen: 'unix:/a'\ndecisions: {listen: 'unix:/a'}"))
    assert "only fronts that ask at 'listen'" in str(faults(SITE + "decisions: {cache_seconds: 10}"))
    assert read(SITE + "decisions: {listen: 'unix:/b'}").decisions.askers("unix:/b").trust_unix


@pytest.mark.parametrize(
    ("more", "missing"),
    [("", "behaviour.decoys: yes"), ("behaviour: {decoys: yes}\nmarks: {copies: no}\n", "marks.copies: yes")],
)
def test_canaries_need_decoys_and_marks(read: Any, more: str, missing: str) -> None:
    """Nothing else leads to them, and a copy without a mark says nothing about who took it."""
    with pytest.raises(ConfigurationError, match=f"set {missing}"):
        read(SITE + more + "canaries: works\n")


def test_the_folder_of_canaries_is_relative_to_the_file(read: Any) -> None:
    """Like every path in it."""
    settings = read(SITE + "behaviour: {decoys: yes}\ncanaries: works\n")

    assert settings.canaries is not None
    assert settings.canaries.is_absolute()
    assert settings.canaries.name == "works"
