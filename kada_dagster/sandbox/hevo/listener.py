"""HTTP/1.1 over sockets: kept connections, one thread each, all of them ended at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from kada_dagster.sandbox.hevo.answers import Answer


@dataclass(frozen=True)
class Outcome:
    """What becomes of a request.

    Attributes:
        answer: to be sent.
        breaks: `before`: nothing of it is sent; `within`: half of it; empty: all of it.
    """

    answer: Answer
    breaks: str = ""


Decide = Callable[[str, str, str], Outcome]
"""From method, target and Authorization header to the outcome."""


class Listener(ThreadingHTTPServer):
    """Listens on this machine only.

    Args:
        port: 0 for any free one.
        decide: see `Decide`; called from many threads.
    """

    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, port: int, decide: Decide) -> None:
        self.decide = decide
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, to end it when the server ends."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def close(self) -> None:
        """End every connection, wait for its thread, give the port back."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        if not self._send(self.server.decide("GET", self.path, self._authorization())):
            self.close_connection = True

    def _write(self) -> None:
        """Anything but GET; what it brings is not read, so the connection cannot be kept."""
        self._send(self.server.decide(self.command, self.path, self._authorization()))
        self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _write

    def _authorization(self) -> str:
        return self.headers.get("Authorization", "")

    def _send(self, outcome: Outcome) -> bool:
        """Send the answer in one piece. Returns whether all of it went."""
        if outcome.breaks == "before":
            return False
        answer = outcome.answer
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        if answer.status != HTTPStatus.NO_CONTENT:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        sent = ("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body
        is_whole = outcome.breaks != "within"
        self.wfile.write(sent if is_whole else sent[: -(len(answer.body) // 2) or None])
        return is_whole

    def log_message(self, format: str, *args: Any) -> None:
        """The server keeps its own record."""
