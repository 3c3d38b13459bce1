"""What PATCH may change of a connection, checked before anything is done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kada_dagster.sandbox.fivetran.refusal import invalid

FREQUENCIES = (1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440)
"""Minutes between syncs that may be set."""

_CONTROL = ("run_setup_tests", "trust_certificates", "trust_fingerprints")


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


_PERSISTENT: dict[str, Callable[[Any], bool]] = {
    "paused": _is_flag,
    "schedule_type": _one_of("auto", "manual"),
    "sync_frequency": lambda value: not isinstance(value, bool) and value in FREQUENCIES,
    "daily_sync_time": lambda value: bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value))),
    "is_historical_sync": _is_flag,
    "pause_after_trial": _is_flag,
    "schema_status": _one_of("ready", "blocked_on_capture"),
    "data_delay_threshold": lambda value: isinstance(value, int) and value >= 0,
    "data_delay_sensitivity": _one_of("LOW", "NORMAL", "HIGH", "CUSTOM", "SYNC_FREQUENCY"),
    "networking_method": _one_of("Directly", "PrivateLink", "SshTunnel", "ProxyAgent"),
    "config": _is_object,
    "auth": _is_object,
    "destination_configuration": _is_object,
    "hybrid_deployment_agent_id": _is_text,
    "proxy_agent_id": _is_text,
    "private_link_id": _is_text,
}


def checked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, if they may be set.

    Raises:
        RefusedError: 400: none that lasts, or one of a wrong value.
    """
    if not any(name in _PERSISTENT for name in fields):
        raise invalid("At least one persistent configuration parameter must be specified")
    for name, value in fields.items():
        is_right = _is_flag if name in _CONTROL else _PERSISTENT.get(name)
        if is_right and not is_right(value):
            raise invalid(f"Invalid value of {name}")
    if "daily_sync_time" in fields and fields.get("sync_frequency", 1440) != 1440:
        raise invalid("daily_sync_time is for a sync_frequency of 1440 only")
    return fields


def runs_tests(fields: Mapping[str, Any]) -> bool:
    """Whether a PATCH of these fields runs setup tests: unless it says otherwise."""
    return fields.get("run_setup_tests", True) is not False
