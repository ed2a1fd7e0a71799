"""What may happen with every request is said now and then."""

from guard.server.seldom import SECONDS, Seldom


def test_only_one_sentence_a_minute_is_said(capsys):
    """The next one is the first after that."""
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    for now[0] in (5.0, 6.0, 5.0 + SECONDS - 0.1, 5.0 + SECONDS):
        seldom.say(f"at {now[0]}")

    assert capsys.readouterr().err.splitlines() == ["at 5.0", f"at {5.0 + SECONDS}"]
