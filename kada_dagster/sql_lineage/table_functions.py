"""Functions in FROM: what their columns are called and computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import Context, is_identifier
from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.expressions import trace
from kada_dagster.sql_lineage.relations import NOTHING, Field, Item, Relation, Rest, Trace, gap
from kada_dagster.sql_lineage.scope import Scope

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_FLATTEN = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")
_ONE_COLUMN = {
    "explodinggenerateseries": (),
    "generateseries": (),
    "generate_series": (),
    "regexp_split_to_table": (),
    "string_to_table": (),
    "json_array_elements": ("value",),
    "jsonb_array_elements": ("value",),
    "json_array_elements_text": ("value",),
    "jsonb_array_elements_text": ("value",),
    "json_object_keys": (),
    "jsonb_object_keys": (),
}
"""Functions of PostgreSQL that give one column, which goes by the alias; other names it has."""

_COLUMNS = {
    "json_each": ("key", "value"),
    "jsonb_each": ("key", "value"),
    "json_each_text": ("key", "value"),
    "jsonb_each_text": ("key", "value"),
    "split_to_table": ("SEQ", "INDEX", "VALUE"),
    "strtok_split_to_table": ("SEQ", "INDEX", "VALUE"),
    "range": ("id",),
}
_OPEN = frozenset(
    {
        "explode", "explodeouter", "posexplode", "posexplodeouter", "inline", "inlineouter",
        "stack", "json_tuple", "variant_explode", "generator", "json_to_record", "jsonb_to_record",
        "json_to_recordset", "jsonb_to_recordset", "json_populate_record", "unnest",
        "jsonb_populate_record", "json_populate_recordset", "jsonb_populate_recordset",
    }
)  # fmt: skip
"""Functions that read their arguments and nothing else, whatever their columns are called."""


def unnest_relation(context: Context, node: Expr, scope: Scope) -> Relation:
    """UNNEST: an element an array, by the alias or by column aliases, and the elements' fields.

    Elements may be records; their fields are then columns too, so that a name without a qualifier
    may be one of them.
    """
    arguments = [trace(context, argument, scope) for argument in node.expressions]
    alias = node.args.get("alias")
    columns = [context.name(column) for column in (alias.columns if alias else ())]
    rest = Rest(None, arguments[0] if len(arguments) == 1 else _all(arguments))
    offset = node.args.get("offset")
    numbers: list[Item] = [Field(context.name(offset), NOTHING)] if is_identifier(offset) else []
    if alias is None:
        return Relation((rest, *numbers))
    if alias.this is not None:
        name = context.name(alias.this)
        fields = [Field(column, _nth(arguments, place)) for place, column in enumerate(columns)]
        items: tuple[Item, ...] = (*fields, rest, *numbers)
        return Relation(items, alias=name.key, element=None if columns else Field(name, rest.trace))
    if not columns:
        return Relation((rest, *numbers))
    element = Field(columns[0], rest.trace)
    return Relation((rest, *numbers), alias=columns[0].key, element=element)


def function_relation(context: Context, node: Expr, scope: Scope) -> Relation:
    """A function in FROM, or anything else there that is no table."""
    if node.args.get("rows_from"):
        for part in node.args["rows_from"]:
            context.seen.add(id(part))
        context.seen.add(id(node))
        parts: list[Expr] = [part.this for part in node.args["rows_from"]]
        return Relation((Rest(None, _all([trace(context, part, scope) for part in parts])),))
    if node.key == "atindex":
        return _at_index(context, node, scope)
    call: Expr = node.this if node.key in ("lateral", "table", "tablefromrows") else node
    context.seen.add(id(node))
    return _named_columns(context, node, call, scope)


def _at_index(context: Context, node: Expr, scope: Scope) -> Relation:
    """`t.items AS i AT p` of Redshift: an element by its alias and a position."""
    alias = node.this if node.this.key == "alias" else None
    array = trace(context, alias.this if alias else node.this, scope)
    position = Field(context.name(node.args["expression"]), NOTHING)
    if alias is None:
        return Relation((Rest(None, array), position))
    name = context.name(alias.args["alias"])
    return Relation((Rest(None, array), position), alias=name.key, element=Field(name, array))


def _named_columns(context: Context, node: Expr, call: Expr, scope: Scope) -> Relation:
    arguments = trace(context, call, scope) if hasattr(call, "iter_expressions") else NOTHING
    name = call.name.lower() if call.key == "anonymous" else call.key
    alias = node.args.get("alias")
    if call.key in ("var", "parameter", "dynamicidentifier", "placeholder", "literal"):
        context.problems.add("table: what FROM reads is named by a variable, stage or expression")
        return Relation((Rest(None, gap("table: columns of a variable, stage or expression")),))
    if context.dialect.name == "snowflake" and name == "explode":
        return _fields(context, _FLATTEN, arguments)
    if name in _ONE_COLUMN:
        return _one_column(context, node, arguments, _ONE_COLUMN[name])
    if name in _COLUMNS:
        return _fields(context, _COLUMNS[name], arguments)
    if name not in _OPEN:
        problem = f"function: what {name} reads besides its arguments is not known"
        context.problems.add(problem)
        arguments = arguments | gap(problem)
    columns = [_column_name(context, column) for column in (alias.columns if alias else ())]
    if columns:
        return Relation(tuple(Field(column, arguments) for column in columns))
    return Relation((Rest(None, arguments),))


def _one_column(
    context: Context, node: Expr, arguments: Trace, others: tuple[str, ...]
) -> Relation:
    alias = node.args.get("alias")
    columns = [_column_name(context, column) for column in (alias.columns if alias else ())]
    if columns:
        return Relation((Field(columns[0], arguments), *_more(columns[1:])))
    name = context.name(alias.this) if alias is not None and alias.this else None
    fields = tuple(Field(context.dialect.stored(other), arguments) for other in others)
    if not fields:
        return Relation((Field(name, arguments),))
    return Relation(fields, element=Field(name, arguments))


def _more(columns: list[Name]) -> list[Field]:
    """WITH ORDINALITY gives one column more: the row's number."""
    return [Field(column, NOTHING) for column in columns]


def _column_name(context: Context, column: Expr) -> Name:
    return context.name(column.this if column.key == "columndef" else column)


def _fields(context: Context, names: tuple[str, ...], arguments: Trace) -> Relation:
    return Relation(tuple(Field(context.dialect.stored(name), arguments) for name in names))


def _nth(arguments: list[Trace], place: int) -> Trace:
    return arguments[place] if len(arguments) > 1 and place < len(arguments) else _all(arguments)


def _all(arguments: list[Trace]) -> Trace:
    found = NOTHING
    for argument in arguments:
        found |= argument
    return found
