"""The catalogues of a database read whole and joined in Python: the oracle of the round trip.

Nothing of the package's SQL is used here. Where PostgreSQL has a view of its own for people
(information_schema, pg_views, pg_indexes, pg_policies, pg_sequences ...), that is what is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, cached_property
from typing import Any

from psycopg2.extras import RealDictCursor

from kada_dagster.extracts.identity import object_id, object_path, procedure_component

Record = dict[str, Any]
RELATIONS = "rpvmf"
_ACL = re.compile(r'("(?:[^"]|"")*"|[^=]*)=([A-Za-z*]*)/')
_PRIVILEGES = {
    "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES",
    "t": "TRIGGER", "X": "EXECUTE", "U": "USAGE", "C": "CREATE", "c": "CONNECT", "T": "TEMPORARY",
    "m": "MAINTAIN",
}  # fmt: skip


class Catalogue:
    """One database. Its settings are those under which the server prints names in full."""

    def __init__(self, connection: Any, host: str) -> None:
        self._connection, self.host = connection, host
        self.version = connection.server_version // 10_000
        self.query("SELECT set_config('search_path', 'pg_catalog', false)")
        self.database = self.query("SELECT current_database() AS name")[0]["name"]
        self.root = (host, self.database)

    def query(self, sql: str) -> list[Record]:
        with self._connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql)
            return [dict(row) for row in cursor.fetchall()]

    @cache  # noqa: B019 - lives as long as a test
    def table(self, name: str) -> list[Record]:
        """All rows of a catalogue, with `oid`, which is hidden up to PostgreSQL 11."""
        return self.query(f"SELECT oid, * FROM {name}")

    @cache  # noqa: B019
    def by_oid(self, name: str) -> dict[int, Record]:
        return {row["oid"]: row for row in self.table(name)}

    @cached_property
    def roles(self) -> dict[int, str]:
        return {row["oid"]: row["rolname"] for row in self.table("pg_roles")}

    @cached_property
    def schemas(self) -> dict[int, str]:
        return {row["oid"]: row["nspname"] for row in self.table("pg_namespace")}

    def wanted(self, schema: int) -> bool:
        name = self.schemas[schema]
        return not name.startswith("pg_") and name != "information_schema"

    @cached_property
    def relations(self) -> dict[int, Record]:
        """Tables of every kind and views in wanted schemas."""
        found = self.by_oid("pg_class")
        return {oid: c for oid, c in found.items() if c["relkind"] in RELATIONS and self.mine(c)}

    def mine(self, relation: Record) -> bool:
        return self.wanted(relation["relnamespace"])

    def names(self, relation: int) -> tuple[str, ...]:
        c = self.by_oid("pg_class")[relation]
        return (*self.root, self.schemas[c["relnamespace"]], c["relname"])

    def relation_id(self, relation: int) -> str:
        return object_id(*self.names(relation))

    def relation_path(self, relation: int) -> str:
        return object_path(*self.names(relation))

    @cached_property
    def columns(self) -> dict[int, dict[int, Record]]:
        """Columns by relation and number, without system and dropped ones."""
        found: dict[int, dict[int, Record]] = defaultdict(dict)
        sql = (
            "SELECT attrelid, attnum, attname, attacl::text[] AS acl,"
            " format_type(atttypid, atttypmod) AS printed FROM pg_attribute"
            " WHERE attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum"
        )
        for row in self.query(sql):
            found[row["attrelid"]][row["attnum"]] = row
        return found

    def column_id(self, relation: int, number: int) -> str:
        return object_id(*self.names(relation), self.columns[relation][number]["attname"])

    def comment(self, catalogue: str, oid: int, part: int = 0) -> str:
        return self._comments.get((self.classes[catalogue], oid, part), "")

    def shared_comment(self, catalogue: str, oid: int) -> str:
        return self._shared_comments.get((self.classes[catalogue], oid), "")

    @cached_property
    def classes(self) -> dict[str, int]:
        pairs = self.table("pg_class")
        return {
            c["relname"]: c["oid"] for c in pairs if self.schemas[c["relnamespace"]] == "pg_catalog"
        }

    @cached_property
    def _comments(self) -> dict[tuple[int, int, int], str]:
        rows = self.query("SELECT * FROM pg_description")
        return {(r["classoid"], r["objoid"], r["objsubid"]): r["description"] for r in rows}

    @cached_property
    def _shared_comments(self) -> dict[tuple[int, int], str]:
        rows = self.query("SELECT * FROM pg_shdescription")
        return {(r["classoid"], r["objoid"]): r["description"] for r in rows}

    @cached_property
    def dependencies(self) -> list[Record]:
        return self.query("SELECT * FROM pg_depend")

    def extension(self, catalogue: str, oid: int) -> str | None:
        """The extension an object belongs to."""
        return self._members.get((self.classes[catalogue], oid))

    @cached_property
    def _members(self) -> dict[tuple[int, int], str]:
        extensions = self.by_oid("pg_extension")
        return {
            (d["classid"], d["objid"]): extensions[d["refobjid"]]["extname"]
            for d in self.dependencies
            if d["deptype"] == "e" and d["refclassid"] == self.classes["pg_extension"]
        }

    @cached_property
    def arguments(self) -> dict[int, str]:
        """The argument types of each function, as PostgreSQL prints them, comma between them."""
        rows = self.query(
            "SELECT p.oid, (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM"
            " unnest(p.proargtypes::oid[]) WITH ORDINALITY u(t, n)) AS types FROM pg_proc p"
        )
        return {row["oid"]: row["types"] or "" for row in rows}

    def procedure_id(self, oid: int) -> str:
        p = self.by_oid("pg_proc")[oid]
        schema = object_id(*self.root, self.schemas[p["pronamespace"]])
        return f"{schema}.{procedure_component(p['proname'], self.arguments[oid])}"

    def type_id(self, oid: int) -> str:
        t = self.by_oid("pg_type")[oid]
        schema = object_id(*self.root, self.schemas[t["typnamespace"]])
        return f"{schema}.(type).{object_id(t['typname'])}"

    def array_elements(self) -> set[int]:
        """The array types that come with another type."""
        return {t["typarray"] for t in self.table("pg_type")}

    def acl(self, catalogue: str, column: str) -> dict[int, list[str]]:
        """The privileges of objects as PostgreSQL prints them, where any were ever given."""
        rows = self.query(f"SELECT oid, {column}::text[] AS acl FROM {catalogue}")
        return {row["oid"]: row["acl"] for row in rows if row["acl"] is not None}


def granted(acl: list[str], owner: str | None) -> dict[str, tuple[list[str], list[str]]]:
    """Privileges, and those that may be handed on, by role; without what the owner has."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for item in acl:
        match = _ACL.match(item)
        assert match, item
        name, letters = match.groups()
        name = name[1:-1].replace('""', '"') if name.startswith('"') else name
        if name == owner:
            continue
        for letter, star in re.findall(r"([A-Za-z])(\*?)", letters):
            privileges, grantable = found[name or "public"]
            privileges.add(_PRIVILEGES[letter])
            if star:
                grantable.add(_PRIVILEGES[letter])
    return {name: (sorted(one), sorted(two)) for name, (one, two) in found.items()}
