"""`analyse`: from SQL text to tables, columns and problems."""

from __future__ import annotations

from collections import Counter

from kada_dagster.sql_lineage.context import ColumnsOf, Context, TooMuchWorkError
from kada_dagster.sql_lineage.dialects import Dialect, dialect_of
from kada_dagster.sql_lineage.model import Origin, SqlLineage, TableName
from kada_dagster.sql_lineage.parsing import UnreadableError, parse
from kada_dagster.sql_lineage.relations import Relation, Rest, Trace
from kada_dagster.sql_lineage.statements import Statements
from kada_dagster.sql_lineage.templates import MAX_VARIANTS, has_template, is_templated, variants

_LONGEST = 300
"""Characters of a problem."""


def analyse(
    sql: str,
    *,
    dialect: str,
    database: str | None = None,
    schema: str | None = None,
    columns_of: ColumnsOf | None = None,
) -> SqlLineage:
    """Say which tables a text reads and which columns each output column is computed from.

    What is said is so; what cannot be told from the text is a problem instead. Only names and what
    the text says of them count: views are not looked into, nor the bodies of functions.

    Args:
        sql: a query, or statements separated by semicolons; Liquid or Jinja may stand in it.
        dialect: `snowflake`, `postgres`, `redshift`, `bigquery` or `databricks`; texts of any other
            are a problem.
        database: where tables are that name no database, as the database stores it.
        schema: likewise for schemas.
        columns_of: the columns of tables in order, all names as stored; a table that is not in it
            is one whose columns are not known.

    Returns:
        The lineage; it never raises. Columns are those of the last statement that has any.
    """
    rules = dialect_of(dialect)
    if rules is None:
        return SqlLineage(problems=(f"dialect: {dialect[:40]} is not known",))
    if not has_template(sql):
        return _analysed(sql, rules, database, schema, columns_of or {})
    texts, complete = variants(sql)
    found = [_analysed(text, rules, database, schema, columns_of or {}) for text in texts]
    problems = {"template: the text depends on values that are not known"}
    if not complete:
        problems.add(f"template: more than {MAX_VARIANTS} ways to render it, not all are analysed")
    return _merged(found, problems)


def _analysed(
    sql: str, rules: Dialect, database: str | None, schema: str | None, columns_of: ColumnsOf
) -> SqlLineage:
    context = Context(rules, database, schema, columns_of)
    statements = Statements(context)
    try:
        parsed = parse(sql, rules.name)
        for statement in parsed:
            statements.read(statement)
        for statement in parsed:
            for node in statement.walk():
                if node.key == "table" and id(node) not in context.seen:
                    context.problems.add("table: a table stands where it was not understood")
    except UnreadableError as error:
        context.problems.add(str(error))
    except (RecursionError, TooMuchWorkError, MemoryError):
        context.problems.add("limit: too deep or too long to analyse")
        statements.outputs.clear()
    except Exception as error:  # a shape of the parser's tree nobody thought of
        context.problems.add(f"unsupported: {type(error).__name__} on a form that is not known")
        statements.outputs.clear()
    return _result(context, statements.outputs)


def _result(context: Context, outputs: list[Relation]) -> SqlLineage:
    columns: dict[str, Trace] = {}
    rests: list[Rest] = []
    if len(outputs) > 1:
        context.problems.add("several: more than one statement; columns are those of the last")
    keys: Counter[str] = Counter()
    for place, item in enumerate(outputs[-1].items if outputs else ()):
        if isinstance(item, Rest):
            rests.append(item)
        elif item.name is None:
            context.problems.add(f"unnamed: output column {place + 1} has no name of its own")
        elif is_templated(item.name.text):
            context.problems.add("template: a column is named by a template")
        else:
            keys[item.name.key] += 1
            columns[item.name.text] = item.trace
    for name in [name for name in columns if keys[context.dialect.stored(name).key] > 1]:
        context.problems.add(f"duplicate: more than one output column is named {name}")
        del columns[name]
    return _assembled(context, columns, rests, set(keys))


def _assembled(
    context: Context, columns: dict[str, Trace], rests: list[Rest], keys: set[str]
) -> SqlLineage:
    for rest in rests:
        what = f"of {rest.table.name}" if rest.table else "of what is no table"
        context.problems.update(rest.trace.gaps or {f"star: * {what}, whose columns are not known"})
    for trace in columns.values():
        context.problems.update(trace.gaps)
    only = rests[0] if len(rests) == 1 and not rests[0].trace.gaps else None
    passed = only.table if only else None
    return SqlLineage(
        tables=tuple(sorted(context.tables, key=_sorting)),
        columns=_spelled(columns, context.dialect),
        problems=tuple(sorted(problem[:_LONGEST] for problem in context.problems)),
        targets=tuple(sorted(context.targets, key=_sorting)),
        incomplete=frozenset(name for name, trace in columns.items() if trace.gaps),
        passed=passed,
        hidden=only.hidden | keys if only and passed else frozenset(),
        ignores_case=context.dialect.ignores_case,
    )


def _sorting(name: TableName) -> tuple[str, str, str]:
    return (name.database or "", name.schema or "", name.name)


def _spelled(columns: dict[str, Trace], dialect: Dialect) -> dict[str, frozenset[Origin]]:
    """The origins; a column that the text spells in two ways comes in one of them."""
    spelling: dict[tuple[TableName, str], str] = {}
    for trace in columns.values():
        for table, column in sorted(trace.origins, key=lambda o: (_sorting(o[0]), o[1])):
            key = (table, dialect.stored(column).key)
            spelling[key] = max(column, spelling.get(key, ""))
    return {
        name: frozenset((t, spelling[t, dialect.stored(c).key]) for t, c in trace.origins)
        for name, trace in columns.items()
    }


def _merged(found: list[SqlLineage], problems: set[str]) -> SqlLineage:
    """The lineages of the ways to render one template as one."""
    columns: dict[str, frozenset[Origin]] = {}
    for lineage in found:
        for name, origins in lineage.columns.items():
            columns[name] = columns.get(name, frozenset()) | origins
    first = found[0]
    same = all((each.passed, each.hidden) == (first.passed, first.hidden) for each in found)
    return SqlLineage(
        tables=tuple(sorted({t for each in found for t in each.tables}, key=_sorting)),
        columns=columns,
        problems=tuple(sorted(problems.union(*(each.problems for each in found)))),
        targets=tuple(sorted({t for each in found for t in each.targets}, key=_sorting)),
        incomplete=frozenset(columns),
        passed=first.passed if same else None,
        hidden=first.hidden if same else frozenset(),
        ignores_case=first.ignores_case,
    )
