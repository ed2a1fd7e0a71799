"""How does a report say the same in English and in German?"""

from collections.abc import Mapping
from typing import Final, Literal

from guard.bundle import plain_text, words_de, words_en
from guard.evidence.words import CONDUCTS, IDENTITIES

Language = Literal["en", "de"]
LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")
_WORDS: Final = {"en": words_en, "de": words_de}


class Words:
    """The words of one language."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self._words = _WORDS[lang]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with `values` in it."""
        text: str = self._words.TEXTS[name]
        return text.format(**values)

    def count(self, number: int) -> str:
        """Return a number with the separators of the language."""
        text = f"{number:,}"
        return text if self.lang == "en" else text.replace(",", ".")

    def time(self, at: int, *, fraction: bool = False) -> str:
        """Return microseconds since 1970 in UTC and as clocks in Berlin had it."""
        return self("time", utc=plain_text.utc(at, fraction=fraction), berlin=plain_text.berlin(at, fraction=fraction))

    def record(self, *indexes: int) -> str:
        """Return the number of a record, or the first and the last of several."""
        known = [one for one in indexes if one >= 0]
        if len(known) < 2:
            return self("record", index=known[0]) if known else ""
        return self("records", first=known[0], last=known[-1])

    def span(self, microseconds: int) -> str:
        """Return a duration."""
        seconds = abs(microseconds) // 1_000_000
        if seconds < 10:
            text = f"{abs(microseconds) / 1_000_000:.2f} s"
            return text if self.lang == "en" else text.replace(".", ",")
        if seconds < 120:
            return f"{seconds} s"
        if seconds < 7200:
            return f"{seconds // 60} min"
        return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} d"

    def rendition(self, code: str) -> str:
        return self._named(self._words.RENDITIONS, code)

    def short(self, code: str) -> str:
        return self._named(self._words.SHORT, code)

    def action(self, code: str) -> str:
        return self._named(self._words.ACTIONS, code)

    def outcome(self, code: str, **values: object) -> str:
        text: str = self._words.OUTCOMES[code]
        return text.format(**values)

    def reason(self, code: str) -> str:
        return self._named(self._words.REASONS, code)

    def identity(self, code: str) -> str:
        return self._named(IDENTITIES[self.lang], code)

    def conduct(self, code: str) -> str:
        return self._named(CONDUCTS[self.lang], code)

    def _named(self, table: Mapping[str, str], code: str) -> str:
        # A later version's code is shown as it is.
        return table.get(code, code)
