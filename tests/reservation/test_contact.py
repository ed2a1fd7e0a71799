"""Is an address told from words?"""

import pytest

from guard.reservation.contact import mail_address, web_address


@pytest.mark.parametrize(
    ("contact", "mail", "web"),
    [
        ("rights@photo.example", True, False),
        ("https://photo.example/contact?x=1", False, True),
        ("Jane, +49 0000", False, False),
        ("javascript:alert(1)", False, False),
        ("ftp://photo.example", False, False),
        ("a@b.example?subject=x&bcc=y@z.example", False, False),
        ('x"onclick="y@photo.example', False, False),
        ("https://photo.example/ x", False, False),
        ("@", False, False),
        ("", False, False),
    ],
)
def test_only_a_plain_address_is_one(contact: str, mail: bool, web: bool):
    """A wrong guess would send somebody somewhere else."""
    assert (mail_address(contact), web_address(contact)) == (contact if mail else "", contact if web else "")
