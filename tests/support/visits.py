"""One visit of the demo, and how it ended."""

from guard.demo.scene import Outcome, Verified, Visit

GPTBOT = Visit(
    client="GPTBot",
    kind="crawler",
    stand_in=False,
    user_agent="GPTBot/1.2",
    claimed="GPTBot",
    operator="OpenAI",
    identity="unknown",
    purpose="ai_training",
    decisions=(("allow", 1), ("refuse", 7)),
    because="It collects for training, and that right is reserved.",
    rule="training-refused",
    pictures=0,
    refusals=7,
    refusal_pictures=6,
    skipped=0,
    bytes=123_456,
    only_robots=False,
    expectation="is refused, with a picture where it asks for one",
    faults=(),
)
GOOD = Outcome(visits=(GPTBOT,), evidence=Verified(records=17, holds=True))
