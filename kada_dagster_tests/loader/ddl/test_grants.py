"""`revoke: true`: who is not named under `grants` can do nothing with the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kada_dagster.loader.errors import TargetDeniedError
from kada_dagster_tests.loader.databases import Ends

TASK = "mode: upsert\nsource: {table: public.t}\nkey: [id]\n"


@pytest.fixture
def roles(ends: Ends) -> Iterator[tuple[str, str]]:
    """Two roles of this database."""
    names = (f"amy_{ends.target}", f"bob_{ends.target}")
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int PRIMARY KEY, email text)")
    ends.at_target("".join(f"CREATE ROLE {name};" for name in names))
    yield names
    ends.at_target("".join(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name};" for name in names))


def test_privileges_on_single_columns_are_taken_too(ends: Ends, roles: tuple[str, str]) -> None:
    amy, bob = roles
    ends.at_target(f"GRANT SELECT (email) ON t TO {bob}; GRANT UPDATE (email) ON t TO PUBLIC")
    task = f"{TASK}target: {{grants: {{{amy}: [select]}}, revoke: true}}\n"
    assert ends.load(task).notes["revoke_table"] == f"select: {bob}, update: public"
    held = f"SELECT has_column_privilege('{bob}', 't', 'email', 'SELECT, UPDATE')"
    assert ends.at_target(held) == [(False,)]
    assert "revoke_table" not in ends.load(task).notes


def test_a_privilege_that_another_role_granted_is_not_said_to_be_gone(
    ends: Ends, roles: tuple[str, str]
) -> None:
    amy, bob = roles
    ends.at_target(f"GRANT SELECT ON t TO {amy} WITH GRANT OPTION")
    ends.at_target(f"SET ROLE {amy}; GRANT SELECT ON t TO {bob}")
    with pytest.raises(TargetDeniedError, match=rf"target.revoke: not taken: select: {bob}\."):
        ends.load(f"{TASK}target: {{grants: {{{amy}: [select]}}, revoke: true}}\n")
