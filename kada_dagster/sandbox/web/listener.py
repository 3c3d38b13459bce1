"""HTTP/1.1 over sockets: kept connections, one thread each, all of them ended at the end."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any

from kada_dagster.sandbox.web.answers import Answer

Respond = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""From method, target, headers and body to an answer."""


class Listener(ThreadingHTTPServer):
    """Listens on this machine only.

    Args:
        port: 0 for any free one.
        respond: gives the answers; called from many threads.
        closing: set when the server ends: no answer trickles on then.
    """

    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond, closing: Event) -> None:
        self.respond, self.closing = respond, closing
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
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

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

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.respond(self.command, self.path, headers, body)
        is_whole = bool(answer.status) and self._send(answer)
        is_followed = self.command != "HEAD" and "transfer-encoding" not in headers
        self.close_connection = self.close_connection or not (is_whole and is_followed)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer

    def _send(self, answer: Answer) -> bool:
        """Send head and body in one piece, or what of it is to be sent. Whether it was all."""
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"Content-Type: {answer.content_type}"] if answer.content_type else []
        if answer.status != HTTPStatus.NO_CONTENT:
            lines += [f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        body = answer.body[: int(len(answer.body) * answer.sent)]
        self.wfile.write(head if answer.pause else head + body)
        return len(body) == len(answer.body) and (not answer.pause or self._trickle(answer))

    def _trickle(self, answer: Answer) -> bool:
        for byte in answer.body:
            if self.server.closing.wait(answer.pause):
                return False
            self.wfile.write(bytes([byte]))
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """The stand-in keeps a record of its own."""
