"""What is the CRC-32C of these bytes?

The polynomial of Castagnoli, as in iSCSI (RFC 3720, appendix B.4), which no library that is needed anyway
computes. Pieces of equal length are gone through side by side, and joined: a CRC is linear, so what zeros that
follow do to a state is the exclusive or of what they do to its bits. About 100 MB a second.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL: Final = 0x82F63B78
"""Its bits in reverse."""
_PIECE: Final = 512
"""Bytes."""


def crc32c(data: bytes) -> int:
    """Return it, 32 bits."""
    state = 0xFFFFFFFF
    whole = len(data) // _PIECE
    if whole:
        follow = _followed_by_zeros()
        pieces = np.frombuffer(data, np.uint8, whole * _PIECE).reshape(whole, _PIECE)
        for piece in _advanced(np.zeros(whole, np.uint32), pieces.T).tolist():
            state = (
                follow[0][state & 255] ^ follow[1][state >> 8 & 255] ^ follow[2][state >> 16 & 255]
                ^ follow[3][state >> 24] ^ piece
            )  # fmt: skip
    table = _table().tolist() if len(data) % _PIECE else []
    for byte in data[whole * _PIECE :]:
        state = table[(state ^ byte) & 255] ^ state >> 8
    return state ^ 0xFFFFFFFF


def _advanced(states: NDArray[np.uint32], columns: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return what becomes of each state when a byte from every row of `columns` has come to it."""
    table = _table()
    for column in np.ascontiguousarray(columns):
        states = table[(states ^ column) & 255] ^ states >> 8
    return states


@cache
def _table() -> NDArray[np.uint32]:
    """Return what becomes of the state 0 with each byte."""
    made = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        made = np.where(made & 1, made >> 1 ^ np.uint32(_POLYNOMIAL), made >> 1)
    return made


@cache
def _followed_by_zeros() -> tuple[list[int], ...]:
    """Return, for each value of each of a state's four bytes, what a piece of zeros makes of it."""
    values = np.arange(256, dtype=np.uint32)
    nothing = np.zeros((_PIECE, 1), np.uint8)
    return tuple(_advanced(values << np.uint32(shift), nothing).tolist() for shift in (0, 8, 16, 24))
