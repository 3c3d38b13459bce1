"""A network between a load and a server, which is cut where a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Cut = Callable[[bytes, bool], int | None]
"""Given what passes and whether it goes to the server: how much still does before all connections
are cut; None where all of it does."""


class Network:
    """Listens on `port` and passes everything to a server of this machine; a context manager.

    Args:
        server_port: of the server.
        cut: is asked about everything that passes, by one thread at a time, until it says so.

    Attributes:
        port: to connect to.
        was_cut: whether it was; from then on everything passes.
        stays_down: whether nothing does from then on.
    """

    def __init__(self, server_port: int, cut: Cut) -> None:
        self._server_port, self._cut = server_port, cut
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._gone: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.was_cut = self.stays_down = False
        threading.Thread(target=self._accept, daemon=True).start()

    def calm(self) -> None:
        """Let everything pass from now on."""
        with self._lock:
            self._cut = lambda _data, _to_server: None

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:  # it starts again; the next one may be luckier
            return client.close()
        self._open += [client, server]
        for ends in ((client, server, True), (server, client, False)):
            threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    if source in self._gone:
                        break
                    left = None if self.was_cut else self._cut(data, to_server)
                    if left is not None:
                        self.was_cut = True
                        self._leave()
                target.sendall(data[:left])
                if left is not None:
                    self._hang_up()
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _leave(self) -> None:
        """Nothing passes any more over the connections there are."""
        self._gone = {*self._open}
        if self.stays_down:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        for one in self._gone:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_details: object) -> None:
        self.stays_down = True
        with self._lock:
            self._leave()
        self._hang_up()
        self._listener.close()
        for one in self._open:
            one.close()


def after(size: int) -> Cut:
    """Cut after so many bytes, both ways together."""
    passed = 0

    def cut(data: bytes, _to_server: bool) -> int | None:
        nonlocal passed
        passed += len(data)
        return None if passed < size else max(0, len(data) - (passed - size))

    return cut


def at_commit(*, arrives: bool) -> Cut:
    """Cut when a load commits.

    Args:
        arrives: whether the COMMIT reaches the server, so that only the answer is lost.
    """
    is_noted = False

    def cut(data: bytes, to_server: bool) -> int | None:
        nonlocal is_noted
        is_noted |= b".state (task" in data
        if not (to_server and is_noted and b"COMMIT\0" in data):
            return None
        return len(data) if arrives else 0

    return cut
