"""What does /trust.txt say about training?

JournalList's format as of 2024-04-04 (draft-org-trust-relationship-protocol-00): lines of
`name=value`, comments begin with `#`. One of its names is `datatrainingallowed`, given once, for
the whole site; so it says `yes` only if every path does. Readers ask at the root and under
/.well-known/, and both have the same bytes.
"""

from guard.reservation.contact import mail_address, web_address
from guard.reservation.statement import Statement

PATHS = ("/trust.txt", "/.well-known/trust.txt")
MEDIA_TYPE = "text/plain; charset=utf-8"


def render(statement: Statement) -> bytes:
    """Return the file: ASCII, LF."""
    contact = mail_address(statement.contact) or web_address(statement.contact)
    return "".join(
        (
            f"# Terms: {statement.policy_url}\n",
            *((f"contact={contact}\n",) if contact else ()),
            f"datatrainingallowed={'yes' if statement.everywhere('train') else 'no'}\n",
        )
    ).encode("ascii")
