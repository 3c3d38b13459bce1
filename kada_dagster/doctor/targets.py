"""What the loader's role may do in the target: make tables where tasks and state need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kada_dagster.doctor.check import Verdict, fail, ok

if TYPE_CHECKING:
    from kada_dagster.loader.server import Server

_ROLE = "SELECT current_user, pg_is_in_recovery()"
_SCHEMA = """
SELECT has_database_privilege(current_database(), 'CREATE'),
       CASE WHEN to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL
            THEN has_schema_privilege(%(schema)s, 'CREATE')
             AND has_schema_privilege(%(schema)s, 'USAGE') END"""
_STATE = """
SELECT CASE WHEN has_schema_privilege(%(schema)s, 'USAGE')
            THEN has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
             AND has_table_privilege(oid, 'UPDATE') END
  FROM pg_class
 WHERE relname = 'state' AND relnamespace = to_regnamespace(quote_ident(%(schema)s))"""


def rights_verdicts(server: Server, state: str, schemas: Sequence[str]) -> Iterator[Verdict]:
    """Whether loads may work there.

    Args:
        server: the target.
        state: schema the loader keeps its state in.
        schemas: of the tables that tasks make.
    """
    from kada_dagster.loader.engine.target import transaction

    wrong: list[Verdict] = []
    with transaction(server) as target:
        user, is_standby = target.catalogue("rights", _ROLE)[0]
        if is_standby:
            yield fail("this is a standby, which takes no rows: name the primary as host")
            return
        kept = target.catalogue("rights", _STATE, {"schema": state})
        if kept and not kept[0][0]:
            wrong.append(
                fail(
                    f"{user} may not write the tables of schema {state}: GRANT USAGE ON "
                    f'SCHEMA "{state}" and SELECT, INSERT, UPDATE, DELETE ON ALL TABLES '
                    f'IN SCHEMA "{state}" TO "{user}"'
                )
            )
        for schema in [*([] if kept else [state]), *schemas]:
            row = target.catalogue("rights", _SCHEMA, {"schema": schema})[0]
            wrong += _lacking(schema, user, *row)
    named = ", ".join(dict.fromkeys([state, *schemas]))
    yield from wrong or [ok(f"{user} may make tables in {named}")]


def _lacking(schema: str, user: str, may_make: bool, may_use: bool | None) -> Iterator[Verdict]:
    """What is missing for tables in a schema; `may_use` is None where it is not there."""
    if may_use is None and not may_make:
        yield fail(
            f"there is no schema {schema}, and {user} may not make one: "
            f'CREATE SCHEMA "{schema}" AUTHORIZATION "{user}"'
        )
    elif may_use is False:
        yield fail(
            f"{user} may not make tables in schema {schema}: "
            f'GRANT USAGE, CREATE ON SCHEMA "{schema}" TO "{user}"'
        )
