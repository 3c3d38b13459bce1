"""From Dagster's records to how everything is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.hwm.window import Window
from kada_dagster.operations.conditions import SECONDS, load_limits
from kada_dagster.operations.failed_runs import FailureReader
from kada_dagster.operations.records import Materialized, failed_syncs, last_materialized
from kada_dagster.operations.situation import (
    AccountSituation,
    Extracted,
    LastFailure,
    RouteSituation,
    Situation,
    SourceSituation,
)
from kada_dagster.operations.sources import positions
from kada_dagster.operations.staged import last_staged

if TYPE_CHECKING:
    from kada_dagster.operations.notices import Failure
    from kada_dagster.operations.watched import Watched

_LAST_RUNS = 300
"""Failed runs that are looked through, besides the last one of each asset."""


@dataclass(frozen=True)
class Overview:
    """Puts together how everything is.

    Attributes:
        dagster: is asked.
        watched: what there is.
        now: the present moment.
    """

    dagster: dg.DagsterInstance
    watched: Watched
    now: datetime

    def situation(self, records: str) -> Situation:
        """How everything is.

        Args:
            records: where Dagster's records are, for people.
        """
        sources = self.watched.sources.values()
        keys = [key for one in sources for key in (one.extract_key, one.mark_key)]
        done = last_materialized(self.dagster, [*keys, *self.watched.loads])
        failures = self._last_failures(done)
        return Situation(
            self.now,
            self._sources(done, failures),
            self._routes(done, failures),
            self._accounts(),
            records,
        )

    def _sources(
        self, done: Mapping[dg.AssetKey, Materialized], failures: Mapping[str, LastFailure]
    ) -> list[SourceSituation]:
        found = positions(self.watched.marks(), self.now, SECONDS)
        return [
            SourceSituation(
                name=name,
                type=one.settings.type,
                position=found[name],
                extracted=_extracted(done.get(one.extract_key)) or last_staged(one.settings),
                succeeded=_at(done.get(one.mark_key)),
                failure=failures.get(f"source {name}"),
            )
            for name, one in self.watched.sources.items()
        ]

    def _routes(
        self, done: Mapping[dg.AssetKey, Materialized], failures: Mapping[str, LastFailure]
    ) -> list[RouteSituation]:
        groups: dict[str, list[dg.AssetKey]] = defaultdict(list)
        for key, spec in self.watched.loads.items():
            groups[spec.group_name or ""].append(key)
        limits = load_limits(self.watched)
        found: list[RouteSituation] = []
        for name, keys in groups.items():
            loaded = [done[key] for key in keys if key in done]
            named = {".".join(key.path): key for key in keys}
            open_ = {n: failures[f"load {n}"] for n in named if f"load {n}" in failures}
            old = [n for n, key in named.items() if self._is_old(done.get(key), limits.get(key))]
            found.append(
                RouteSituation(
                    name=name,
                    loads=len(keys),
                    loaded=max((one.at for one in loaded), default=None),
                    rows=sum(_number(one.facts.get("rows_read")) for one in loaded),
                    failing=[(n, one.cause) for n, one in open_.items() if not one.is_over],
                    old=old,
                )
            )
        return found

    def _is_old(self, last: Materialized | None, limit: Any) -> bool:
        return limit is not None and last is not None and self.now - last.at > limit

    def _accounts(self) -> list[AccountSituation]:
        known = failed_syncs(self.dagster, self.watched)
        groups: dict[str, list[dg.AssetCheckKey]] = defaultdict(list)
        for key, spec in self.watched.syncs.items():
            groups[spec.group_name or ""].append(key)
        return [
            AccountSituation(
                name,
                len(keys),
                [("/".join(k.asset_key.path), known[k][1]) for k in keys if known.get(k, (0,))[0]],
            )
            for name, keys in groups.items()
        ]

    def _last_failures(self, done: Mapping[dg.AssetKey, Materialized]) -> dict[str, LastFailure]:
        """The last failure of each subject, by its name."""
        reader = FailureReader(self.dagster, self.watched)
        found: dict[str, LastFailure] = {}
        for record in self._failed_runs():
            run = record.dagster_run
            if run.is_complete_and_waiting_to_retry:
                continue
            if self.watched.subject_of(run).name in found:
                continue  # a later run of it was there before; reading events costs most
            for failure in reader.failures(run):
                found.setdefault(failure.subject, self._last(failure, done))
        return found

    def _failed_runs(self) -> list[dg.RunRecord]:
        """Failed runs, the last one first."""
        records = self.dagster.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]), limit=_LAST_RUNS
        )
        return sorted(records, key=lambda record: -(record.end_time or 0.0))

    def _last(self, failure: Failure, done: Mapping[dg.AssetKey, Materialized]) -> LastFailure:
        subject = self.watched.subjects.get(failure.subject)
        worked = _at(done.get(subject.works)) if subject and subject.works else None
        return LastFailure(
            at=failure.at,
            what=failure.step,
            cause=failure.cause,
            next_step=failure.next_step,
            run_id=failure.run_id,
            is_over=worked is not None and worked > failure.at,
        )


def _at(last: Materialized | None) -> datetime | None:
    return None if last is None else last.at


def _extracted(last: Materialized | None) -> Extracted | None:
    """What the last extract's materialization says of it."""
    if last is None:
        return None
    facts = last.facts
    try:
        window = Window.parse(str(facts["start_hwm"]), str(facts["end_hwm"]))
    except KeyError:
        return None
    rows = sum(_number(n) for name, n in facts.items() if name.startswith("rows/"))
    return Extracted(window, rows, _number(facts.get("bytes")))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
