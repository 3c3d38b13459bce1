"""The lists of a workspace, read side by side and handed out one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

from kada_dagster.api.lookahead import ahead
from kada_dagster.hightouch.client import HightouchClient
from kada_dagster.hightouch.runs import RunReader, RunsFound

_DEPTH = 32  # entries of each list that are held, those of syncs with their runs

Listed = tuple[dict[str, Any], RunsFound]
"""An entry of a list as the API gives it; of a sync also its runs."""


def lists(client: HightouchClient, reader: RunReader) -> Generator[Iterator[Listed], None, None]:
    """Read all lists, and the runs of the syncs that may have some.

    No list waits for another one: only the pages of one follow each other.

    Args:
        client: makes the calls.
        reader: reads the runs of a sync.

    Yields:
        Sources, destinations, models, syncs. Each must be read to its end, or this be closed.

    Raises:
        KadaError: see `ApiClient.items`.
    """
    streams = [partial(_list, client, name) for name in ("sources", "destinations", "models")]
    with_runs = partial(client.api.gather, client.items("syncs"), reader.read)
    yield from ahead([*streams, with_runs], width=4, depth=_DEPTH)


def _list(client: HightouchClient, name: str) -> Iterator[Listed]:
    for given in client.items(name):
        yield given, RunsFound()
