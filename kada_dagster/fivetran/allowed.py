"""Which parts of a configuration are kept: what is not named here is never read.

Fivetran masks secrets in `config`, but lists no rule for which keys are some; keys of new services
come any day. So only names of places are taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kada_dagster.api.values import object_of, text

_KEYS = (
    *("host", "port", "database", "schema", "schema_prefix", "table", "sid", "account"),
    *("project_id", "data_set_location", "server_host_name", "catalog", "region"),
)


def allowed(config: object) -> dict[str, str]:
    """The keys of a source's or destination's configuration that may be used, as texts.

    A value with `@`, `=` or `://` in it may be an address that holds a password or a token: it is
    left out, unless nothing but a host stands behind the `://`. Empty ones are left out, too.
    """
    given: dict[str, Any] = object_of(config)
    values = {key: _bare(text(given.get(key)).strip()) for key in _KEYS}
    return {key: value for key, value in values.items() if value}


def compact(**facts: object) -> dict[str, object]:
    """Facts without the empty ones."""
    return {key: value for key, value in facts.items() if value not in ("", None, {}, [])}


def scalars(given: Mapping[str, Any], *keys: str) -> dict[str, object]:
    """Some fields of an answer: texts, numbers and truth values; others are left out, and so is
    what is no number of JSON (NaN, Infinity), which would make the cell unreadable."""
    values = {key: given.get(key) for key in keys}
    return {key: value for key, value in values.items() if _is_scalar(value)}


def _is_scalar(value: object) -> bool:
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, (str, int))


def _bare(value: str) -> str:
    """The value without a scheme; empty where it may hold more than a name."""
    _, separator, rest = value.rpartition("://")
    rest = rest.removesuffix("/") if separator else value
    unsafe = "@=/?#" if separator else "@="
    return "" if any(sign in rest for sign in unsafe) else rest
