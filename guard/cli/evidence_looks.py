"""How is it put on record that somebody looked at values which may identify a person?

Before anything is shown: a look that ended in an error is on record, too. A copy that somebody was
given is not written to; who shows its values says so.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from guard.errors import EvidenceError, UsageError
from guard.evidence import custody
from guard.evidence.disclosure import Group
from guard.store.log_files import with_epochs
from guard.store.log_values import microseconds
from guard.store.record_filter import Filter, Values, matching

_OF_PEOPLE = (Group.PERSON.value, Group.REQUEST.value)


def put_on_record(
    directory: Path, wanted: Filter, *, by: str, why: str, copy: bool = False, epochs: bool = False
) -> None:
    """Put on record that the command `by` shows what may identify people in the records that are meant.

    With `epochs` those of logs that were put away are meant, too.

    Raises:
        UsageError: The log can not be written to, and nobody said that it is a copy.
    """
    if copy:
        return
    count, first, last = 0, 0, 0
    for name, place in with_epochs(directory) if epochs else [("", directory)]:
        for index, _, _, values in matching(place, wanted, ends=False):
            if any(group in values for group in _OF_PEOPLE):
                count += 1
                if not name:  # the numbers are of the log that says so
                    first, last = first or index, index
    if not count:
        return
    from guard.server.log_line import open_log

    leaf = custody.access(at=microseconds(), by=by, why=why, records=count, first=first, last=last)
    try:
        with open_log(directory) as line:
            line.append(leaf)
    except (EvidenceError, UsageError, OSError) as error:
        raise UsageError(
            f"that you look at {count:,} records can not be put on record: {error}; if this is a copy of the log that "
            "you were given, say --copy"
        ) from None


def shown_values(values: Values) -> Iterator[str]:
    """Yield what is disclosed of one record, a line each, by group."""
    for group, value in sorted(values.items()):
        for name, item in value.items() if isinstance(value, Mapping) else (("", value),):
            if name == "headers" and isinstance(item, list):
                for line in item:
                    if isinstance(line, list) and len(line) == 2 and line[1] is not None:
                        yield f"{group}: {line[0]}: {line[1]}"
            elif item not in ("", 0, [], None):
                yield f"{group}: {name} {item}"
