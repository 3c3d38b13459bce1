"""What the jobs of an account may be told when they are launched; the settings are the defaults.

The names are those of `start:` in kada.yaml.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, create_model

from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.config import StartSettings
    from kada_dagster.fivetran.actions import StartOptions


class OnRunning(Enum):
    """When a sync runs already."""

    attach = "attach"
    queue = "queue"
    force = "force"
    fail = "fail"


class OnPaused(Enum):
    """When the connection is paused."""

    fail = "fail"
    unpause = "unpause"
    skip = "skip"


class OnBroken(Enum):
    """When the connection is broken."""

    test = "test"
    fail = "fail"


class OnReschedule(Enum):
    """When Fivetran puts the sync off."""

    wait = "wait"
    fail = "fail"


class OnTimeout(Enum):
    """What becomes of the sync when the time is up or the run is cancelled."""

    leave = "leave"
    stop = "stop"


class ConnectionConfig(dg.Config):
    """Which connection."""

    connection_id: str = Field(description="Id of the connection, as in its address in Fivetran.")


class SyncConfig(ConnectionConfig):
    """Which connection, and how its sync is started and waited for."""

    timeout: int = Field(default=300, ge=1, description="Seconds the sync may take.")
    manual: bool = Field(default=True, description="Set the connection's schedule to manual.")
    restore_schedule: bool = Field(default=False, description="Put the schedule back afterwards.")
    on_running: OnRunning = Field(
        default=OnRunning.attach,
        description="A sync runs already: wait for it, start another after it, stop it, or fail.",
    )
    on_paused: OnPaused = Field(default=OnPaused.fail, description="The connection is paused.")
    on_broken: OnBroken = Field(default=OnBroken.test, description="The connection is broken.")
    on_reschedule: OnReschedule = Field(
        default=OnReschedule.wait, description="Fivetran puts the sync off."
    )
    on_timeout: OnTimeout = Field(
        default=OnTimeout.leave,
        description="What becomes of the sync when the time is up or the run is cancelled.",
    )
    history: bool = Field(default=True, description="Ask for the sync's id and volumes.")

    def options(self) -> StartOptions:
        """The same for the plain layer."""
        from kada_dagster.fivetran.actions import StartOptions

        fields = {name: getattr(self, name) for name in SyncConfig.model_fields}
        del fields["connection_id"]
        return StartOptions(**{n: v.value if isinstance(v, Enum) else v for n, v in fields.items()})


class ResyncConfig(SyncConfig):
    """Which tables of which connection are read again from the beginning."""

    scope: dict[str, list[str]] = Field(
        default={}, description="Tables by schema, by their names in the source."
    )
    whole_connection: bool = Field(
        default=False, description="Re-sync everything, in place of a scope. This may take days."
    )

    def require_clear(self) -> None:
        """Refuse what could mean more than was meant.

        Raises:
            ConfigError: neither tables nor the whole connection are named, or both.
        """
        if self.whole_connection == bool(self.scope):
            raise ConfigError(
                "scope: name the tables to re-sync, as {schema: [table]}; for all of them set "
                "whole_connection: true and leave scope out"
            )


class SnapshotConfig(dg.Config):
    """How the snapshot is refreshed."""

    everything: bool = Field(
        default=False, description="Read every connection's schemas again, not only new ones."
    )


def with_defaults(kind: type[SyncConfig], settings: StartSettings) -> type[SyncConfig]:
    """The same configuration with the defaults of an account, so that the UI shows them."""
    fields: dict[str, Any] = {}
    for name in SyncConfig.model_fields.keys() & type(settings).model_fields.keys():
        annotation: Any = kind.model_fields[name].annotation
        value = getattr(settings, name)
        default = annotation(value) if isinstance(value, str) else value
        described = Field(default=default, description=kind.model_fields[name].description)
        fields[name] = (annotation, described)
    return create_model("Config", __base__=kind, __module__=__name__, **fields)
