"""HTTP: reads requests, writes answers, whole or broken."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kada_dagster.sandbox.hightouch.answers import Answer, not_found

PREFIX = "/api/v1"

Ask = Callable[[str, str, dict[str, tuple[str, ...]], "str | None"], Answer]
"""From method, path behind the prefix, query and `Authorization` to an answer."""


class Listener(ThreadingHTTPServer):
    """Listens on a port of this machine, one thread a connection.

    Args:
        port: which one; 0: a free one.
        ask: gives the answers.
        stopping: ends answers that trickle.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, ask: Ask, stopping: threading.Event) -> None:
        self.ask = ask
        self.stopping = stopping
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and close what clients hold open."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no errors of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        url = urlsplit(self.path)
        if not url.path.startswith(f"{PREFIX}/"):
            self._send(not_found())
            return
        query = parse_qs(url.query, keep_blank_values=True)
        values = {name: tuple(texts) for name, texts in query.items()}
        path = url.path[len(PREFIX) :]
        self._send(self.server.ask(self.command, path, values, self.headers.get("Authorization")))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer

    def _send(self, answer: Answer) -> None:
        if not answer.status:
            self.close_connection = True
            return
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        """Head and body in one packet, unless the answer is a broken one."""
        body = answer.body[: int(len(answer.body) * answer.sent)]
        if not answer.pause:
            self._headers_buffer += [b"\r\n", body]  # type: ignore[attr-defined]
            self.flush_headers()
        else:
            self.end_headers()
            for byte in body:
                if self.server.stopping.wait(answer.pause):
                    break
                self.wfile.write(bytes([byte]))
        broken = len(body) < len(answer.body) or self.command != "GET"
        self.close_connection = self.close_connection or broken

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the server keeps a log of its own."""
