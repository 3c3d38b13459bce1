"""What the assets of an account look like: the one place to override to have them otherwise.

```python
class OurTranslator(FivetranTranslator):
    def get_table_spec(self, props: TableProps) -> dg.AssetSpec:
        return super().get_table_spec(props).replace_attributes(owners=["team:ingest"])

definitions = account_definitions(settings, translator=OurTranslator())
```

Which connections and tables there are is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import dagster as dg

from kada_dagster.fivetran.props import ConnectionProps, TableProps
from kada_dagster.fivetran.snapshot_model import KnownColumn
from kada_dagster.fivetran.watch.names import CONNECTION_ID

_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,63}\Z")
_KIND = re.compile(r"[A-Za-z0-9_.-]{1,50}\Z")


class FivetranTranslator:
    """Makes asset specs of connections and tables; subclass it to change keys, groups, owners."""

    def get_connection_spec(self, props: ConnectionProps) -> dg.AssetSpec:
        """The asset of a connection; its key is `[<account>, <connection id>]`."""
        account, connection = props.account, props.connection
        return dg.AssetSpec(
            dg.AssetKey(list(props.key)),
            description=account.description + _connection_text(props),
            metadata=_connection_facts(props),
            group_name=account.name,
            owners=list(account.owners),
            tags=_tags(props),
            kinds=_kinds("fivetran", connection.service),
        )

    def get_table_spec(self, props: TableProps) -> dg.AssetSpec:
        """The asset of a table in the destination; its key is `[<schema>, <table>]`."""
        parent = props.parent
        destination = parent.destination.service if parent.destination else ""
        return dg.AssetSpec(
            dg.AssetKey(list(props.key)),
            deps=[dg.AssetKey(list(parent.key)), *self._sources(props)],
            description=_table_text(props),
            metadata={**_table_facts(props), **self._column_facts(props)},
            group_name=parent.account.name,
            owners=list(parent.account.owners),
            tags=_tags(parent),
            kinds=_kinds("fivetran", destination, "table"),
        )

    def get_source_spec(self, props: TableProps) -> dg.AssetSpec | None:
        """The asset of the table in the source, upstream of it; None for none.

        By default there is one with `source_tables: true` or `columns: true`.
        """
        account = props.parent.account
        if not (account.source_tables or account.columns):
            return None
        name = f"{props.schema.name}.{props.table.name}"
        return dg.AssetSpec(
            dg.AssetKey(list(props.source_key)),
            description=f"The table {name} of the source ({props.parent.service_title}).",
            group_name=account.name,
            tags=_tags(props.parent),
            kinds=_kinds(props.parent.connection.service, "table"),
        )

    def _sources(self, props: TableProps) -> list[dg.AssetKey]:
        spec = self.get_source_spec(props)
        return [] if spec is None else [spec.key]

    def _column_facts(self, props: TableProps) -> dict[str, Any]:
        columns = props.table.columns
        if not columns:
            return {}
        facts: dict[str, Any] = {"dagster/column_schema": _column_schema(columns)}
        for key in self._sources(props):
            facts["dagster/column_lineage"] = _column_lineage(columns, key)
        return facts


def _connection_text(props: ConnectionProps) -> str:
    destination = props.destination.service if props.destination else "its destination"
    text = (
        f"**{props.connection.schema or props.connection.id}**: {props.service_title} to "
        f"{destination} (group {props.group}). Materializing it starts a sync and waits for it."
    )
    return text + _state_text(props)


def _state_text(props: ConnectionProps) -> str:
    """What would stop a sync, as far as the snapshot knows."""
    connection = props.connection
    states = [connection.setup_state] if connection.setup_state not in ("", "connected") else []
    states += ["paused"] if connection.paused else []
    if not states:
        return ""
    return f"\n\nIt was {' and '.join(states)} when the snapshot was taken."


def _table_text(props: TableProps) -> str:
    account, connection = props.parent.account, props.parent.connection
    return (
        f"Synced by Fivetran from {props.schema.name}.{props.table.name} "
        f"({props.parent.service_title}, connection {connection.schema or connection.id}).\n\n"
        "Materializing it syncs the **whole connection**, for Fivetran has no sync of one table; "
        f"the job `{account.job_name('resync')}` re-syncs single tables."
    )


def _connection_facts(props: ConnectionProps) -> dict[str, Any]:
    connection, destination = props.connection, props.destination
    facts: dict[str, Any] = {
        CONNECTION_ID: connection.id,
        "fivetran/dashboard": dg.MetadataValue.url(props.url),
        "fivetran/name": connection.schema,
        "fivetran/service": connection.service,
        "fivetran/group": props.group,
        "fivetran/destination": destination.service if destination else "",
        "fivetran/database": destination.database if destination else "",
        "fivetran/region": destination.region if destination else "",
        "fivetran/created_at": connection.created_at,
    }
    return {key: value for key, value in facts.items() if value != ""}


def _table_facts(props: TableProps) -> dict[str, Any]:
    destination = props.parent.destination
    database = destination.database if destination else ""
    name = [database, props.schema.destination, props.table.destination]
    facts: dict[str, Any] = {
        "dagster/table_name": ".".join(part for part in name if part),
        CONNECTION_ID: props.parent.connection.id,
        "fivetran/dashboard": dg.MetadataValue.url(props.parent.url),
        "fivetran/source_table": f"{props.schema.name}.{props.table.name}",
        "fivetran/sync_mode": props.table.sync_mode,
        "fivetran/destination": destination.service if destination else "",
    }
    return {key: value for key, value in facts.items() if value != ""}


def _column_schema(columns: Iterable[KnownColumn]) -> dg.TableSchema:
    """Names only: the API tells no types."""
    return dg.TableSchema([_column(column) for column in columns])


def _column(column: KnownColumn) -> dg.TableColumn:
    notes = [f"from {column.name}", *(["hashed"] if column.hashed else [])]
    constraints = dg.TableColumnConstraints(
        nullable=not column.primary_key, other=["primary key"] if column.primary_key else []
    )
    return dg.TableColumn(
        column.destination, type="", description=", ".join(notes), constraints=constraints
    )


def _column_lineage(columns: Iterable[KnownColumn], source: dg.AssetKey) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {c.destination: [dg.TableColumnDep(source, c.name)] for c in columns}
    )


def _tags(props: ConnectionProps) -> dict[str, str]:
    """The account's tags, and where the connection belongs, as far as Dagster takes the words."""
    own = {"fivetran/service": props.connection.service, "fivetran/group": props.group}
    return {
        **{key: value for key, value in own.items() if _TAG_VALUE.match(value)},
        **props.account.tags,
    }


def _kinds(*words: str) -> set[str]:
    return {word for word in words if _KIND.match(word)}
