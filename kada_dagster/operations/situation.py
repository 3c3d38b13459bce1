"""How everything is, as values: sources, loads by route, syncs by account. Gathered elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kada_dagster.hwm.window import Window, format_hwm
from kada_dagster.operations.sources import Position


@dataclass(frozen=True)
class Extracted:
    """The last extract of a source.

    Attributes:
        window: what it covers.
        rows: of all its files.
        size: of all its files, in bytes.
    """

    window: Window
    rows: int
    size: int


@dataclass(frozen=True)
class LastFailure:
    """A failed run.

    Attributes:
        at: when.
        what: the step, as `extract`; empty where no step failed.
        cause: what the error says.
        next_step: what to do about it.
        run_id: of the run.
        is_over: whether what failed has worked since.
    """

    at: datetime
    what: str
    cause: str
    next_step: str
    run_id: str
    is_over: bool


@dataclass(frozen=True)
class SourceSituation:
    """How a source is.

    Attributes:
        name: of the source.
        type: of the source.
        position: of its mark.
        extracted: its last extract; None where there is none, or nobody here knows it.
        succeeded: when its mark was brought to an end last; None likewise.
        failure: the last failed run; None likewise.
    """

    name: str
    type: str
    position: Position
    extracted: Extracted | None = None
    succeeded: datetime | None = None
    failure: LastFailure | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing of it asks for an operator."""
        failing = self.failure is not None and not self.failure.is_over
        return not failing and self.position.verdict not in ("lags", "unreadable")

    @property
    def state(self) -> str:
        """In a word or two."""
        failing = self.failure is not None and not self.failure.is_over
        return f"{self.position.verdict}, failed" if failing else self.position.verdict


@dataclass(frozen=True)
class RouteSituation:
    """How the loads of a route are.

    Attributes:
        name: of the route.
        loads: how many there are.
        loaded: when the last of them loaded; None where none ever did.
        rows: rows read by the last load of each.
        failing: names of the loads that failed last, and why.
        old: names of the loads whose rows are older than their freshness check allows.
    """

    name: str
    loads: int
    loaded: datetime | None
    rows: int
    failing: Sequence[tuple[str, str]] = ()
    old: Sequence[str] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing of it asks for an operator."""
        return not self.failing and not self.old


@dataclass(frozen=True)
class AccountSituation:
    """How the connections of a Fivetran account are.

    Attributes:
        name: of the account's group of assets.
        connections: how many there are.
        failing: names of those whose last sync failed, and why.
    """

    name: str
    connections: int
    failing: Sequence[tuple[str, str]] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing of it asks for an operator."""
        return not self.failing


@dataclass(frozen=True)
class Situation:
    """How everything is.

    Attributes:
        at: when.
        sources: as in the configuration.
        routes: of the loaders; empty without Dagster's records.
        accounts: of Fivetran, likewise.
        records: where Dagster's records were read; empty where they were not.
    """

    at: datetime
    sources: Sequence[SourceSituation]
    routes: Sequence[RouteSituation] = ()
    accounts: Sequence[AccountSituation] = ()
    records: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing asks for an operator."""
        return all(one.is_well for one in (*self.sources, *self.routes, *self.accounts))

    def facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "at": format_hwm(self.at),
            "is_well": self.is_well,
            "dagster": self.records or None,
            "sources": [_source_facts(one) for one in self.sources],
            "routes": [_route_facts(one) for one in self.routes],
            "accounts": [_account_facts(one) for one in self.accounts],
        }


def _source_facts(one: SourceSituation) -> dict[str, Any]:
    at, failure, extracted = one.position, one.failure, one.extracted
    allowed = at.allowed
    return {
        "name": one.name,
        "type": one.type,
        "is_well": one.is_well,
        "state": at.verdict,
        "high_water_mark": _moment(at.mark),
        "lag_seconds": int(at.age.total_seconds()) if at.age is not None else None,
        "allowed_lag_seconds": int(allowed.fail_after.total_seconds()) if allowed else None,
        "unreadable": at.trouble or None,
        "missing_windows": at.windows,
        "missing": [{"start_hwm": s.start_hwm, "end_hwm": s.end_hwm} for s in at.missing],
        "last_extract": extracted
        and {
            "start_hwm": extracted.window.start_hwm,
            "end_hwm": extracted.window.end_hwm,
            "rows": extracted.rows,
            "bytes": extracted.size,
        },
        "last_success": _moment(one.succeeded),
        "last_failure": failure
        and {
            "at": _moment(failure.at),
            "what": failure.what,
            "cause": failure.cause,
            "next_step": failure.next_step,
            "run_id": failure.run_id,
            "is_over": failure.is_over,
        },
    }


def _route_facts(one: RouteSituation) -> dict[str, Any]:
    return {
        "name": one.name,
        "is_well": one.is_well,
        "loads": one.loads,
        "last_load": _moment(one.loaded),
        "rows": one.rows,
        "failing": dict(one.failing),
        "old": list(one.old),
    }


def _account_facts(one: AccountSituation) -> dict[str, Any]:
    return {
        "name": one.name,
        "is_well": one.is_well,
        "connections": one.connections,
        "failing": dict(one.failing),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else format_hwm(at)
