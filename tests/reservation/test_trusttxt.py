"""Does trust.txt say one thing about training, in its format?"""

import re

import pytest

from guard.reservation import trusttxt
from guard.reservation.statement import Override, Statement

PRESS = Override(path="/press/", train=True, ai_use=False, search=True, tdm=False)
PRIVATE = Override(path="/private/", train=False, ai_use=False, search=True, tdm=False)


@pytest.mark.parametrize(
    ("train", "paths", "answer"),
    [(False, (), "no"), (True, (), "yes"), (False, (PRESS,), "no"), (True, (PRIVATE,), "no"), (True, (PRESS,), "yes")],
)
def test_training_is_permitted_only_if_it_is_everywhere(train, paths, answer):
    """The file knows no paths."""
    body = trusttxt.render(Statement(train=train, paths=paths)).decode("ascii")

    assert re.findall(r"(?m)^datatrainingallowed=(\w+)$", body) == [answer]


@pytest.mark.parametrize(
    ("contact", "line"),
    [("rights@photo.example", "contact=rights@photo.example\n"), ("ask Jane\ndatatrainingallowed=yes", "")],
)
def test_the_contact_is_an_address_or_left_out(contact, line):
    """Every line is a comment or name=value, whatever the contact is."""
    body = trusttxt.render(Statement(contact=contact)).decode("ascii")

    assert body == f"# Terms: /.well-known/guard/terms\n{line}datatrainingallowed=no\n"
