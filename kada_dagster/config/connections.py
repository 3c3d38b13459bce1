"""The field `mapping` of the sources that are tools: what their connections are called in K."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.mapping import ConnectionMapping


def _readable(entries: dict[str, object]) -> dict[str, object]:
    try:
        ConnectionMapping(entries)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("mapping.")) from None
    return entries


_PLACE = {
    "type": "object",
    "properties": {"host": {"type": "string"}, "database": {"type": "string"}},
    "required": ["host"],
    "additionalProperties": False,
}
_SCHEMA = {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, _PLACE]}}

Connections = Annotated[dict[str, object], AfterValidator(_readable), WithJsonSchema(_SCHEMA)]
"""What connections are called in K: a host, or `host` and `database`, by name."""
