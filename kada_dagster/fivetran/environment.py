"""What the documented environment variables of the Fivetran orchestrator ask for.

From the variables to a `PipelineJob`; nothing is sent and nothing printed here. The
variables are those of the DataOps.live page "Fivetran Orchestrator"; what it leaves open is
decided in docs/fivetran-pipelines.md. Variables that begin with KADA_FIVETRAN_ are our own.
How one variable is read, and the credentials, are in `variables`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran import options as kinds
from kada_dagster.fivetran.options import StartOptions
from kada_dagster.fivetran.variables import Credentials, Variables, credentials, suggestion

ACTIONS = ("STATUS", "START", "TEST", "FORCE_RESYNC")
DEFAULT_TIMEOUT = 300.0
"""Seconds START and FORCE_RESYNC wait, as documented."""

OWN = "KADA_FIVETRAN_"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "on_running": get_args(kinds.OnRunning),
    "on_paused": get_args(kinds.OnPaused),
    "on_broken": get_args(kinds.OnBroken),
    "on_reschedule": get_args(kinds.OnReschedule),
    "on_timeout": get_args(kinds.OnTimeout),
}
"""Policies of a sync, and their values."""

SWITCHES = ("restore_schedule", "strict_compat")
"""Our own variables that any value, even 0, turns on, as those of the page."""


@dataclass(frozen=True)
class PipelineJob:
    """What one job of a pipeline is to do.

    Attributes:
        action: one of `ACTIONS`.
        connection_id: id of the connection.
        credentials: for the API.
        schema: of the tables to re-sync.
        tables: to re-sync; empty unless the action is FORCE_RESYNC.
        keep_schedule: leave the connection's `schedule_type` alone.
        timeout: seconds START and FORCE_RESYNC wait.
        base_url: of the API; None: Fivetran's.
        policies: those that are set, by the names of `CHOICES`.
        restore_schedule: set the schedule back afterwards.
        strict_compat: STATUS and TEST set the schedule to manual, too.
    """

    action: str
    connection_id: str
    credentials: Credentials
    schema: str = ""
    tables: tuple[str, ...] = ()
    keep_schedule: bool = False
    timeout: float = DEFAULT_TIMEOUT
    base_url: str | None = None
    policies: Mapping[str, str] = field(default_factory=dict[str, str])
    restore_schedule: bool = False
    strict_compat: bool = False

    @property
    def options(self) -> StartOptions:
        """How a sync is started and waited for."""
        options = StartOptions(
            timeout=self.timeout,
            manual=not self.keep_schedule,
            restore_schedule=self.restore_schedule,
        )
        return replace(options, **self.policies)


def pipeline_job() -> PipelineJob:
    """Read the variables of a job from the environment of the process.

    Raises:
        ConfigError: names every variable that is missing or wrong, and no value that comes from
            the vault.
    """
    variables = Variables()
    fields: dict[str, Any] = {}
    problems: list[str] = []
    for name, read in _FIELDS.items():
        try:
            fields[name] = read(variables)
        except ConfigError as error:
            problems += [str(error)] if str(error) not in problems else []
    if problems:
        head = [] if len(problems) == 1 else [f"{len(problems)} errors in the variables of the job"]
        raise ConfigError("\n  ".join([*head, *problems]))
    return PipelineJob(**fields)


def connection_id(text: str, name: str) -> str:
    """An id of a connection that can be one.

    Args:
        text: the id.
        name: of the variable or argument, for the error.

    Raises:
        ConfigError: it is empty or holds a slash.
    """
    if not text.strip():
        raise ConfigError(f"{name}: is required; it is the id of the connection in Fivetran")
    if "/" in text:
        raise ConfigError(f"{name}: an id holds no slash; take the last part of the address")
    return text.strip()


def seconds(text: str, shown: str) -> float:
    """A number of seconds above 0.

    Args:
        text: the number, as `300`.
        shown: names it in the error.

    Raises:
        ConfigError: it is no such number.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ConfigError(f"{shown}: must be a number of seconds above 0, as 300")
    return number


def _action(variables: Variables) -> str:
    action = variables.text("FIVETRAN_ACTION").upper()
    if action in ACTIONS:
        return action
    shown = variables.shown("FIVETRAN_ACTION")
    what = f"must be {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}"
    raise ConfigError(f"{shown}: {what}{suggestion(action, ACTIONS)}")


def _connection_id(variables: Variables) -> str:
    given = {name: variables.text(name) for name in ("CONNECTOR_ID", "CONNECTION_ID")}
    texts = {text for text in given.values() if text}
    if len(texts) > 1:
        raise ConfigError("CONNECTOR_ID and CONNECTION_ID differ; set one of them")
    name = next((name for name, text in given.items() if text), "CONNECTOR_ID")
    return connection_id(given[name], name)


def _schema(variables: Variables) -> str:
    if not _resyncs(variables):
        return ""
    return variables.required("SCHEMA", "names the schema of the table that FORCE_RESYNC re-syncs")


def _tables(variables: Variables) -> tuple[str, ...]:
    if not _resyncs(variables):
        return ()
    text = variables.text("TABLE")
    tables = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if tables:
        return tables
    raise ConfigError(
        "TABLE: names the table, or several with commas between, that FORCE_RESYNC re-syncs; "
        "a whole connection is re-synced by `kada fivetran resync CONNECTION --everything` only"
    )


def _resyncs(variables: Variables) -> bool:
    return variables.text("FIVETRAN_ACTION").upper() == "FORCE_RESYNC"


def _timeout(variables: Variables) -> float:
    text = variables.text("FIVETRAN_TIMEOUT")
    return seconds(text, variables.shown("FIVETRAN_TIMEOUT")) if text else DEFAULT_TIMEOUT


def _policies(variables: Variables) -> dict[str, str]:
    known = [_own(name) for name in (*CHOICES, *SWITCHES)]
    for name in variables.beginning(OWN):
        if name not in known:
            raise ConfigError(f"{name}: there is no such variable{suggestion(name, known)}")
    chosen: dict[str, str] = {}
    for policy, values in CHOICES.items():
        text = variables.text(_own(policy)).lower()
        if text and text not in values:
            shown = variables.shown(_own(policy))
            raise ConfigError(
                f"{shown}: must be one of {', '.join(values)}{suggestion(text, values)}"
            )
        chosen |= {policy: text} if text else {}
    return chosen


def _own(name: str) -> str:
    return f"{OWN}{name.upper()}"


_FIELDS: Mapping[str, Callable[[Variables], Any]] = {
    "action": _action,
    "connection_id": _connection_id,
    "credentials": credentials,
    "schema": _schema,
    "tables": _tables,
    "keep_schedule": lambda variables: variables.given("FIVETRAN_DONT_DISABLE_SYNC"),
    "timeout": _timeout,
    "base_url": lambda variables: variables.base_url(),
    "policies": _policies,
    "restore_schedule": lambda variables: variables.given(_own("restore_schedule")),
    "strict_compat": lambda variables: variables.given(_own("strict_compat")),
}
