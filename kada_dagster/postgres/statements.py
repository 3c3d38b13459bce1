"""The SQL statements, and the small language they are written in.

The files in `sql/` hold one statement each. Three things are expanded when they are read:

* `id!(x)`, `path!(x)`, `signature!(p)`, `json!(...)`, `list!(...)`, `action!(x)` - the id and JSON
  rules of the extract contract, said once here;
* a line that ends with `-- since 12` or `-- before 12` is for those servers alone;
* `{0}` ... `{6}` are filled in when the statement is sent. They are what a custom statement keeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, LINKAGE, META

RULE_COLUMNS = ("VIEW_ID", "COLUMN_NAMES", "INPUTS", "RULE")
"""Columns of `VIEW_RULES_SQL`, whose rows become column lineage."""

PLACEHOLDERS = (
    "id of the database, `host.database`",
    "path of the database",
    "condition on pg_namespace `n`: the schemas that are wanted",
    "id of the host",
    "path of the host",
    "the pg_stat_statements view, qualified",
    "names of the extracted databases, as a list of SQL expressions",
)
"""What `{0}`, `{1}`, ... stand for."""


@dataclass(frozen=True)
class Statement:
    """One query of the extract.

    Attributes:
        name: as `list_sql` gives it, e.g. `COLUMNS_SQL`.
        family: the family its rows belong to; empty for `VIEW_RULES_SQL`.
        sql: text with placeholders.
        cluster_wide: the same in every database, so it is asked once.
        object_type: of all its rows; empty outside META, and where a custom statement may mix them.
    """

    name: str
    family: str
    sql: str
    cluster_wide: bool = False
    object_type: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it must yield."""
        return COLUMNS[self.family] if self.family else RULE_COLUMNS

    @property
    def counted_as(self) -> str | None:
        """What all its rows count as; None where each must be looked at."""
        return self.object_type if self.object_type or self.family not in ("", META) else None


_ORDER = (
    ("databases", META, "DATABASE"),
    ("schemas", META, "SCHEMA"),
    ("relations", META, "TABLE"),
    ("columns", META, "COLUMN"),
    ("constraints", META, "CONSTRAINT"),
    ("indexes", META, "INDEX"),
    ("sequences", META, "SEQUENCE"),
    ("procedures", META, "PROCEDURE"),
    ("triggers", META, "TRIGGER"),
    ("types", META, "TYPE"),
    ("extensions", META, "EXTENSION"),
    ("policies", META, "POLICY"),
    ("publications", META, "PUBLICATION"),
    ("subscriptions", META, "SUBSCRIPTION"),
    ("foreign_servers", META, "SERVER"),
    ("user_mappings", META, "USER_MAPPING"),
    ("default_privileges", META, "DEFAULT_PRIVILEGE"),
    ("roles", META, "USER"),
    ("view_lineage", LINKAGE, ""),
    ("view_rules", "", ""),
    ("generated_lineage", LINKAGE, ""),
    ("foreign_keys", LINKAGE, ""),
    ("inheritance", LINKAGE, ""),
    ("dependencies", LINKAGE, ""),
    ("memberships", LINKAGE, ""),
    ("grants", LINKAGE, ""),
    ("default_privilege_grants", LINKAGE, ""),
    ("database_log", DATABASE_LOG, ""),
)
_FOLDER = Path(__file__).with_name("sql")
_CLUSTER_WIDE = {"roles", "memberships"}
_VERSION_LINE = re.compile(r"^(.*?)\s*-- (since|before) (\d+)$")
_NESTING = re.compile(r"[()]|'[^']*'?")
_MACRO = re.compile(r"\b(id|path|signature|json|list|action)!\(")
_PLACEHOLDER = re.compile(r"(?<!\{)\{(\d+)\}(?!\})")


def packaged() -> dict[str, Statement]:
    """The statements of this package by name, in the order their rows take in the files."""
    statements = (
        Statement(f"{stem.upper()}_SQL", family, _read(stem), stem in _CLUSTER_WIDE, object_type)
        for stem, family, object_type in _ORDER
    )
    return {statement.name: statement for statement in statements}


@cache
def _read(stem: str) -> str:
    return (_FOLDER / f"{stem}.sql").read_text(encoding="utf-8")


def for_server(sql: str, version: int) -> str:
    """Keep the lines meant for a server's major version, expand macros, drop comments.

    Args:
        sql: text of a statement.
        version: major version, e.g. 15.

    Raises:
        ValueError: a macro has no end.
    """
    kept: list[str] = []
    for line in sql.splitlines():
        marked = _VERSION_LINE.match(line)
        if marked is None:
            kept.append(line)
        elif (version >= int(marked.group(3))) == (marked.group(2) == "since"):
            kept.append(marked.group(1))
    return expand("\n".join(line for line in kept if not line.startswith("--")))


def expand(sql: str) -> str:
    """Replace the macros, innermost last, until none is left.

    Raises:
        ValueError: a macro has no end.
    """
    position = 0
    while match := _MACRO.search(sql, position):
        position, end = match.start(), _closing(sql, match.end())
        body = sql[match.end() : end]
        sql = sql[:position] + _MACROS[match.group(1)](body) + sql[end + 1 :]
    return sql


def _closing(sql: str, position: int) -> int:
    """Index of the parenthesis that closes the one before `position`; strings are skipped."""
    depth = 1
    for token in _NESTING.finditer(sql, position):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            return token.start()
    raise ValueError(f"no parenthesis closes {sql[position - 10 : position]!r}")


def _component(name: str) -> str:
    return (
        f"CASE WHEN strpos({name}, '.') = 0 AND strpos({name}, '\"') = 0"
        f" AND right({name}, 1) <> ')' THEN {name}::text"
        f" ELSE '\"' || replace({name}, '\"', '\"\"') || '\"' END"
    )


def _signature(procedure: str) -> str:
    text = f"({procedure}.proname || '(' || oidvectortypes({procedure}.proargtypes) || ')')"
    return (
        f"CASE WHEN {text} !~ '[.\"]' THEN {text}"
        f" ELSE '\"' || replace({text}, '\"', '\"\"') || '\"' END"
    )


_ACTIONS = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}


def _action(code: str) -> str:
    cases = " ".join(f"WHEN '{letter}' THEN '\"{word}\"'" for letter, word in _ACTIONS.items())
    return f"CASE {code} {cases} END"


_MACROS: dict[str, Callable[[str], str]] = {
    "id": lambda body: f"({_component(body)})",
    "path": lambda body: f"replace({body}, '.', '_')",
    "signature": lambda body: f"({_signature(body)})",
    "json": lambda body: f"('{{{{' || nullif(concat_ws(',', {body}), '') || '}}}}')",
    "list": lambda body: f"array_to_json(array_agg({body}))",
    "action": _action,
}


def placeholders(sql: str) -> set[int]:
    """The numbers of the placeholders in a statement."""
    return {int(number) for number in _PLACEHOLDER.findall(sql)}


def replaced(statements: Mapping[str, Statement], name: str, sql: str) -> dict[str, Statement]:
    """The statements with the text of one exchanged.

    Args:
        statements: by name.
        name: which; letter case does not matter.
        sql: its new text; the placeholders of the old one must be kept, their numbers too.

    Raises:
        ConfigError: there is no such statement, or the placeholders differ.
    """
    old = find(statements, name)
    missing = placeholders(old.sql) - placeholders(sql)
    unknown = placeholders(sql) - set(range(len(PLACEHOLDERS)))
    if missing or unknown:
        wrong = "lacks" if missing else "has the unknown"
        numbers = ", ".join(f"{{{number}}}" for number in sorted(missing or unknown))
        raise ConfigError(f"custom_sql.{old.name}: the statement {wrong} placeholder {numbers}")
    fresh = Statement(old.name, old.family, sql, old.cluster_wide)
    return {**statements, old.name: fresh}


def find(statements: Mapping[str, Statement], name: str) -> Statement:
    """The statement of that name.

    Raises:
        ConfigError: there is none; names the nearest.
    """
    try:
        return statements[name.upper()]
    except KeyError:
        from difflib import get_close_matches

        near = get_close_matches(name.upper(), statements, 1) or list(statements)[:1]
        raise ConfigError(
            f"custom_sql: no statement {name!r}; did you mean {near[0]}? list_sql() names them all"
        ) from None
