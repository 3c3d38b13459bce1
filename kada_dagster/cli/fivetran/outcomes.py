"""What came of an action, as lines and as facts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kada_dagster.cli.fivetran.ending import Ending, counted, moment

if TYPE_CHECKING:
    from kada_dagster.fivetran.outcomes import SyncOutcome, TestOutcome, Told


def sync_ending(outcome: SyncOutcome) -> Ending:
    """How a sync that succeeded, or was skipped, is told: in one line."""
    at, loaded = outcome.succeeded_at, outcome.load_mb
    parts = [
        f"final status of {outcome.connection_id}: {outcome.status}",
        f"sync {outcome.sync_id}" if outcome.sync_id else "",
        f"succeeded at {moment(at)}" if at and outcome.status == "succeeded" else "",
        f"{loaded:g} MB loaded" if loaded is not None else "",
        f"{outcome.seconds:.0f} s, {counted(outcome.calls, 'call')}",
    ]
    return Ending(0, {**asdict(outcome), "error": None}, [", ".join(filter(None, parts))])


def setup_ending(connection_id: str, outcome: TestOutcome) -> Ending:
    """How setup tests are told: counted, then each one that failed or has a remark.

    Args:
        connection_id: of the connection.
        outcome: of the tests.
    """
    kinds = ("passed", "failed", "warnings", "skipped")
    found = {kind: _as_objects(getattr(outcome, kind)) for kind in kinds}
    facts: dict[str, Any] = {"connection_id": connection_id, "ok": outcome.ok, **found}
    lines = [f"warning: {title}: {message}" for title, message in outcome.warnings]
    lines += [f"failed: {title}: {message}" for title, message in outcome.failed]
    return Ending(0 if outcome.ok else 1, facts, [f"setup tests: {_counts(outcome)}", *lines])


def _counts(outcome: TestOutcome) -> str:
    parts = [f"{len(outcome.passed)} passed", f"{len(outcome.failed)} failed"]
    parts += [counted(len(outcome.warnings), "warning")] if outcome.warnings else []
    parts += [f"{len(outcome.skipped)} skipped"] if outcome.skipped else []
    return ", ".join(parts)


def _as_objects(tests: tuple[Told, ...]) -> list[dict[str, str]]:
    return [{"title": title, "message": message} for title, message in tests]
