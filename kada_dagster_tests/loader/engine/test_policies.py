"""Rows of the target that a policy hides from the loading role: an error, never duplicates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.errors import SchemaMismatchError, TargetDeniedError
from kada_dagster_tests.loader.databases import Ends

TASK = "mode: incremental\nsource: {table: public.t}\ncursor: at\nempty: keep\n"
IDS = "SELECT id FROM t ORDER BY id"


@pytest.fixture
def role(ends: Ends) -> Iterator[str]:
    """A role that sees and inserts all rows, and deletes the first."""
    name = f"loader_{ends.target}"
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int, at int); INSERT INTO t VALUES (1, 1), (2, 2)")
    ends.at_target(
        f"""CREATE ROLE {name} LOGIN; GRANT ALL ON t TO {name};
        GRANT CREATE ON DATABASE {ends.target} TO {name};
        ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY a ON t FOR SELECT TO {name} USING (true);
        CREATE POLICY b ON t FOR INSERT TO {name} WITH CHECK (true);
        CREATE POLICY c ON t FOR DELETE TO {name} USING (id = 1)"""
    )
    yield name
    ends.at_target(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def project(ends: Ends, role: str, options: str, task: str = TASK) -> Project:
    """A project whose target is loaded by the role."""
    ends.project(**{"public/t/task.yaml": task, "public/t/q.sql": "SELECT 1 AS id, 2 AS at"})
    file = ends.folder / "connections.yaml"
    head, _, rest = file.read_text().partition("\n")
    changed = head.replace("username: postgres", f"username: {role}{options}")
    file.write_text(f"{changed}\n{rest}")
    return read_project(ends.folder)


def test_rows_that_could_not_be_deleted_fail_the_load(ends: Ends, role: str) -> None:
    made = project(ends, role, "")
    with pytest.raises(TargetDeniedError, match=r"row-level security policy.*row_security=on"):
        run_task(made.tasks["public.t"], made)
    assert ends.at_target(IDS) == [(1,), (2,)]


def test_a_profile_may_say_that_only_rows_of_the_role_count(ends: Ends, role: str) -> None:
    ends.at_target("ALTER POLICY c ON t USING (true)")
    made = project(ends, role, OWN)
    assert run_task(made.tasks["public.t"], made).counts.deleted == 2
    assert ends.at_target(IDS) == [(1,), (2,)]


OWN = ", options: {options: '-c row_security=on'}"
TABLE = "source: {table: public.t}\n"


@pytest.fixture
def tenant(ends: Ends, role: str) -> str:
    """The role, which sees, inserts and deletes the rows below 100; others have one more."""
    ends.at_target(
        f"""DROP POLICY a ON t; DROP POLICY b ON t; DROP POLICY c ON t; TRUNCATE t;
        INSERT INTO t VALUES (101, 1); ALTER TABLE t ADD PRIMARY KEY (id);
        CREATE POLICY own ON t TO {role} USING (id < 100)"""
    )
    return role


@pytest.mark.parametrize(
    "task",
    [
        f"mode: upsert\nkey: [id]\n{TABLE}",
        f"mode: incremental\nkey: [id]\ncursor: at\n{TABLE}",
        f"mode: diff\nkey: [id]\n{TABLE}",
        f"mode: full\n{TABLE}",
    ],
)
def test_every_mode_loads_rows_of_the_role_and_leaves_those_of_others(
    ends: Ends, tenant: str, task: str
) -> None:
    made = project(ends, tenant, OWN, task)
    for _ in range(2):
        run_task(made.tasks["public.t"], made)
        assert ends.at_target(IDS) == [(1,), (2,), (101,)]


@pytest.mark.parametrize("task", [f"mode: full\n{TABLE}", "mode: sql\nsql: q.sql\n"])
def test_rows_of_others_are_not_truncated(ends: Ends, tenant: str, task: str) -> None:
    made = project(ends, tenant, OWN, f"{task}target: {{swap: truncate}}\n")
    with pytest.raises(SchemaMismatchError, match=r"policies hide.*Write target\.swap: delete"):
        run_task(made.tasks["public.t"], made)
    assert ends.at_target(IDS) == [(101,)]
