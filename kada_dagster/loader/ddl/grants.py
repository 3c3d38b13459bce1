"""Who may do what with a table and its schema, as the task says. Run again, it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.parts import TargetSettings
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import TargetDeniedError

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_TABLE = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
_SCHEMA = ("usage", "create")
_HELD = """
SELECT CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END,
  lower(g.privilege_type)
FROM {catalog} c, aclexplode(c.{acl}) g WHERE c.oid = %s AND g.grantee <> c.{owner}
"""
_ON_COLUMNS = """
SELECT CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END,
  lower(g.privilege_type)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
WHERE c.oid = %s AND g.grantee <> c.relowner AND NOT a.attisdropped
"""


def apply_grants(target: Target, table: Table, settings: TargetSettings) -> dict[str, str]:
    """Grant what is missing, and with `revoke` take what the task does not name.

    Args:
        target: the transaction.
        table: of the target.
        settings: of the task.

    Returns:
        Notes on what was changed.

    Raises:
        ConfigError: there is no such privilege.
        LoaderError: there is no such role, or the loading role may not grant, or not revoke.
    """
    from psycopg2.sql import Identifier

    notes: dict[str, str] = {}
    wanted = _pairs(settings.schema_grants, _SCHEMA)
    if wanted:
        number = target.catalogue(
            "schema", "SELECT oid FROM pg_namespace WHERE nspname = %s", (table.schema,)
        )[0][0]
        held = _held(target, number, "pg_namespace", "nspacl", "nspowner")
        place = Identifier(table.schema)
        notes |= _change(target, "GRANT {} ON SCHEMA {} TO {}", place, wanted - held)
    wanted = _pairs(settings.grants, _TABLE)
    if not wanted and not settings.revoke:
        return notes
    held = _held(target, table.oid, "pg_class", "relacl", "relowner")
    place = table.identifier
    notes |= _change(target, "GRANT {} ON TABLE {} TO {}", place, wanted - held)
    if settings.revoke:
        more = (held | _held_columns(target, table)) - wanted
        notes |= _change(target, "REVOKE {} ON TABLE {} FROM {}", place, more)
        _require_revoked(target, table, wanted)
    return notes


def _pairs(grants: Mapping[str, Sequence[str]], known: Sequence[str]) -> set[tuple[str, str]]:
    """Role and privilege, one pair each."""
    pairs: set[tuple[str, str]] = set()
    for role, words in grants.items():
        for word in words:
            if word.lower() not in (*known, "all"):
                raise ConfigError(
                    f"target.grants: {role}: no privilege {word!r}; there are {', '.join(known)}"
                )
            each = known if word.lower() == "all" else (word.lower(),)
            pairs |= {(role, privilege) for privilege in each}
    return pairs


def _held(target: Target, oid: int, catalog: str, acl: str, owner: str) -> set[tuple[str, str]]:
    statement = _HELD.format(catalog=catalog, acl=acl, owner=owner)
    return {(row[0], row[1]) for row in target.catalogue("privileges", statement, (oid,))}


def _held_columns(target: Target, table: Table) -> set[tuple[str, str]]:
    """Privileges on single columns."""
    return {(row[0], row[1]) for row in target.catalogue("privileges", _ON_COLUMNS, (table.oid,))}


def _require_revoked(target: Target, table: Table, wanted: set[tuple[str, str]]) -> None:
    """The server says nothing of a privilege that somebody else granted; it just stays."""
    held = _held(target, table.oid, "pg_class", "relacl", "relowner")
    if left := sorted((held | _held_columns(target, table)) - wanted):
        named = ", ".join(f"{privilege}: {role}" for role, privilege in left)
        raise TargetDeniedError(
            f"{table}: target.revoke: not taken: {named}. Another role than the owner granted it; "
            "revoke it as that role, or name it in target.grants"
        )


def _change(
    target: Target, statement: str, place: Composable, pairs: set[tuple[str, str]]
) -> dict[str, str]:
    """Grant or revoke each; a note of what was done."""
    from psycopg2.sql import SQL, Identifier

    for role, privilege in sorted(pairs):
        who = SQL("PUBLIC") if role == "public" else Identifier(role)
        made = SQL(statement).format(SQL(privilege.upper()), place, who)
        target.run(f"privileges of {role}", made)
    word, _, rest = statement.lower().partition(" {} on ")
    done = ", ".join(f"{privilege}: {role}" for role, privilege in sorted(pairs))
    return {f"{word}_{rest.partition(' ')[0]}": done} if pairs else {}
