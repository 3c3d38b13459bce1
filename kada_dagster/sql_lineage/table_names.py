"""The name of a table as the database stores it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import Context, is_identifier
from kada_dagster.sql_lineage.model import TableName
from kada_dagster.sql_lineage.templates import is_templated

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_HAS_CATALOGUE = frozenset({"postgres", "redshift"})
_CATALOGUE = re.compile(r"(pg|stl|stv|svl|svv|svcs|sys)_|#")
"""Names that those two look up among catalogues or temporary tables where no schema is given."""


def table_name(context: Context, node: Expr) -> TableName | str:
    """The name of a table node, what it lacks taken from the defaults.

    Returns:
        The name; a problem where it is none of a single, ordinary table.
    """
    parts = [node.args.get(key) for key in ("catalog", "db", "this")]
    database, schema, name = (_part(context, part) for part in parts)
    reason = name and _unusable(context, [database, schema, name])
    if not name or reason:
        return reason or "table: a table without a name"
    if parts[1] == "" and database and context.dialect.name == "snowflake":
        schema = "PUBLIC"  # `db..t`
    if schema is None:
        schema, database = context.schema, database or context.database
    return TableName(database or context.database, schema, name)


def _part(context: Context, part: Expr | None) -> str | None:
    if not part or not is_identifier(part):
        return None
    return context.dialect.table(part.name, bool(part.args.get("quoted")))


def _unusable(context: Context, parts: list[str | None]) -> str:
    """Why a name is none of a table; empty if it is one."""
    path = ".".join(part for part in parts if part)
    name = parts[-1] or ""
    dialect = context.dialect.name
    if is_templated(path):
        kind = " (ref, source)" if re.search(r"value_(ref|source|this)\b", path.lower()) else ""
        return f"template: a table is named by a template{kind}"
    if dialect == "bigquery" and re.search(r"[*$@.]", name):
        return f"table: {path} stands for several tables, a part of one, or a system view"
    if dialect == "databricks" and re.search(r"[/:]", name):
        return "table: a path of files is read as a table"
    if dialect in _HAS_CATALOGUE and parts[1] is None and _CATALOGUE.match(name):
        return f"table: {path} may be a table, a temporary one or a system catalogue"
    return ""
