"""A mail server that keeps what it gets: SMTP as far as a client needs it (RFC 5321), with STARTTLS and a password."""

import base64
import contextlib
import socket
import ssl
import threading
from typing import Any


class MailServer:
    """Takes letters on a port of this machine until `stop`."""

    def __init__(self, context: ssl.SSLContext | None = None, *, refuse: str = "") -> None:
        self.letters: list[bytes] = []
        self.commands: list[str] = []
        self.signed_in: list[str] = []
        self._context = context
        self._refuse = refuse
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
                self._talk(opened.enter_context(connection), opened)

    def _talk(self, connection: Any, opened: contextlib.ExitStack) -> None:
        secured, lines = False, opened.enter_context(connection.makefile("rb"))
        connection.sendall(b"220 test ESMTP\r\n")
        while line := lines.readline():
            command = line.decode().strip()
            self.commands.append(command.split(" ")[0].upper())
            match self.commands[-1]:
                case "EHLO":
                    offers = ["test", "AUTH PLAIN"] if secured or self._context is None else ["test", "STARTTLS"]
                    connection.sendall(b"".join(b"250-%s\r\n" % one.encode() for one in offers) + b"250 8BITMIME\r\n")
                case "STARTTLS" if self._context is not None:
                    connection.sendall(b"220 go on\r\n")
                    connection = opened.enter_context(self._context.wrap_socket(connection, server_side=True))
                    secured, lines = True, opened.enter_context(connection.makefile("rb"))
                case "AUTH":
                    self.signed_in.append(base64.b64decode(command.split(" ")[2]).decode().replace("\0", " ").strip())
                    connection.sendall(b"235 welcome\r\n")
                case "RCPT" if self._refuse:
                    connection.sendall(f"550 {self._refuse}\r\n".encode())
                case "DATA":
                    connection.sendall(b"354 go on\r\n")
                    letter = b""
                    while (row := lines.readline()) not in (b".\r\n", b""):
                        letter += row
                    self.letters.append(letter)
                    connection.sendall(b"250 taken\r\n")
                case "QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                case _:
                    connection.sendall(b"250 well\r\n")
