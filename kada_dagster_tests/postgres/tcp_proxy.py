"""A network between the collector and a server that can be cut, or go silent, after some bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType


class TcpProxy:
    """Listens on `port` and passes everything to a server on this machine.

    After `limit` bytes from the server (all connections together) it closes every connection
    (`silent` False), or keeps them open and passes nothing any more (`silent` True).
    """

    def __init__(self, server_port: int, limit: int, *, silent: bool = False) -> None:
        self._server_port, self._left, self._silent = server_port, limit, silent
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.tripped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.tripped.is_set() and not self._silent:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._open += [client, server]
                for source, target, counted in ((client, server, False), (server, client, True)):
                    threading.Thread(
                        target=self._pass, args=(source, target, counted), daemon=True
                    ).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if self.tripped.is_set():
                    continue  # silent: swallowed
                target.sendall(self._allowed(data) if counted else data)
                if self.tripped.is_set() and not self._silent:
                    self._cut()
            target.shutdown(socket.SHUT_WR)

    def _allowed(self, data: bytes) -> bytes:
        with self._lock:
            data = data[: self._left]
            self._left -= len(data)
            if not self._left:
                self.tripped.set()
            return data

    def _cut(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> TcpProxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self._cut()
        for one in self._open:
            one.close()
