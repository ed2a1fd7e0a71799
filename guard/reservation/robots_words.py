"""What does robots.txt say to people, and to a court, in its comments?

The signals are words of a vocabulary; they do not say on which law they stand, nor what is
reserved beside them. So the file opens with the reservation in words.
"""

from typing import Final

from guard.reservation.statement import QUESTIONS, Override, Statement

_CONTENT_SIGNALS: Final = (
    # The policy text of contentsignals.org, public domain (CC0), word for word: it is what gives the lines their force.
    "#",
    "# As a condition of accessing this website, you agree to abide by the following",
    "# content signals:",
    "#",
    "# (a)  If a content-signal = yes, you may collect content for the corresponding",
    "#      use.",
    "# (b)  If a content-signal = no, you may not collect content for the",
    "#      corresponding use.",
    "# (c)  If the website operator does not include a content signal for a",
    "#      corresponding use, the website operator neither grants nor restricts",
    "#      permission via content signal with respect to the corresponding use.",
    "#",
    "# The content signals and their meanings are:",
    "#",
    "# search: building a search index and providing search results (e.g., returning",
    "#   hyperlinks and short excerpts from your website's contents).  Search does not",
    "#   include providing AI-generated search summaries.",
    "# ai-input: inputting content into one or more AI models (e.g., retrieval",
    "#   augmented generation, grounding, or other real-time taking of content for",
    "#   generative AI search answers).",
    "# ai-train: training or fine-tuning AI models.",
    "#",
    "# ANY RESTRICTIONS EXPRESSED VIA CONTENT SIGNALS ARE EXPRESS RESERVATIONS OF",
    "# RIGHTS UNDER ARTICLE 4 OF THE EUROPEAN UNION DIRECTIVE 2019/790 ON COPYRIGHT",
    "# AND RELATED RIGHTS IN THE DIGITAL SINGLE MARKET.",
)


def comment(statement: Statement) -> tuple[str, ...]:
    """Return the reservation in words; the signals alone do not say on which law they stand."""

    def answer(permitted: bool) -> str:
        return "permitted" if permitted else "RESERVED"

    opening = (
        (
            "# The rights holder of this site expressly reserves the uses that are reserved below,",
            "# under Article 4(3) of Directive (EU) 2019/790 and section 44b(3) of the German",
            "# Copyright Act (UrhG), towards every crawler, also one that is not named here.",
        )
        if statement.reserved_somewhere
        else ("# The rights holder of this site reserves none of the uses below.",)
    )
    return (
        *opening,
        "#",
        f"#   train-ai, ai-train  training generative models         {answer(statement.train)}",
        f"#   ai-use, ai-input    input to a generative model        {answer(statement.ai_use)}",
        f"#   search              an index that refers to the page   {answer(statement.search)}",
        f"#   tdm                 any other text and data mining     {answer(statement.tdm)}",
        "#",
        *(
            ("# Below these paths other answers hold:", *map(_path_comment, statement.paths), "#")
            if statement.paths
            else ()
        ),
        f"# Terms and contact: {statement.policy_url}",
        f"# The same as TDMRep: {statement.base_url}/.well-known/tdmrep.json",
        *(_CONTENT_SIGNALS if statement.reserved_somewhere else ()),
    )


def _path_comment(one: Override) -> str:
    words = {True: "permitted", False: "reserved"}
    said = ((word, [name for name in QUESTIONS if getattr(one, name) is answer]) for answer, word in words.items())
    return f"#   {one.path}  " + "; ".join(f"{word}: {' '.join(names)}" for word, names in said if names)
