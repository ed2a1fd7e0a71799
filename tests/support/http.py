"""Requests as a test wants them: every header line in its hand, nothing added, nothing decoded."""

import socket
from dataclasses import dataclass

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"
GPTBOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3; +https://openai.com/gptbot)"
GOOGLEBOT_IMAGE = "Googlebot-Image/1.0"
CHATGPT_USER = "Mozilla/5.0 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    lines: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    """False when the body is shorter than was announced, or the last chunk is missing."""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        return next(iter(self.all(name)), "")


def connect(port: int, timeout: float = 10) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def ask(
    port: int,
    target: str = "/",
    *lines: tuple[str, str] | str,
    method: str = "GET",
    agent: str = CHROME,
    host: str = "photo.example",
    body: bytes = b"",
    version: str = "1.1",
) -> Reply:
    """Send one request on a connection of its own and read the whole answer."""
    with connect(port) as connection:
        connection.sendall(
            head(target, *lines, method=method, agent=agent, host=host, body=body, version=version) + body
        )
        return read_reply(connection, method)


def head(
    target: str,
    *lines: tuple[str, str] | str,
    method: str = "GET",
    agent: str = CHROME,
    host: str = "photo.example",
    body: bytes = b"",
    version: str = "1.1",
    close: bool = True,
) -> bytes:
    """Return the bytes of a request head."""
    rows = [f"{method} {target} HTTP/{version}", f"Host: {host}"]
    if agent:
        rows.append(f"User-Agent: {agent}")
    if close:
        rows.append("Connection: close")
    if body:
        rows.append(f"Content-Length: {len(body)}")
    rows += [row if isinstance(row, str) else f"{row[0]}: {row[1]}" for row in lines]
    return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")


def read_reply(connection: socket.socket, method: str = "GET") -> Reply:
    """Read one answer; the connection stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return Reply(status=0, lines=(), body=data, whole=False)
        data += piece
    raw, _, rest = data.partition(b"\r\n\r\n")
    first, *rows = raw.decode("latin-1").split("\r\n")
    lines = tuple((name, value.strip()) for name, _, value in (row.partition(":") for row in rows))
    status = int(first.split()[1])
    reply = Reply(status=status, lines=lines, body=b"", whole=True)
    if status == 100:
        return reply
    if method == "HEAD" or status in (101, 204, 304):
        return reply
    body, whole = _body(connection, reply, rest)
    return Reply(status=status, lines=lines, body=body, whole=whole)


def _body(connection: socket.socket, reply: Reply, body: bytes) -> tuple[bytes, bool]:
    def more() -> bytes:
        try:
            return connection.recv(1 << 20)
        except ConnectionResetError:
            return b""

    if reply.get("Transfer-Encoding").lower() == "chunked":
        pieces = []
        while True:
            while b"\r\n" not in body:
                if not (piece := more()):
                    return b"".join(pieces), False
                body += piece
            size_text, _, body = body.partition(b"\r\n")
            size = int(size_text.split(b";")[0], 16)
            while len(body) < size + 2:
                if not (piece := more()):
                    return b"".join(pieces) + body[:size], False
                body += piece
            pieces.append(body[:size])
            body = body[size + 2 :]
            if size == 0:
                return b"".join(pieces), True
    length = reply.get("Content-Length")
    while not length or len(body) < int(length):
        if not (piece := more()):
            break
        body += piece
    return body, not length or len(body) == int(length)
