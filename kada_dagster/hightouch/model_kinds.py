"""The six kinds of models, and what a model of each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kada_dagster.api.values import object_of, text

RAW_SQL, TABLE, DBT, DBT_CLOUD, VISUAL, CUSTOM = (
    *("raw_sql", "table", "dbt", "dbt_cloud", "visual", "custom"),
)
_PARTS = {
    "raw": RAW_SQL,
    "table": TABLE,
    "dbt": DBT,
    "dbt_cloud": DBT_CLOUD,
    "visual": VISUAL,
    "custom": CUSTOM,
}
_TYPES = {**{kind: kind for kind in _PARTS.values()}, "tabel": TABLE}  # the vendor's own spelling


class Made(NamedTuple):
    """What a model is made of.

    Attributes:
        kind: one of the six, or the vendor's word where it is none of them.
        sql: its query as the source gets it, empty where it has none.
        code: its query, or the template of it where that is all there is.
        relation: database, schema and name of the table it is; empty texts where not said.
        parent: id of the model a visual one is made from.
        dbt_id: dbt's own id of it.
    """

    kind: str
    sql: str = ""
    code: str = ""
    relation: tuple[str, str, str] = ("", "", "")
    parent: str = ""
    dbt_id: str = ""


def made_of(model: Mapping[str, Any]) -> Made:
    """Read the part of a model that says what it is."""
    key = next((key for key in _PARTS if isinstance(model.get(key), dict)), "")
    word = text(model.get("queryType"))
    kind = _PARTS[key] if key else _TYPES.get(word, word)
    part = object_of(model.get(key)) if key else {}
    if kind in (DBT, DBT_CLOUD):
        return _dbt(kind, part)
    if kind == RAW_SQL:
        sql = text(part.get("sql"))
        return Made(kind, sql, sql)
    if kind == TABLE:
        return Made(kind, relation=("", "", text(part.get("name"))))
    return Made(kind, parent=text(part.get("parentId")) if kind == VISUAL else "")


def _dbt(kind: str, part: Mapping[str, Any]) -> Made:
    names = (text(part.get("database")), text(part.get("schema")), text(part.get("name")))
    return Made(
        kind,
        sql=text(part.get("compiledSql")),
        code=text(part.get("compiledSql")) or text(part.get("rawSql")),
        relation=names if kind == DBT else ("", "", names[2]),
        dbt_id=text(part.get("dbtUniqueId")),
    )
