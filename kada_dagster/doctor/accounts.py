"""The accounts under `fivetran:`: the key accepted, and a snapshot that is there and recent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from kada_dagster.doctor.apis import api_checks, fivetran_api
from kada_dagster.doctor.check import Check, Verdict, ok, warn
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.limits import Shared

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings

_GRACE = timedelta(hours=1)
_OLD = timedelta(days=30)


def account_checks(settings: FivetranAccountSettings, shared: Shared) -> list[Check]:
    """The checks of an account."""
    held = settings.secrets()
    secrets = Check(settings.name, "secrets", lambda: secrets_verdicts(held))
    api = api_checks(settings.name, fivetran_api(settings, shared), (secrets,), shared)
    return [secrets, *api, Check(settings.name, "snapshot", lambda: _snapshot(settings))]


def _snapshot(settings: FivetranAccountSettings) -> Iterator[Verdict]:
    from kada_dagster.fivetran.snapshot_file import read_snapshot

    found, file = read_snapshot(settings.snapshot), settings.snapshot
    cure = f"take one with kada fivetran snapshot --name {settings.name}"
    if found is None:
        yield warn(f"{file} is not there yet, so the account shows no connections: {cure}")
        return
    count = len(found.connections)
    said = f"{file} has {count:,} connection{'' if count == 1 else 's'}, taken "
    said += f"{found.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    if found.taken_at < _expected(settings.snapshot_cron):
        yield warn(
            f"{said}: that is old; {cure}, or see why the job {settings.job_name('snapshot')} "
            "does not run"
        )
    else:
        yield ok(said)


def _expected(cron: str | None) -> datetime:
    """The moment a snapshot should not be older than, UTC: a tick of the cron that has passed."""
    from kada_dagster.config.cron import Cron

    now = datetime.now(timezone.utc)
    due = (now - _GRACE).replace(tzinfo=None, second=0, microsecond=0)
    tick = Cron.parse(cron).last_tick(due) if cron is not None else None
    return tick.replace(tzinfo=timezone.utc) if tick else now - _OLD
