"""What should not be and goes on: marks that lag or cannot be read, loads that are old, syncs that
failed. Whether and when it is told is decided in `decision`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.hwm.window import format_hwm
from kada_dagster.operations.notices import Condition
from kada_dagster.operations.records import failed_syncs, last_materialized
from kada_dagster.operations.sources import Position, positions
from kada_dagster.operations.spans import span_text

if TYPE_CHECKING:
    from kada_dagster.operations.watched import Watched

SECONDS = 15.0
"""For reading all marks; Dagster breaks a tick off after a minute."""

_UNREADABLE_PATIENCE = timedelta(minutes=30)
"""A store that does not answer once or twice is nothing to be told."""


def conditions(dagster: dg.DagsterInstance, watched: Watched, now: datetime) -> list[Condition]:
    """Everything that is looked at, and how it is now.

    Args:
        dagster: is asked about loads and syncs.
        watched: what there is.
        now: the present moment.
    """
    found = positions(watched.marks(), now, SECONDS)
    return [
        *(one for name, at in found.items() for one in _of_source(name, at)),
        *_of_loads(dagster, watched, now),
        *_of_syncs(dagster, watched),
    ]


def _of_source(name: str, at: Position) -> Iterator[Condition]:
    if at.allowed is None:
        return
    page = f"assets/{name}/high_water_mark"
    facts = {
        "mark": f"{format_hwm(at.mark)} UTC" if at.mark else "none yet",
        "age": f"{span_text(at.age or timedelta())}; at most {span_text(at.allowed.fail_after)}",
        "missing": _missing(at),
        "next step": f"see the last runs of {name}_job and whether {name}_schedule is on; "
        "`kada status` says why the last one failed",
    }
    yield Condition(
        key=f"lag/{name}",
        holds=None if at.trouble else at.verdict == "lags",
        begins=f"source {name}: its mark lags",
        ends=f"source {name}: its mark is current again",
        facts=tuple((fact, text) for fact, text in facts.items() if text),
        page=page,
        # A source that was never extracted has just been added.
        patience=timedelta() if at.mark else at.allowed.fail_after,
    )
    yield Condition(
        key=f"mark/{name}",
        holds=bool(at.trouble),
        begins=f"source {name}: its mark cannot be read",
        ends=f"source {name}: its mark can be read again",
        facts=(("cause", at.trouble), ("next step", f"run `kada hwm show {name}`")),
        page=page,
        patience=_UNREADABLE_PATIENCE,
    )


def _missing(at: Position) -> str:
    if not at.missing:
        return ""
    span = f"{at.missing[0].start_hwm} ... {at.missing[-1].end_hwm} UTC"
    return f"{at.windows} window{'' if at.windows == 1 else 's'}, {span}"


def _of_loads(dagster: dg.DagsterInstance, watched: Watched, now: datetime) -> Iterator[Condition]:
    limits = load_limits(watched)
    loaded = last_materialized(dagster, limits)
    for key, limit in limits.items():
        name, last = ".".join(key.path), loaded.get(key)
        age = f"{span_text(now - last.at)}; at most {span_text(limit)}" if last else "never loaded"
        step = "see its last run, and whether the loader's sensor is on"
        yield Condition(
            key=f"load/{name}",
            holds=last is None or now - last.at > limit,
            begins=f"load {name}: its rows are old",
            ends=f"load {name}: its rows are fresh again",
            facts=(("age", age), ("next step", step)),
            page=f"assets/{'/'.join(key.path)}",
            patience=timedelta() if last else limit,
        )


def load_limits(watched: Watched) -> dict[dg.AssetKey, timedelta]:
    """How old the rows of loads may be, as their freshness policies say; of those that have one."""
    found: dict[dg.AssetKey, timedelta] = {}
    for key, spec in watched.loads.items():
        policy: Any = spec.freshness_policy
        if (window := getattr(policy, "fail_window", None)) is not None:
            found[key] = window.to_timedelta()
    return found


def _of_syncs(dagster: dg.DagsterInstance, watched: Watched) -> Iterator[Condition]:
    known = failed_syncs(dagster, watched)
    for key, spec in watched.syncs.items():
        name, (failed, reason) = "/".join(spec.key.path), known.get(key, (None, ""))
        dashboard: Any = spec.metadata.get("fivetran/dashboard")
        url = str(getattr(dashboard, "value", None) or "Fivetran's dashboard")
        yield Condition(
            key=f"sync/{name}",
            holds=failed,
            begins=f"sync {name}: failed",
            ends=f"sync {name}: works again",
            facts=(("cause", reason), ("next step", f"see {url}")) if reason else (),
            page=f"assets/{name}",
        )
