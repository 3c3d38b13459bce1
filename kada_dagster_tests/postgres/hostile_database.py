"""A database whose names are chosen to break ids, files and statements: every name in every place.

`build` works for any list of names, so that generated ones can be tried too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import quote_ident

NAMES = (
    "a.b", "a..b", ".", 'say "hi"', '"', '""', '"|"', "a|b", "|", "line\nbreak", "cr\rhere",
    "crlf\r\n", "tab\there", "emoji 😀", "e\u0301 composed", "\ufeffbom",
    "\x01control\x7f", "back\\slash",
    "\\.", "\\", "{0}", "{}", "{{", "}}", "%", "%s", "%(x)s", "f()", "g(integer)", "(type)",
    "(constraint)", ")", "(",
    "select", "table", "user", "public", "null", "CamelCase", "camelcase", " lead", "trail ", " ",
    "it's", "$1", "$$", "$x$", "-- no comment", "/* none */ ", ";", "-- since 12",
    "x" * 63, "é" * 31,
    "*", "?", "[a-z]", "plain",
)  # fmt: skip
SCHEMAS = ("a.b", "{0}", '"', "f()", "line\nbreak", "PUBLIC", "a|b", "%s", "\\")
ROLE = "kada hostile "
"""Roles belong to the whole server; their names start with this."""


@dataclass
class Hostile:
    """What was built, as far as only its builder can know it: the column lineage by names."""

    edges: set[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=set)


def build(
    connection: Any, names: Iterable[str] = NAMES, schemas: Iterable[str] = SCHEMAS
) -> Hostile:
    """Fill a database with every kind of object under every name."""
    names, schemas, built = tuple(names), tuple(schemas), Hostile()
    version = connection.server_version // 10_000

    def quote(name: str) -> str:
        return quote_ident(name, connection)

    with connection.cursor() as cursor:
        for statement in _statements(names, schemas, version, quote, built):
            cursor.execute(statement)
    return built


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _statements(
    names: tuple[str, ...], schemas: tuple[str, ...], version: int, q: Any, built: Hostile
) -> Iterator[str]:
    yield "SET standard_conforming_strings = on; SET check_function_bodies = off"
    for name in ("member", *names):
        yield from _role(name, q)
    for schema in schemas:
        yield f"CREATE SCHEMA IF NOT EXISTS {q(schema)}"
        yield f"COMMENT ON SCHEMA {q(schema)} IS {_literal(schema)}"
        yield from _tables(schema, names[:12], q, built)
    for kind in ("tables", "columns", "indexed", "views", "sequences", "types", "procedures"):
        yield f"CREATE SCHEMA {kind}"
    yield from _tables("tables", names, q, built)
    yield from _columns(names, q, built)
    yield from _indexes(names, q)
    yield from _others(names, version, q)
    yield from _procedures(names, version, q)


def role(name: str) -> str:
    """The role that carries a hostile name."""
    return (ROLE + name).encode()[:63].decode(errors="ignore")


def _role(name: str, q: Any) -> Iterator[str]:
    make = f"CREATE ROLE {q(role(name))}"
    if name != "member":
        make += f"; GRANT {q(role(name))} TO {q(role('member'))}"
    yield (
        f"DO $do$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {_literal(role(name))})"
        f" THEN {make}; END IF; END$do$"
    )
    yield f"COMMENT ON ROLE {q(role(name))} IS {_literal(name)}"


def _tables(schema: str, names: tuple[str, ...], q: Any, built: Hostile) -> Iterator[str]:
    """A table, a view of it, a constraint, a trigger and a policy, all under one name."""
    yield (
        f"CREATE FUNCTION {q(schema)}.fire() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN RETURN NEW; END$$"
    )
    for index, name in enumerate(names):
        table = f"{q(schema)}.{q(name)}"
        yield (
            f"CREATE TABLE {table} (id int, {q(name)} text DEFAULT {_literal(name)},"
            f" CONSTRAINT {q(name)} CHECK ({q(name)} <> {_literal(name)}))"
        )
        yield f"COMMENT ON TABLE {table} IS {_literal(name)}"
        yield f"COMMENT ON COLUMN {table}.{q(name)} IS {_literal(name)}"
        yield f"COMMENT ON CONSTRAINT {q(name)} ON {table} IS {_literal(name)}"
        yield (
            f"CREATE TRIGGER {q(name)} BEFORE INSERT ON {table} FOR EACH ROW"
            f" EXECUTE PROCEDURE {q(schema)}.fire({_literal(name)})"
        )
        yield f"CREATE POLICY {q(name)} ON {table} USING ({q(name)} = {_literal(name)})"
        grant = f"SELECT, UPDATE ({q(name)}) ON {table} TO {q(role(name))}"
        yield f"GRANT {grant} WITH GRANT OPTION"
        view = f"view{index}"
        yield (
            f"CREATE VIEW {q(schema)}.{view} AS"
            f" SELECT {q(name)} || id AS {q(name)}, 1 AS one FROM {table}"
        )
        target = (schema, view, name)
        built.edges |= {((schema, name, name), target), ((schema, name, "id"), target)}


def _columns(names: tuple[str, ...], q: Any, built: Hostile) -> Iterator[str]:
    """All names as columns of one table, some dropped; a view with them the other way round."""
    columns = ", ".join(f"gone{i} int, {q(name)} text" for i, name in enumerate(names))
    yield f"CREATE TABLE columns.wide ({columns})"
    drops = ", ".join(f"DROP gone{i}" for i in range(0, len(names), 3))
    yield f"ALTER TABLE columns.wide {drops}"
    turned = list(zip(names, reversed(names), strict=True))
    select = ", ".join(f"{q(source)} AS {q(target)}" for source, target in turned)
    yield f"CREATE VIEW columns.turned AS SELECT {select} FROM columns.wide"
    yield f"CREATE MATERIALIZED VIEW columns.kept AS SELECT {select} FROM columns.wide WITH NO DATA"
    for view in ("turned", "kept"):
        for source, target in turned:
            built.edges.add((("columns", "wide", source), ("columns", view, target)))


def _indexes(names: tuple[str, ...], q: Any) -> Iterator[str]:
    yield "CREATE TABLE indexed.by_all (id int PRIMARY KEY, body text)"
    for name in names:
        yield (
            f"CREATE INDEX {q(name)} ON indexed.by_all (lower(body)) WHERE body <> {_literal(name)}"
        )
        yield f"COMMENT ON INDEX indexed.{q(name)} IS {_literal(name)}"
        # The same name once more: types and functions live in name spaces of their own.
        yield f"CREATE TYPE indexed.{q(name)} AS ENUM ({_literal(name)}, 'other')"


def _others(names: tuple[str, ...], version: int, q: Any) -> Iterator[str]:
    yield "CREATE FOREIGN DATA WRAPPER hostile"
    for index, name in enumerate(names):
        sequence, domain = f"sequences.{q(name)}", f"types.{q(name)}"
        yield f"CREATE SEQUENCE {sequence} INCREMENT {index + 1}"
        yield f"COMMENT ON SEQUENCE {sequence} IS {_literal(name)}"
        default = f"nextval({_literal(sequence)})"
        yield f"CREATE TABLE sequences.owner{index} ({q(name)} int DEFAULT {default})"
        yield f"ALTER SEQUENCE {sequence} OWNED BY sequences.owner{index}.{q(name)}"
        yield (
            f"CREATE DOMAIN {domain} AS varchar(9) DEFAULT {_literal(name[:9])}"
            f" CONSTRAINT {q(name)} CHECK (VALUE <> {_literal(name)})"
        )
        yield f"COMMENT ON DOMAIN {domain} IS {_literal(name)}"
        yield f"COMMENT ON CONSTRAINT {q(name)} ON DOMAIN {domain} IS {_literal(name)}"
        yield f"CREATE TYPE types.{q('c' + name[:40])} AS ({q(name)} {domain}, other int)"
        select = f"SELECT {_literal(name)}::text AS {q(name)}"
        yield f"CREATE MATERIALIZED VIEW views.{q(name)} AS {select}"
        yield (
            f"CREATE SERVER {q(name)} TYPE {_literal(name)} FOREIGN DATA WRAPPER hostile"
            f" OPTIONS (host {_literal(name)}, password 'planted-secret')"
        )
        yield f"CREATE USER MAPPING FOR PUBLIC SERVER {q(name)} OPTIONS (password 'planted-secret')"
        yield (
            f"CREATE FOREIGN TABLE views.foreign{index} ({q(name)} int) SERVER {q(name)}"
            f" OPTIONS (schema_name {_literal(name)}, table_name {_literal(name)},"
            " secret 'planted-secret')"
        )
        yield f"CREATE PUBLICATION {q(name)} FOR TABLE tables.{q(name)}"
        yield f"COMMENT ON PUBLICATION {q(name)} IS {_literal(name)}"


def _procedures(names: tuple[str, ...], version: int, q: Any) -> Iterator[str]:
    for name in names:
        function = f"procedures.{q(name)}"
        plain = _literal(f"SELECT {_literal(name)}")
        block = _literal(f"BEGIN RETURN {_literal(name)}; END")
        argument = f"{q(name)} types.{q(name)}"
        yield f"CREATE FUNCTION {function}() RETURNS text LANGUAGE sql AS {plain}"
        yield (
            f"CREATE FUNCTION {function}({argument}, b text DEFAULT {_literal(name)})"
            f" RETURNS text LANGUAGE plpgsql AS {block}"
        )
        yield f"COMMENT ON FUNCTION {function}() IS {_literal(name)}"
    yield "CREATE TABLE procedures.called AS SELECT 1 AS id"
    for index, name in enumerate(names):
        yield f"CREATE VIEW procedures.caller{index} AS SELECT procedures.{q(name)}() AS said"
