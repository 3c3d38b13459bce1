"""Bringing the snapshot of an account up to date: from the API into the file.

What is read again is decided in `snapshot_taking`; the file and what is in it are in
`snapshot_file` and `snapshot_model`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.fivetran.orchestration import opened
from kada_dagster.fivetran.snapshot_file import SnapshotError, read_snapshot, write_snapshot
from kada_dagster.fivetran.snapshot_model import Snapshot
from kada_dagster.fivetran.snapshot_taking import Taking

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings
    from kada_dagster.fivetran.client import FivetranClient


@dataclass(frozen=True)
class SnapshotReport:
    """What taking a snapshot came to.

    Attributes:
        path: the file.
        connections: in the snapshot.
        tables: in the snapshot.
        schemas_read: connections whose schema configuration was asked for.
        schemas_kept: connections taken over from the snapshot before.
        columns_read: tables whose columns were asked for.
        calls: requests sent.
        warnings: what could not be read, and what was done about it.
    """

    path: Path
    connections: int
    tables: int
    schemas_read: int
    schemas_kept: int
    columns_read: int
    calls: int
    warnings: tuple[str, ...]


def refresh(
    settings: FivetranAccountSettings,
    *,
    everything: bool = False,
    report: Callable[[str], None] = lambda _: None,
    client: FivetranClient | None = None,
) -> SnapshotReport:
    """Bring the file of an account's snapshot up to date.

    Args:
        settings: the account.
        everything: read every connection's schemas again.
        report: told what goes on, in lines of text.
        client: of the account, already open; by default one is opened and closed.

    Raises:
        ConfigError: the key cannot be looked up, a group is not there, or the file cannot be
            written.
        KadaError: the account or its list of connections cannot be read; the file is as it was.
    """
    if client is None:
        with opened(settings) as own:
            return refresh(settings, everything=everything, report=report, client=own)
    taking = Taking(client, settings, report, _before(settings.snapshot, report), everything)
    calls = client.api.calls
    snapshot = taking.snapshot()
    write_snapshot(settings.snapshot, snapshot)
    return SnapshotReport(
        path=settings.snapshot,
        connections=len(snapshot.connections),
        tables=sum(1 for connection in snapshot.connections for _ in connection.tables()),
        schemas_read=len(taking.schemas_read),
        schemas_kept=len(snapshot.connections) - len(taking.schemas_read),
        columns_read=len(taking.columns_read),
        calls=client.api.calls - calls,
        warnings=tuple(sorted(taking.warnings)),
    )


def _before(file: Path, report: Callable[[str], None]) -> Snapshot | None:
    """The snapshot there is; a broken one is replaced, so it counts as none."""
    try:
        return read_snapshot(file)
    except SnapshotError as error:
        report(f"{error}; everything is read anew")
        return None
