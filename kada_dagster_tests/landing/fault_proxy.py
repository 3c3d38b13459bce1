"""An HTTP network between a landing and its store that fails where a test says so.

Requests go to the emulator as they came, and its answers back, unless a `Fault` strikes them. The
emulator behind it is real, so what a failure leaves there can be looked at past the proxy.
"""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_CHUNK = 64 * 1024
_ANSWER_SECONDS = 120


class _Cut(Exception):
    """The connection is to be cut now."""


@dataclass
class Fault:
    """What happens to some requests. With several, each request meets the first that is due.

    Attributes:
        method: of the requests that count, a regular expression; all by default.
        target: searched in their path and query, a regular expression; all by default.
        skip: how many of them go through first.
        times: how many after those are struck; None for all.
        status: answer this instead of asking the store (the body is read, and not passed on).
        headers: of that answer.
        body: of that answer.
        cut_after: pass on so many bytes of the request's body, then cut both connections; None
            cuts nothing. A request with a shorter body goes through; with 0, none does, and the
            store sees nothing of it.
        cut_answer: the store gets the request and answers; the client's connection is cut.
        delay: seconds to wait before the request is passed on or struck.
    """

    method: str = ""
    target: str = ""
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    cut_after: int | None = None
    cut_answer: bool = False
    delay: float = 0.0
    struck: int = 0
    """How often it has struck so far."""

    def is_due(self, method: str, target: str) -> bool:
        """Count a request, and tell whether it is struck."""
        if not (re.match(self.method, method) and re.search(self.target, target)):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True)
class Seen:
    """A request that reached the proxy.

    Attributes:
        method: GET, PUT, ...
        target: path and query as sent.
        headers: as sent, names in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str]


class FaultProxy:
    """Listens on `port` and passes HTTP requests to a server of this machine.

    Example:
        >>> with FaultProxy(server.port, Fault("PUT", status=503, times=2)) as proxy:
        ...     landing = ...  # with the address proxy.url

    Attributes:
        url: its address, `http://127.0.0.1:<port>`.
        port: of that address.
        seen: every request that came, in order.
    """

    def __init__(self, server_port: int, *faults: Fault) -> None:
        self.server_port, self.faults = server_port, faults
        self.seen: list[Seen] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(self)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def count(self, method: str, target: str = "") -> int:
        """How many requests of a method came whose path and query match."""
        with self._lock:
            return sum(s.method == method and bool(re.search(target, s.target)) for s in self.seen)

    def meet(self, seen: Seen) -> Fault | None:
        """Note a request; the fault that strikes it, if any."""
        with self._lock:
            self.seen.append(seen)
            due = (fault for fault in self.faults if fault.is_due(seen.method, seen.target))
            return next(due, None)

    def track(self, connection: socket.socket, *, is_open: bool) -> None:
        """Remember a client's connection for as long as it is open."""
        with self._lock:
            (self._open.add if is_open else self._open.discard)(connection)

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        assert isinstance(self.server, _Server)
        self._proxy = self.server.proxy
        self._proxy.track(self.connection, is_open=True)
        port = self._proxy.server_port
        self._store = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)

    def finish(self) -> None:
        self._store.close()
        self._proxy.track(self.connection, is_open=False)
        with suppress(OSError):  # the client is gone
            super().finish()

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self._proxy.meet(Seen(self.command, self.path, headers)) or Fault()
        time.sleep(fault.delay)
        try:
            if fault.status is None:
                self._pass(fault)
            else:
                self._refuse(fault, fault.status)
        except (_Cut, OSError, http.client.HTTPException):
            self._cut()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_OPTIONS = _handle

    def handle_expect_100(self) -> bool:
        """The client is told to go on when its body is read, not before a fault is looked up."""
        return True

    def _refuse(self, fault: Fault, status: int) -> None:
        for _ in self._body():
            pass
        self.send_response(status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(fault.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(fault.body)

    def _pass(self, fault: Fault) -> None:
        if fault.cut_after == 0:
            raise _Cut
        self._store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "connection"):
                self._store.putheader(name, value)
        self._store.endheaders()
        self._send_body(fault.cut_after)
        answer = self._store.getresponse()
        if fault.cut_answer:
            answer.read()
            raise _Cut
        self._answer(answer)

    def _send_body(self, cut_after: int | None) -> None:
        left = cut_after
        for chunk in self._body():
            if left is not None and len(chunk) >= left:
                self._store.send(self._framed(chunk[:left]))
                raise _Cut
            self._store.send(self._framed(chunk))
            left = None if left is None else left - len(chunk)
        if self._is_chunked():
            self._store.send(b"0\r\n\r\n")

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    def _framed(self, data: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(data), data) if data and self._is_chunked() else data

    def _body(self) -> Iterator[bytes]:
        if "100-continue" in self.headers.get("Expect", "").lower():
            self.send_response_only(100)
            self.end_headers()
        if not self._is_chunked():
            yield from self._read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield from self._read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass

    def _read(self, left: int) -> Iterator[bytes]:
        while left:
            chunk = self.rfile.read1(min(left, _CHUNK))
            if not chunk:
                raise _Cut
            left -= len(chunk)
            yield chunk

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "keep-alive"):
                self.send_header(name, value)
        has_body = self.command != "HEAD" and answer.status not in (204, 304)
        if has_body and answer.getheader("Content-Length") is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        while chunk := answer.read(_CHUNK):
            self.wfile.write(chunk)

    def _cut(self) -> None:
        self._store.close()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
