"""What Fivetran calls a schema in the destination, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from kada_dagster.api.values import text
from kada_dagster.extracts.contract import Confidence
from kada_dagster.fivetran.connection import Connection

_AS_IN_SOURCE = "SOURCE_NAMING"


class SchemaName(NamedTuple):
    """A schema of a destination.

    Attributes:
        name: as Fivetran spells it.
        confidence: that tables are in it.
    """

    name: str
    confidence: Confidence


def keeps_source_names(connection: Connection) -> bool:
    """Whether names in the destination are those of the source."""
    return text(connection.raw.get("destination_schema_names")).upper() == _AS_IN_SOURCE


def destination_schema(connection: Connection, name: str) -> SchemaName:
    """The schema that holds what Fivetran says is in the schema `name_in_destination`.

    For some services that name lacks the connection's prefix
    (https://github.com/dagster-io/dagster/pull/6889), so one without it is an inference.

    Args:
        connection: which one.
        name: as the API has it.
    """
    own = connection.schema.partition(".")[0]
    prefix = connection.config.get("schema_prefix", "")
    begins = name.casefold().startswith((prefix or own).casefold())
    if keeps_source_names(connection) or (begins and (prefix or own)):
        return SchemaName(name, Confidence.DIRECT)
    return SchemaName(f"{prefix}_{name}" if prefix and name else name, Confidence.INFERRED)
