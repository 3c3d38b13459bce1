"""One tick of a sync sensor: a look at the account, and what Dagster is told and asked for.

Dagster stores the events, then the runs with the cursor. A tick that dies in between is done
again; what was stored before is then found in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.fivetran.sensor_parts import SensorParts
from kada_dagster.fivetran.sync_events import (
    Event,
    failed_check,
    materialization,
    observation,
    passed_check,
    table_materializations,
)
from kada_dagster.fivetran.sync_journal import (
    connections_at_work,
    is_failure_reported,
    is_launched,
    newest_reported,
    reported_syncs,
)
from kada_dagster.fivetran.sync_launches import Collectors, alerts, follower
from kada_dagster.fivetran.watch.cursor import Cursor, decode, encode
from kada_dagster.fivetran.watch.follow import Launch, launches
from kada_dagster.fivetran.watch.listing import ListedAccount
from kada_dagster.fivetran.watch.look import take_look
from kada_dagster.fivetran.watch.reports import Report, reports
from kada_dagster.fivetran.watch.sightings import Look
from kada_dagster.fivetran.watch.situation import situation

if TYPE_CHECKING:
    from kada_dagster.fivetran.client import FivetranClient
    from kada_dagster.fivetran.resource import FivetranResource

_SECONDS = 15
"""A call may take. Dagster gives a tick 60 s; what fails is tried again by the next tick."""

_ATTEMPTS = 2


class SensorTick:
    """One tick.

    Args:
        context: of the tick.
        parts: of the sensor.
    """

    def __init__(self, context: dg.SensorEvaluationContext, parts: SensorParts) -> None:
        self.context, self.parts = context, parts
        self.now = datetime.now(timezone.utc)

    def result(self) -> dg.SensorResult | dg.SkipReason:
        """What the tick comes to; an error of the API leaves the cursor as it was."""
        cursor, hints = decode(self.context.cursor), self.parts.hints
        seconds = int(self.now.timestamp())
        hinted = hints.waiting() if hints else []
        if hints and not hinted and cursor and not self._is_time(cursor, seconds):
            return dg.SkipReason("no hint, and the next look is not due yet")
        with closing(self._client()) as client:
            look = take_look(
                ListedAccount(client, self.parts.settings.groups, within=_SECONDS),
                cursor,
                self.parts.options,
                now=seconds,
                busy=lambda: connections_at_work(self.context.instance),
            )
            calls = client.api.calls
        result = self._report(look, calls)
        if hints:
            hints.remove(hinted)
        return result

    def _is_time(self, cursor: Cursor, seconds: int) -> bool:
        """Also where the last look lies ahead: this machine's clock was set back since."""
        interval = self.parts.settings.sensor.interval_seconds
        return not 0 <= seconds - cursor.looked < interval

    def _client(self) -> FivetranClient:
        """A client that gives up sooner than a run's."""
        key = self.parts.settings.resource_key
        resource: FivetranResource = getattr(self.context.resources, key)
        account = resource.account()
        retries = replace(
            account.retries,
            most=min(account.retries.most, _ATTEMPTS),
            within=min(account.retries.within, _SECONDS),
        )
        return replace(account, timeout=min(account.timeout, _SECONDS), retries=retries).open()

    def _report(self, look: Look, calls: int) -> dg.SensorResult:
        keys = {one.connection.id: self.parts.key_of(one) for one in look.sightings}
        found = reports(look.sightings, reported_syncs(self.context.instance, look, keys))
        events = [*self._successes(found, keys), *self._failures(look, keys)]
        requests, awaited = self._runs(look, found)
        text = situation(look, calls)
        self.context.log.info(text)
        return dg.SensorResult(
            run_requests=requests,
            asset_events=events,
            cursor=encode(replace(look.cursor, awaited=awaited)),
            skip_reason=None if requests else text,
        )

    def _successes(self, found: Sequence[Report], keys: Mapping[str, dg.AssetKey]) -> list[Event]:
        events: list[Event] = []
        for report in found:
            key = keys[report.connection.id]
            if report.is_new:
                events.append(materialization(report, key))
            if report.is_newest:
                tables = self._unreported_tables(report)
                events += table_materializations(report, tables)
            if report.is_newest and report.is_new and report.is_last:
                events.append(passed_check(report, key))
        return events

    def _unreported_tables(self, report: Report) -> list[dg.AssetKey]:
        tables = list(self.parts.tables_of(report.connection.id))
        if report.is_new:
            return tables
        known = newest_reported(self.context.instance, tables)
        done = report.completion
        return [
            key
            for key in tables
            if (entry := known.get(key)) is None or not done.is_as(entry.sync_id, entry.succeeded)
        ]

    def _failures(self, look: Look, keys: Mapping[str, dg.AssetKey]) -> list[Event]:
        events: list[Event] = []
        for one in look.sightings:
            key, failure = keys[one.connection.id], one.failure
            if failure is None:
                continue
            if is_failure_reported(self.context.instance, key, failure.failed):
                continue
            if failure.is_last(one.connection):
                events.append(failed_check(one.connection, failure, key))
            events.append(observation(one.connection, failure, key))
        return events

    def _runs(
        self, look: Look, found: Sequence[Report]
    ) -> tuple[list[dg.RunRequest], dict[str, int]]:
        """What is to run, and the syncs collectors are still to follow."""
        wanted = launches(
            found,
            self.parts.rules,
            coalesce=self.parts.settings.sensor.coalesce,
            is_known=lambda key: is_launched(self.context.instance, key),
        )
        followed = [one for one in wanted if one.target.kind == "collector"]
        requests = [
            follower(one, self.parts.followers_job)
            for one in wanted
            if one.target.kind != "collector"
        ]
        for one in look.sightings:
            if one.failure is not None:
                requests += alerts(one.connection, one.failure, self.parts.settings.on_failure.jobs)
        awaited = _awaited(look.cursor, followed)
        collectors = Collectors(self.parts.instances, self.context.resources)
        fresh = [one.target.names[0] for one in followed]
        requests += collectors.requests(self.context, awaited, fresh, self.now)
        return requests, awaited


def _awaited(cursor: Cursor, followed: Sequence[Launch]) -> dict[str, int]:
    """By collector, the newest sync it is to follow."""
    awaited = dict(cursor.awaited)
    for one in followed:
        newest = max(report.completion.succeeded for report in one.reports)
        awaited[one.target.names[0]] = max(newest, awaited.get(one.target.names[0], 0))
    return awaited
