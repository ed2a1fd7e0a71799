import numpy as np

from guard.image.chips import chips, commitment, seed_of_signs, signs

KEY, RENDITION = b"k" * 32, b"r" * 32


def test_chips_are_as_written_down():
    """A mark that was issued years ago must be readable: these values never change."""
    assert chips(KEY, RENDITION, b"12345678", 20).hex() == CHIPS
    assert signs(seed_of_signs(KEY, RENDITION), 20).hex() == SIGNS
    assert commitment(KEY).hex() == COMMITMENT


def test_chips_depend_on_everything():
    """Another key, rendition or id gives chips that have nothing to do with the first ones."""
    first = np.frombuffer(chips(KEY, RENDITION, b"12345678", 4000), np.uint8)

    for other in (
        chips(b"K" * 32, RENDITION, b"12345678", 4000),
        chips(KEY, b"R" * 32, b"12345678", 4000),
        chips(KEY, RENDITION, b"12345679", 4000),
        signs(seed_of_signs(KEY, RENDITION), 4000),
    ):
        assert 0.45 < (first == np.frombuffer(other, np.uint8)).mean() < 0.55
    assert 0.45 < first.mean() < 0.55


def test_a_commitment_does_not_show_the_key():
    """It goes into the log before the first mark is issued."""
    assert KEY not in commitment(KEY)
    assert commitment(KEY) != commitment(b"K" * 32)


CHIPS = "0100010001010000000001000101010001010001"
SIGNS = "0101000101010100010000000000000001000000"
COMMITMENT = "8715210536ed1ffa35e5cb34b05d3ec2a5465400ebf048398eafcdb684e749b6"
