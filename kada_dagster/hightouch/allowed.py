"""Which parts of a configuration are kept: what is not named here is never read.

The vendor's document leaves `configuration` open, and it may echo passwords, tokens and keys.
"""

from __future__ import annotations

from typing import Any

from kada_dagster.api.values import list_of, object_of, text
from kada_dagster.extracts.places import is_name

_HOSTS = ("host", "hostname", "account")
_KEYS = (
    *_HOSTS,
    *("port", "database", "schema", "warehouse"),
    *("project", "projectId", "dataset", "catalog", "region", "location"),
)


def allowed(configuration: object) -> dict[str, str]:
    """The keys of a source's or destination's configuration that may be used, as texts.

    A value with `@` in it may be an address that holds a password: it is left out. Empty ones are,
    too. Any other address is good for finding a host's name only: see `shown`.
    """
    given: dict[str, Any] = object_of(configuration)
    values = {key: text(given.get(key)).strip() for key in _KEYS}
    return {
        key: value
        for key, value in values.items()
        if value and "@" not in value and (key in _HOSTS or is_name(value))
    }


def shown(configuration: dict[str, str]) -> dict[str, str]:
    """What of `allowed` may be stored: an address may hold a password or a token."""
    return {key: value for key, value in configuration.items() if is_name(value)}


def compact(**facts: object) -> dict[str, object]:
    """Facts without the empty ones."""
    return {key: value for key, value in facts.items() if value not in ("", None, {}, [])}


def tags_of(value: object) -> dict[str, str]:
    """The tags whose values are texts."""
    given = object_of(value)
    return {key: text(item) for key, item in given.items() if isinstance(item, str)}


def schedule_of(value: object) -> dict[str, object]:
    """A sync's schedule, of which only what the vendor documents; empty where it has none."""
    given = object_of(value)
    inner = object_of(given.get("schedule"))
    return compact(
        type=text(given.get("type")),
        interval=_picked(inner.get("interval"), "unit", "quantity"),
        expression=text(inner.get("expression")),
        expressions=[_picked(one, "days", "time") for one in list_of(inner.get("expressions"))],
        account=_picked(inner.get("account"), "id"),
        job=_picked(inner.get("job"), "id"),
    )


def _picked(value: object, *keys: str) -> dict[str, Any]:
    given = object_of(value)
    return {key: given[key] for key in keys if given.get(key) is not None}
