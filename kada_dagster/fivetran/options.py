"""How a sync is started and waited for. Fields and defaults are those of `start:` in kada.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from kada_dagster.errors import ConfigError

OnRunning = Literal["attach", "queue", "force", "fail"]
OnPaused = Literal["fail", "unpause", "skip"]
OnBroken = Literal["test", "fail"]
OnReschedule = Literal["wait", "fail"]
OnTimeout = Literal["leave", "stop"]


@dataclass(frozen=True)
class StartOptions:
    """What to do in each case.

    Attributes:
        timeout: seconds that the whole action may take.
        manual: set the connection's schedule to manual where it is not.
        on_running: when a sync runs already: wait for that one (`attach`); start another one
            after it (`queue`); stop it and start anew (`force`); or `fail`.
        on_paused: when the connection is paused: `fail`, `unpause` it, or `skip` the sync.
        on_broken: when it is broken or only half set up: run its setup tests, which may mend
            that (`test`), or `fail`.
        on_reschedule: when Fivetran puts the sync off: `wait` for it where the time suffices, or
            `fail`.
        on_timeout: when the time is up or the caller is interrupted: `leave` the sync running, or
            `stop` it, by a pause. A sync that was attached to is left.
        restore_schedule: put the schedule back in the end, where it was changed.
        history: ask the sync history for the sync's id, volumes and reason.

    Raises:
        ConfigError: a value is none of those.
    """

    timeout: float = 300
    manual: bool = True
    on_running: OnRunning = "attach"
    on_paused: OnPaused = "fail"
    on_broken: OnBroken = "test"
    on_reschedule: OnReschedule = "wait"
    on_timeout: OnTimeout = "leave"
    restore_schedule: bool = False
    history: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.timeout < float("inf"):
            raise ConfigError(f"timeout: {self.timeout} is no number of seconds above 0")
        kinds: dict[str, Any] = get_type_hints(type(self))
        for name in ("on_running", "on_paused", "on_broken", "on_reschedule", "on_timeout"):
            allowed = get_args(kinds[name])
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name}: {getattr(self, name)!r} is none of {list(allowed)}")
