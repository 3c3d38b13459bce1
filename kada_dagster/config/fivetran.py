"""The accounts under `fivetran:` in kada.yaml: what of them is shown, started and followed.

Only fields and their checks; what they become is in `kada_dagster.fivetran`. The collector of a
Fivetran account is a source like any other and is not described here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from kada_dagster.config.fields import (
    LocalPath,
    Name,
    Seconds,
    SecretReference,
    Settings,
    Text,
    Url,
    secret_fields,
)
from kada_dagster.config.fivetran_follow import (
    FailureSettings,
    FollowSettings,
    NameText,
    SensorSettings,
)
from kada_dagster.config.retries import RetrySettings
from kada_dagster.config.window import known_cron
from kada_dagster.secrets import Secret

JOBS = ("status", "start", "test", "resync", "snapshot", "followers")
"""What an account has jobs for: `<name>_<word>_job`."""

_LONGEST_SYNC = 14 * 86_400


class StartSettings(Settings):
    """How a sync is started and waited for."""

    timeout: int = Field(
        default=300, ge=1, le=_LONGEST_SYNC, description="Seconds a sync may take."
    )
    manual: bool = Field(
        default=True, description="Set the connection's schedule to manual where it is not."
    )
    restore_schedule: bool = Field(
        default=False, description="Put the schedule back after the sync."
    )
    on_running: Literal["attach", "queue", "force", "fail"] = Field(
        default="attach",
        description="When a sync runs already: wait for it, start another one after it, stop it "
        "and start anew, or fail.",
    )
    on_paused: Literal["fail", "unpause", "skip"] = Field(
        default="fail", description="When the connection is paused."
    )
    on_broken: Literal["test", "fail"] = Field(
        default="test", description="When the connection is broken: run its setup tests, or fail."
    )
    on_reschedule: Literal["wait", "fail"] = Field(
        default="wait", description="When Fivetran puts the sync off."
    )
    on_timeout: Literal["leave", "stop"] = Field(
        default="leave",
        description="What becomes of the sync when the time is up or the run is cancelled.",
    )
    history: bool = Field(
        default=True, description="Ask the sync history for the sync's id and volumes."
    )
    retry_rescheduled: bool = Field(
        default=False,
        description="Try the step again when a sync was put off beyond the timeout.",
    )


class FivetranAccountSettings(Settings):
    """One Fivetran account: its assets, actions, and the sensor that follows its syncs."""

    name: Name = Field(
        description="Name of the account: letters, digits and '_'; prefix of keys and jobs, group."
    )
    description: Text = Field(default="", description="Shown in the catalogue of assets.")
    owners: list[Text] = Field(default=[], description="E-mail addresses, or teams as `team:name`.")
    tags: dict[str, Text] = Field(default={}, description="Tags of the assets.")
    api_key: SecretReference = Field(description="API key, as ${NAME}.")
    api_secret: SecretReference = Field(description="Its secret, as ${NAME}.")
    base_url: Url | None = Field(
        default=None, description="Address of the API where it is not Fivetran's, with /v1."
    )
    timeout: Seconds = Field(default=60, description="Seconds to wait for the API.")
    concurrency: int = Field(default=4, ge=1, le=32, description="Requests at the same time.")
    calls_per_hour: int = Field(
        default=20_000, ge=1, le=1_000_000, description="Rate limit of the account."
    )
    groups: list[NameText] = Field(
        default=[], description="Only the connections of these groups, by id or name."
    )
    snapshot: LocalPath = Field(
        default=Path(),
        validate_default=True,
        description="File that holds what the account looks like; <name>_snapshot.json.",
    )
    snapshot_cron: str | None = Field(
        default=None, description="When the snapshot is refreshed, UTC; without it, on demand."
    )
    tables: bool = Field(default=True, description="Show the tables of connections as assets.")
    columns: bool = Field(
        default=False, description="Read the columns too: one call per table, to the source."
    )
    source_tables: bool = Field(
        default=False, description="Show the tables of the sources upstream of those they fill."
    )
    start: StartSettings = Field(default=StartSettings(), description="Defaults of a sync.")
    retries: RetrySettings = Field(
        default=RetrySettings(), description="After errors that may pass."
    )
    sensor: SensorSettings = Field(
        default=SensorSettings(), description="How completed syncs are found."
    )
    follow: list[FollowSettings] = Field(default=[], description="What runs after syncs.")
    on_failure: FailureSettings = Field(
        default=FailureSettings(), description="What runs after a sync has failed."
    )
    pool: Text | None = Field(
        default=None, description="Dagster concurrency pool of the syncs; without it, none."
    )

    @field_validator("snapshot", mode="before")
    @classmethod
    def _named_after_the_account(cls, given: object, info: ValidationInfo) -> object:
        unset = given is None or given == Path()
        return f"{info.data.get('name', 'fivetran')}_snapshot.json" if unset else given

    @field_validator("snapshot_cron")
    @classmethod
    def _known_cron(cls, text: str | None) -> str | None:
        return text if text is None else known_cron(text)

    @property
    def resource_key(self) -> str:
        """Key of the resource that reaches the account."""
        return f"{self.name}_fivetran"

    @property
    def sensor_name(self) -> str:
        """Name of the sensor that follows the account's syncs."""
        return f"{self.name}_sync_sensor"

    def job_name(self, action: str) -> str:
        """Name of the job of an action, one of `JOBS`."""
        return f"{self.name}_{action}_job"

    def secrets(self) -> list[Secret]:
        """References to the secrets, so that output can be cleaned of them."""
        return secret_fields(self)
