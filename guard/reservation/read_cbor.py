"""What value do these CBOR bytes hold?

As much of RFC 8949 as the assertions of a C2PA manifest need: integers, texts, byte strings,
arrays, maps, tags (dropped), true, false, null. Whatever else, or too deep, or too many, is an error.
"""

MAX_DEPTH = 16
MAX_ITEMS = 2000


class CborError(ValueError):
    """The bytes are no value of the kinds that are read."""


def decode(data: bytes) -> object:
    """Return the first value in `data`.

    Raises:
        CborError: It is cut short, or holds what is not read.
    """
    return _Decoder(data).value(0)


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    def value(self, depth: int) -> object:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise CborError("too deep, or too many items")
        major, size = divmod(self._take(1)[0], 32)
        if major == 7:
            if size not in {20, 21, 22}:
                raise CborError("a kind of value that is not read")
            return {20: False, 21: True, 22: None}[size]
        number = self._number(size)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._take(number)
            case 3:
                return self._take(number).decode("utf-8", "replace")
            case 4:
                return [self.value(depth + 1) for _ in range(self._bounded(number))]
            case 5:
                found: dict[object, object] = {}
                for _ in range(self._bounded(number)):
                    key = self.value(depth + 1)
                    if not isinstance(key, str | int | bytes):
                        raise CborError("a key that is no text")
                    found[key] = self.value(depth + 1)
                return found
            case _:
                return self.value(depth + 1)  # a tag says how to understand what follows

    def _number(self, size: int) -> int:
        if size < 24:
            return size
        if size > 27:
            raise CborError("a length that is not said")
        return int.from_bytes(self._take(1 << (size - 24)), "big")

    def _bounded(self, number: int) -> int:
        if number > MAX_ITEMS:
            raise CborError("too many items")
        return number

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise CborError("it is cut short")
        self._at += count
        return taken
