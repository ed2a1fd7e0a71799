"""An upstream that takes requests byte by byte, holds each against RFC 9112, and answers as it is told."""

import re
import socket
import threading
from dataclasses import dataclass, field

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ /[\x21-\x7e\x80-\xff]* HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,16}")


class FlawError(Exception):
    """What came is not what a strict reader takes."""


@dataclass
class Seen:
    """A whole request."""

    line: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key.lower() == name]


@dataclass
class RawUpstream:
    """Listens on the loopback until `stop`."""

    seen: list[Seen] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    """By path; anything else gets `PLAIN`. After an answer that is here the connection is closed."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with connection:
            reader = _Reader(connection)
            try:
                while (one := reader.request()) is not None:
                    self.seen.append(one)
                    path = one.line.split(b" ")[1].partition(b"?")[0]
                    if (answer := self.answers.get(path)) is not None:
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
                        connection.recv(65536)
                        return
                    connection.sendall(PLAIN.replace(b"ok", b"") if one.line.startswith(b"HEAD ") else PLAIN)
            except FlawError as flaw:
                self.flaws.append(str(flaw))
            except OSError:
                pass


class _Reader:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""

    def request(self) -> Seen | None:
        """Return the next request; None at the end of the connection, also in the middle of a body."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        line, *rest = head.split(b"\r\n")
        if not _LINE.fullmatch(line):
            raise FlawError(f"the request line {line!r:.120}")
        fields = []
        for one in rest:
            match = _FIELD.fullmatch(one)
            if match is None:
                raise FlawError(f"the field {one!r:.120}")
            fields.append((match[1], match[2].strip(b" \t")))
        seen = Seen(line, fields, b"")
        length, coding, hosts = seen.all(b"content-length"), seen.all(b"transfer-encoding"), seen.all(b"host")
        if len(hosts) != 1 or len(length) + len(coding) > 1:
            raise FlawError(f"hosts {hosts}, lengths {length}, codings {coding}")
        if coding:
            if coding != [b"chunked"]:
                raise FlawError(f"the coding {coding}")
            body = self._chunked()
        elif length:
            if not re.fullmatch(rb"[0-9]{1,19}", length[0]):
                raise FlawError(f"the length {length[0]!r:.60}")
            body = self._exactly(int(length[0]))
        else:
            return seen
        if body is None:
            return None
        seen.body = body
        return seen

    def _chunked(self) -> bytes | None:
        parts = []
        while True:
            size = self._until(b"\r\n")
            if size is None:
                return None
            if not _CHUNK.fullmatch(size):
                raise FlawError(f"the chunk size {size!r:.60}")
            if int(size, 16) == 0:
                end = self._until(b"\r\n")
                if end:
                    raise FlawError(f"the trailer {end!r:.60}")
                return None if end is None else b"".join(parts)
            part = self._exactly(int(size, 16))
            if part is None:
                return None
            if self._exactly(2) != b"\r\n":
                raise FlawError("a chunk that does not end where it should")
            parts.append(part)

    def _until(self, end: bytes) -> bytes | None:
        while end not in self._data:
            if not self._more():
                return None
        found, _, self._data = self._data.partition(end)
        return found

    def _exactly(self, count: int) -> bytes | None:
        while len(self._data) < count:
            if not self._more():
                return None
        found, self._data = self._data[:count], self._data[count:]
        return found

    def _more(self) -> bool:
        piece = self._connection.recv(65536)
        self._data += piece
        return bool(piece)
