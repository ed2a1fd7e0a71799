"""`guard init`: which few answers make a configuration?

Each question can be answered by an option; what is not answered is asked for on a terminal, and has its
default elsewhere. A file that is there is never written over.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from guard.cli.doctor_de import german_sentence
from guard.cli.init_words import NEXT, QUESTIONS, WRITTEN, WRONG
from guard.cli.terminal import complain
from guard.configuration import load_configuration
from guard.errors import UsageError
from guard.settings import Site
from guard.settings_evidence import DEFAULT_EVIDENCE
from guard.settings_text import host_name, single_line, upstream_url
from guard.validation import WrongValueError

PROFILES: Final = get_args(Site.model_fields["profile"].annotation)
_SYSTEM_EVIDENCE: Final = Path("/var/lib/guard/evidence")

app = typer.Typer(rich_markup_mode=None)


@app.command()
def init(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The configuration to write.")] = Path(
        "guard.yaml"
    ),
    *,
    host: Annotated[str | None, typer.Option(metavar="NAME", help="The site's name, or * for every name.")] = None,
    upstream: Annotated[str | None, typer.Option(metavar="URL", help="Where the site itself answers.")] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Gallery program: {', '.join(PROFILES)}.")
    ] = None,
    holder: Annotated[str | None, typer.Option(metavar="TEXT", help="Who holds the rights.")] = None,
    contact: Annotated[str | None, typer.Option(metavar="TEXT", help="Where to ask for a licence.")] = None,
    train: Annotated[bool | None, typer.Option("--train/--no-train", help="Permit training of models.")] = None,
    ai_use: Annotated[bool | None, typer.Option("--ai-use/--no-ai-use", help="Permit use in answers.")] = None,
    behind: Annotated[
        bool | None, typer.Option("--behind/--direct", help="Another web server on this machine is in front, or none.")
    ] = None,
    evidence: Annotated[str | None, typer.Option(metavar="DIR", help="Where evidence is kept.")] = None,
    lang: Annotated[str, typer.Option(metavar="en|de", help="Language of questions and comments.")] = "en",
) -> None:
    """Write a configuration, from a few answers.

    What no option answers is asked for on a terminal; elsewhere --host and --holder are needed, and the rest has its
    defaults. A file that is there is left alone.

    \b
    Examples:
      guard init
      guard init --lang de
      guard init --host photo.example --holder 'Jane Doe' --profile wordpress --behind
    """
    if lang not in QUESTIONS:
        raise UsageError(f"--lang: '{lang}' is neither en nor de")
    if output.exists():
        raise UsageError(f"{output} is there already; take another name with -o, or change it by hand")
    ask = _Asking(lang)
    answers = {
        "host": ask.text("host", host, host_name),
        "upstream": ask.text("upstream", upstream, upstream_url, "http://127.0.0.1:8080"),
        "profile": ask.text("profile", profile, _profile, "static"),
        "holder": ask.text("holder", holder, single_line),
        "contact": ask.text("contact", contact, single_line, ""),
        "train": ask.yes("train", train),
        "ai_use": ask.yes("ai_use", ai_use),
        "front": _BEHIND if ask.yes("behind", behind) == "yes" else _DIRECT,
        "evidence": ask.text("evidence", evidence, single_line, str(_evidence())),
    }
    quoted = {
        name: value if name in _AS_IS else json.dumps(value, ensure_ascii=False) for name, value in answers.items()
    }
    try:
        output.write_text(WRITTEN[lang].format(**quoted), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} can not be written: {(error.strerror or str(error)).lower()}") from error
    for warning in load_configuration(output, os.environ, {}).warnings:
        complain(f"Hinweis: {german_sentence(warning)}" if lang == "de" else f"note: {warning}")
    typer.echo(NEXT[lang].format(file=output))


_AS_IS: Final = frozenset({"train", "ai_use", "front", "profile"})
_BEHIND: Final = """\
listen: 127.0.0.1:8700
client_ip: {from: x-forwarded-for, trusted: [127.0.0.1, '::1']}"""
_DIRECT: Final = "listen: 0.0.0.0:80"


class _Asking:
    """Takes an answer from an option, else from whoever sits at the terminal, else the default."""

    def __init__(self, lang: str) -> None:
        self._words = QUESTIONS[lang]
        self._translated = WRONG if lang == "de" else str
        self._terminal = sys.stdin.isatty()

    def text(self, name: str, given: str | None, right: Callable[[str], Any], default: str | None = None) -> str:
        """Return a text in its right form."""
        if given is None and not self._terminal and default is None:
            raise UsageError(self._words["no_terminal"].format(option=f"--{name.replace('_', '-')}"))
        if given is not None or not self._terminal:
            return self._right(name, given if given is not None else default or "", right)
        while True:
            try:
                return str(right(typer.prompt(self._words[name], default=default, err=True)))
            except WrongValueError as error:
                complain(self._translated(_sentence(error)))

    def yes(self, name: str, given: bool | None) -> str:
        """Return yes or no; no is the default."""
        if given is None:
            given = self._confirmed(name) if self._terminal else False
        return "yes" if given else "no"

    def _confirmed(self, name: str) -> bool:
        """Ask until it is a yes or a no, in the language of the question; empty is no."""
        question = f"{self._words[name]} {self._words['yes_or_no']}"
        while True:
            said = typer.prompt(question, default="", show_default=False, err=True).strip().lower()
            if said in ("", "n", "no", "nein"):
                return False
            if said in ("y", "yes", "j", "ja"):
                return True
            complain(self._words["unclear"])

    def _right(self, name: str, text: str, right: Callable[[str], Any]) -> str:
        try:
            return str(right(text))
        except WrongValueError as error:
            raise UsageError(f"--{name.replace('_', '-')}: {self._translated(_sentence(error))}") from error


def _sentence(error: WrongValueError) -> str:
    return f"{error}; did you mean '{error.suggestion}'?" if error.suggestion else str(error)


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise WrongValueError(f"must be one of {', '.join(PROFILES)}")
    return text


def _evidence() -> Path:
    return _SYSTEM_EVIDENCE if os.geteuid() == 0 else DEFAULT_EVIDENCE
