"""Is the digest of a rule set the same for the same rules, and for no others?"""

import hashlib
import struct

from hypothesis import given
from hypothesis import strategies as st

from guard.core.ruleset import rule_set_digest

FILES = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=5)


def test_the_digest_is_the_hash_of_lengths_names_and_bytes():
    """Written out once by hand, so that another program can compute it."""
    expected = hashlib.sha256(struct.pack(">Q", 1) + b"a" + struct.pack(">Q", 2) + b"12").hexdigest()

    assert rule_set_digest([("a", b"12")]) == expected


def test_nothing_moves_between_a_name_and_its_bytes():
    """`ab` + `c` is not `a` + `bc`, and two files are not one."""
    digests = {
        rule_set_digest(files)
        for files in (
            [("ab", b"c")],
            [("a", b"bc")],
            [("a", b""), ("b", b"c")],
            [],
            [("", b"")],
            [("a", b"b"), ("c", b"")],
        )
    }

    assert len(digests) == 6


@given(FILES, st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(files, random):
    """A folder has no order."""
    shuffled = list(files)
    random.shuffle(shuffled)

    assert rule_set_digest(shuffled) == rule_set_digest(files)


@given(FILES, FILES)
def test_other_files_have_another_digest(first, second):
    """One byte more, or one name less, is another rule set."""
    assert (rule_set_digest(first) == rule_set_digest(second)) == (sorted(first) == sorted(second))
