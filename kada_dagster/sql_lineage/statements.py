"""Statements: what a text reads, writes and gives, one statement after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.context import QUERIES, Context, is_identifier, nodes_of
from kada_dagster.sql_lineage.from_clause import add_source
from kada_dagster.sql_lineage.model import TableName
from kada_dagster.sql_lineage.queries import query, with_queries
from kada_dagster.sql_lineage.relations import Field, Item, Relation, Rest, gap
from kada_dagster.sql_lineage.scope import Env, Scope
from kada_dagster.sql_lineage.table_names import table_name

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_IGNORED = frozenset(
    {
        "transaction", "commit", "rollback", "drop", "truncatetable", "alter", "comment", "grant",
        "revoke", "set", "declare", "show", "describe", "analyze", "semicolon", "cache", "uncache",
    }
)  # fmt: skip
_RELATIONS = frozenset({"TABLE", "VIEW"})


class Statements:
    """Goes through the statements of one text.

    Attributes:
        outputs: the columns of the statements that give or write some, in order.
    """

    def __init__(self, context: Context) -> None:
        self.outputs: list[Relation] = []
        self._context = context
        self._temporary: dict[str, Relation] = {}
        context.query = lambda node, env, parent: query(context, node, env, parent)
        context.statement = self._write

    def read(self, node: Expr) -> None:
        """Take one statement in."""
        key = node.key
        if key in QUERIES or key == "values":
            self.outputs.append(query(self._context, node, self._temporary, None))
            if node.args.get("into") is not None:
                self._into(node.args["into"])
        elif key == "create":
            self._create(node)
        elif key == "use":
            self._use(node)
        elif key == "set" and "search_path" in node.sql().lower():
            self._lose_schema()
        elif key == "command":
            self._command(node)
        elif key not in _IGNORED:
            self._write(node, self._temporary)
        else:
            self._pass(node)

    def _into(self, into: Expr) -> None:
        """SELECT ... INTO: the query's columns become a table."""
        if into.args.get("temporary") and is_identifier(into.this.this):
            self._context.seen.add(id(into.this))
            self._temporary[self._context.name(into.this.this).key] = self.outputs.pop()
        else:
            self._target(into.this)

    def _pass(self, node: Expr) -> None:
        """A statement without lineage; its tables are neither read nor written as data."""
        for part in node.walk():
            self._context.seen.add(id(part))
        if any(part.key in QUERIES for part in node.walk()):
            self._context.problems.add(f"unsupported: a query inside {node.key.upper()}")

    def _command(self, node: Expr) -> None:
        word = str(node.this).split()[0].upper() if str(node.this).split() else "statement"
        text = f"{node.this} {node.args.get('expression')}".lower()
        if "search_path" in text:
            self._lose_schema()
        word = word if word.isalpha() else "statement"
        self._context.problems.add(f"unsupported: {word[:30]} is not analysed")

    def _lose_schema(self) -> None:
        self._context.schema = None
        self._context.problems.add("unsupported: search_path; tables without a schema have none")

    def _use(self, node: Expr) -> None:
        """USE changes where tables without a schema are."""
        kind = node.args.get("kind")
        word = kind.name.upper() if kind is not None else ""
        target: Expr | None = node.this
        if target is None or word in ("ROLE", "WAREHOUSE", "SECONDARY ROLES", "SECONDARY"):
            return
        self._context.seen.add(id(target))
        parts = [target.args.get(key) for key in ("catalog", "db", "this")]
        path = [
            self._context.dialect.table(part.name, bool(part.args.get("quoted")))
            for part in parts
            if is_identifier(part)
        ]
        is_snowflake = self._context.dialect.name == "snowflake"
        if word in ("DATABASE", "CATALOG") or (not word and is_snowflake and len(path) == 1):
            self._context.database = path[-1] if path else None
            self._context.schema = "PUBLIC" if is_snowflake else None
        elif path:
            self._context.schema = path[-1]
            self._context.database = path[-2] if len(path) > 1 else self._context.database

    def _create(self, node: Expr) -> None:
        """CREATE ... AS: the target's columns are those of the query."""
        body = node.args.get("expression")
        kind = str(node.args.get("kind") or "").upper()
        if kind not in _RELATIONS:
            self._pass(node)
            self._context.problems.add(f"unsupported: CREATE {kind} is not analysed")
            return
        schema = node.this if node.this.key == "schema" else None
        table: Expr = schema.this if schema else node.this
        if body is None or body.key not in QUERIES | {"values"}:
            self._pass(node)
            return
        env = with_queries(self._context, node, self._temporary, None)
        found = query(self._context, body, env, None)
        if schema is not None:
            columns = [c.this if c.key == "columndef" else c for c in schema.expressions]
            names = [self._context.name(c) for c in columns if is_identifier(c)]
            found = found.renamed(names)
        if self._is_temporary(node):
            self._context.seen.add(id(table))
            self._temporary[self._context.name(table.this).key] = found
        else:
            self._target(table)
            self.outputs.append(found)

    def _is_temporary(self, node: Expr) -> bool:
        properties = node.args.get("properties")
        kinds = [part.key for part in properties.expressions] if properties else []
        return "temporaryproperty" in kinds

    def _write(self, node: Expr, env: Env) -> None:
        """INSERT, UPDATE, DELETE, MERGE and what else writes; also inside WITH."""
        env = with_queries(self._context, node, env, None)
        if node.key == "insert" and node.args.get("expression") is not None:
            self._insert(node, env)
        elif node.key in ("insert", "update", "delete", "merge", "copy", "export"):
            self._other_write(node, env)
        else:
            self._pass(node)
            self._context.problems.add(f"unsupported: {node.key.upper()[:30]} is not analysed")

    def _insert(self, node: Expr, env: Env) -> None:
        schema = node.this if node.this.key == "schema" else None
        table: Expr = schema.this if schema else node.this
        if table.key != "table":
            self._context.problems.add("unsupported: INSERT into what is no table")
            return
        found = query(self._context, node.args["expression"], env, None)
        if table.key == "table" and self._forget(table):
            return
        target = self._target(table)
        for name in ("conflict", "returning", "where"):
            if node.args.get(name) is not None:
                self._context.visit(node.args[name], Scope(self._context.dialect, env, None))
        if schema is not None:
            found = found.renamed([self._context.name(column) for column in schema.expressions])
        elif not node.args.get("by_name"):
            columns = self._context.table(target) if target else ()
            known = [item.name for item in columns if isinstance(item, Field) and item.name]
            partition = table.args.get("partition") or node.args.get("partition")
            if known and len(known) >= len(found.items) and not partition:
                found = found.renamed(known[: len(found.items)])
            else:
                problem = "star: INSERT without a list of columns"
                self._context.problems.add(problem)
                found = Relation(tuple(_nameless(item, problem) for item in found.items))
        self.outputs.append(found)

    def _other_write(self, node: Expr, env: Env) -> None:
        """Statements whose columns are not followed, but whose tables are."""
        scope = Scope(self._context.dialect, env, None)
        target: Expr | None = node.this if node.key != "export" else None
        if target is not None and target.key in QUERIES:
            self.outputs.append(query(self._context, target, env, None))
        elif target is not None:
            table = target.this if target.key == "schema" else target
            if table.key == "table" and not self._forget(table):
                self._target(table)
        if node.key == "export":
            self.outputs.append(query(self._context, node.this, env, None))
        self._sources(node, scope)
        if node.key in ("update", "merge"):
            problem = f"unsupported: columns that {node.key.upper()} sets"
            self._context.problems.add(problem)

    def _sources(self, node: Expr, scope: Scope) -> None:
        """Tables and queries that an UPDATE, DELETE or MERGE reads."""
        for name in ("from_", "using"):
            for part in nodes_of(node.args.get(name)):
                add_source(self._context, part.this if part.key == "from" else part, scope)
        for name, value in node.args.items():
            if name not in ("this", "from_", "using", "with_", "files"):
                self._context.visit(value, scope)

    def _forget(self, table: Expr) -> bool:
        """Whether a table is a temporary one of this text, whose columns are then not known."""
        key = self._context.name(table.this).key if is_identifier(table.this) else ""
        if table.args.get("db") or key not in self._temporary:
            return False
        self._context.seen.add(id(table))
        changed = self._temporary[key].with_gap("unsupported: a temporary table that is changed")
        self._temporary[key] = replace(changed)
        return True

    def _target(self, table: Expr) -> TableName | None:
        self._context.seen.add(id(table))
        if table.key != "table" or not is_identifier(table.this):
            self._context.problems.add("table: what is written to has no fixed name")
            return None
        name = table_name(self._context, table)
        if isinstance(name, str):
            self._context.problems.add(name)
            return None
        self._context.targets.add(name)
        return name


def _nameless(item: Item, problem: str) -> Item:
    return Rest(None, item.trace | gap(problem))
