"""How is a sentence that a check made said in another language?

Checks speak English. Here a sentence is known by its form, with a value wherever a form has `{}`. One that has no
form stays English rather than be left out; tests read the checks and look for such.
"""

import re
from collections.abc import Sequence


class Forms:
    """The forms of some checks."""

    def __init__(self, forms: Sequence[tuple[str, str]]) -> None:
        """Take pairs of English and the other language; `{1}` is the second value, where the order changes.

        The first form that fits counts. A value is looked up among the forms too.
        """
        self._forms = [
            (re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), other)
            for english, other in forms
        ]

    def __call__(self, sentence: str) -> str:
        """Return the sentence in the other language; unchanged if it has no form."""
        for pattern, form in self._forms:
            if (match := pattern.fullmatch(sentence)) is not None:
                return form.format(*(value if value == sentence else self(value) for value in match.groups()))
        return sentence
