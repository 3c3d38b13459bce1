"""Which schemas, tables and columns a connection syncs, and under which names they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_LOCKED = {
    "SYSTEM_TABLE": "The table does not support exclusion",
    "SYSTEM_COLUMN": "The column does not support exclusion as it is a Primary Key",
    "DELETED": "The object was deleted in the source",
    "OTHER": "The object cannot be changed",
}


def patch_settings(locked: str) -> dict[str, Any]:
    """`enabled_patch_settings`: whether it may be switched, and why not."""
    if not locked:
        return {"allowed": True}
    return {"allowed": False, "reason_code": locked, "reason": _LOCKED.get(locked, locked)}


@dataclass(frozen=True)
class Column:
    """A column. Names: in the source, in the destination.

    Attributes:
        name: key.
        name_in_destination: as it arrives.
        enabled: whether it is synced.
        hashed: whether its values are hashed.
        is_primary_key: of the source.
        overridden: whether somebody has changed its settings: only then `/schemas` lists it.
        locked: reason code why it cannot be switched; empty: it can.
    """

    name: str
    name_in_destination: str
    enabled: bool = True
    hashed: bool = False
    is_primary_key: bool = False
    overridden: bool = False
    locked: str = ""

    def payload(self) -> dict[str, Any]:
        """The column as the API has it."""
        return {
            "name_in_destination": self.name_in_destination,
            "enabled": self.enabled,
            "hashed": self.hashed,
            "is_primary_key": self.is_primary_key,
            "enabled_patch_settings": patch_settings(self.locked),
        }


@dataclass(frozen=True)
class Table:
    """A table; `columns` are all there are in the source."""

    name: str
    name_in_destination: str
    columns: tuple[Column, ...] = ()
    enabled: bool = True
    sync_mode: Literal["SOFT_DELETE", "HISTORY", "LIVE"] | None = "SOFT_DELETE"
    supports_columns_config: bool = True
    supports_history_mode: bool = True
    locked: str = ""

    def payload(self) -> dict[str, Any]:
        """The table as `/schemas` has it: with the columns that were overridden."""
        listed = {one.name: one.payload() for one in self.columns if one.overridden}
        shown: dict[str, Any] = {
            "name_in_destination": self.name_in_destination,
            "enabled": self.enabled,
            "supports_columns_config": self.supports_columns_config,
            "supports_history_mode": self.supports_history_mode,
            "enabled_patch_settings": patch_settings(self.locked),
            "columns": listed,
        }
        return {**shown, "sync_mode": self.sync_mode} if self.sync_mode else shown

    def columns_payload(self) -> dict[str, Any]:
        """All columns, as `/columns` has them."""
        return {"columns": {one.name: one.payload() for one in self.columns}}


@dataclass(frozen=True)
class Schema:
    """A schema; `tables` by their names in the source; None: the answer leaves them out."""

    name: str
    name_in_destination: str
    tables: Mapping[str, Table] | None = field(default_factory=dict[str, Table])
    enabled: bool = True

    def payload(self) -> dict[str, Any]:
        """The schema as `/schemas` has it."""
        shown = {"name_in_destination": self.name_in_destination, "enabled": self.enabled}
        if self.tables is None:
            return shown
        return {**shown, "tables": {name: one.payload() for name, one in self.tables.items()}}


@dataclass(frozen=True)
class SchemaConfig:
    """The configuration of a connection; `schemas` by their names in the source."""

    schemas: Mapping[str, Schema]
    schema_change_handling: Literal["ALLOW_ALL", "ALLOW_COLUMNS", "BLOCK_ALL"] = "ALLOW_ALL"

    def table(self, schema: str, table: str) -> Table | None:
        """The table of exactly these names."""
        found = self.schemas.get(schema)
        return (found.tables or {}).get(table) if found else None

    def payload(self) -> dict[str, Any]:
        """The configuration as the API has it."""
        return {
            "enable_new_by_default": self.schema_change_handling == "ALLOW_ALL",
            "schema_change_handling": self.schema_change_handling,
            "schemas": {name: one.payload() for name, one in self.schemas.items()},
        }
