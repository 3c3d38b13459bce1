"""Ending what a connection is doing, from another thread."""

from __future__ import annotations

from contextlib import closing, suppress
from threading import Thread
from typing import TYPE_CHECKING

from kada_dagster.errors import KadaError
from kada_dagster.loader.server import Server
from kada_dagster.postgres.client import CANCEL_SECONDS, hang_up

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def cut(server: Server, raw: Connection, process: int) -> None:
    """Have the server stop what it does for a connection, and hang up.

    A server that only loses its client goes on until it has something to send.

    Args:
        server: of the connection.
        raw: the connection; may be closed already.
        process: number of its process there.
    """
    asking = Thread(target=_ask, args=(server, process), daemon=True)  # it may never answer
    asking.start()
    asking.join(CANCEL_SECONDS)
    hang_up(raw)


def _ask(server: Server, process: int) -> None:
    """Over a connection of its own: psycopg2's cancel() stops all threads while it waits."""
    import psycopg2

    with (
        suppress(KadaError, psycopg2.Error),
        closing(server.connect()) as raw,
        raw.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_cancel_backend(%s)", (process,))
