"""The next step after an error, by its class: what the operator does, not what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

AGAIN = "re-execute the run"

_CONFIG = (
    "correct what the message names, in the file or in the environment of Dagster's processes, "
    f"reload the code location, then {AGAIN}"
)
_REACH = (
    "see whether it can be reached from Dagster's machine; what is missing is made up for by the "
    f"next tick of the schedule or sensor, or {AGAIN}"
)
_RIGHTS = f"renew the credentials or grant the privilege, then {AGAIN}"
_DATA = f"correct the data or the task's definition, then {AGAIN}"
_ONCE_MORE = f"{AGAIN}; if it fails again, its log says more"

_STEPS: Mapping[str, str] = {
    "ConfigError": _CONFIG,
    "DagsterInvalidConfigError": _CONFIG,
    "TableNotFoundError": _CONFIG,
    "TableDisabledError": _CONFIG,
    "NotSupportedError": _CONFIG,
    "ConnectionFailedError": _REACH,
    "ApiUnavailableError": _REACH,
    "SourceLostError": _REACH,
    "TargetLostError": _REACH,
    "PermissionDeniedError": _RIGHTS,
    "ApiUnauthorizedError": _RIGHTS,
    "ApiForbiddenError": _RIGHTS,
    "SourceDeniedError": _RIGHTS,
    "TargetDeniedError": _RIGHTS,
    "ExtractError": _ONCE_MORE,
    "ApiError": _ONCE_MORE,
    "ApiNotFoundError": _ONCE_MORE,
    "SourceChangedError": _ONCE_MORE,
    "FileChangedError": _ONCE_MORE,
    "LoadBusyError": f"wait for the other load, then {AGAIN}",
    "StagingError": f"see whether output_path can be written and has space, then {AGAIN}",
    "CheckFailedError": (
        "look at the extract; if it is right, launch the checks and what follows with "
        "min_share_of_last: 0 in the run configuration; else correct the source, then extract anew"
    ),
    "LandingError": f"see whether the landing can be written and has space, then {AGAIN}",
    "WatermarkError": "see `kada hwm show` and `kada hwm history`; `kada hwm set` mends a mark",
    "SourceReadError": _DATA,
    "TargetError": _DATA,
    "EmptySourceError": "see why the source is empty; if that is right, set `empty` in the task",
    "DuplicateKeyError": _DATA,
    "SchemaMismatchError": _DATA,
    "CursorError": _DATA,
    "FilesLeftError": "clear the files away; their rows are loaded",
    "SyncFailedError": "see the connection in Fivetran's dashboard; then start the sync again",
    "SyncTimeoutError": "see the connection in Fivetran's dashboard, or give start.timeout more",
    "SyncRescheduledError": "wait for the moment Fivetran names; the sensor follows the sync",
    "SyncRunningError": "wait for the sync that runs",
    "ConnectionPausedError": "unpause the connection in Fivetran, then start the sync again",
    "ConnectionBrokenError": "mend the connection in Fivetran's dashboard, then test it",
}
_UNKNOWN = f"see the run's log; if the cause is gone, {AGAIN}"


def next_step(error: str) -> str:
    """What to do after an error.

    Args:
        error: name of its class.
    """
    return _STEPS.get(error, _UNKNOWN)


LOST = (
    "see whether Dagster's machine had memory, and whether its processes were stopped; what is "
    f"missing is made up for by the next tick of the schedule or sensor, or {AGAIN}"
)
"""After a run that ended without a failed step: its process is gone, or it was never started."""
