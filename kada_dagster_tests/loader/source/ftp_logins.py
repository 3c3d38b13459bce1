"""A server that takes logins by FTP, refuses all, and keeps what it was told."""

from __future__ import annotations

import socketserver
from threading import Thread

from typing_extensions import Self

_ANSWERS = {"USER": b"331 and the password?\r\n"}


class FtpLogins:
    """A context manager that serves on a free port.

    Attributes:
        port: of 127.0.0.1.
        said: the lines of the client.
    """

    def __init__(self) -> None:
        said: list[str] = []

        class _Client(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 ready\r\n")
                for line in self.rfile:
                    said.append(line.decode().strip())
                    answer = _ANSWERS.get(said[-1].partition(" ")[0], b"530 not you\r\n")
                    self.wfile.write(answer)

        self.said = said
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Client)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._server.shutdown()
        self._server.server_close()
