"""`kada load run`: what runs, in which order, what is said of it, and with which exit code."""

from __future__ import annotations

import pytest

from kada_dagster_tests.cli.load_project import Load, tables

FULL = "mode: full\nsource: {table: public.%s}\ntarget: {ddl: auto}\n"


def full(table: str, more: str = "") -> str:
    return FULL % table + more


@pytest.fixture
def chain(load: Load) -> Load:
    """Three tasks, each behind the one before, and one that waits for nothing."""
    load.ends.at_source(tables("a", "b", "c", "d"))
    load.write(
        {
            "erp/dwh/a/task.yaml": full("a"),
            "erp/dwh/b/task.yaml": full("b", "depends: [dwh.a]\n"),
            "erp/dwh/c/task.yaml": full("c", "depends: [dwh.b]\n"),
            "more/dwh/d/task.yaml": full("d"),
            "more/route.yaml": "source: erp\n",
            "erp/route.yaml": "source: erp\n",
        }
    )
    return load


def ran(load: Load, *arguments: str) -> list[str]:
    """The tasks a run loads, in the order they end."""
    said = load("run", "--json", *arguments)
    assert said.code == 0, said.err
    return [line["task"] for line in said.lines]


def test_one_task_is_loaded_and_told_in_a_row(chain: Load) -> None:
    said = chain("run", "dwh.a")
    assert said.code == 0
    head, row = said.cells()
    assert dict(zip(head, row)) == {
        "task": "dwh.a",
        "mode": "full",
        "status": "loaded",
        "read": "3",
        "inserted": "3",
        "updated": "0",
        "deleted": "0",
        "bytes": row[7],
        "seconds": row[8],
    }
    assert int(row[7]) > 0
    assert "dwh.a: copy dwh.a" in said.err
    assert chain.ends.at_target("SELECT count(*) FROM dwh.a") == [(3,)]


def test_tasks_run_behind_those_they_wait_for_however_they_are_named(chain: Load) -> None:
    assert ran(chain, "dwh.c", "erp.dwh.b", "dwh.a") == ["dwh.a", "dwh.b", "dwh.c"]


@pytest.mark.parametrize(
    ("arguments", "tasks"),
    [
        (["--all"], {"dwh.a", "dwh.b", "dwh.c", "dwh.d"}),
        (["--route", "more"], {"dwh.d"}),
        (["--all", "--route", "erp"], {"dwh.a", "dwh.b", "dwh.c"}),
        (["dwh.b", "--downstream"], {"dwh.b", "dwh.c"}),
        (["dwh.b", "--route", "erp"], {"dwh.b"}),
    ],
)
def test_a_run_takes_the_tasks_that_are_meant(
    chain: Load, arguments: list[str], tasks: set[str]
) -> None:
    assert set(ran(chain, "--jobs", "3", *arguments)) == tasks


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which tasks, as schema.table"),
        (["dwh.x"], "dwh.x: there is no such active task; did you mean"),
        (["--route", "mor"], "no such route; did you mean 'more'"),
        (["dwh.d", "--route", "erp"], "dwh.d: is not in the route erp"),
        (["dwh.a", "--part", "x"], "none of these has it"),
        (["dwh.a", "--part", "x", "--parts", "x:y"], "either --part or --parts"),
        (["dwh.a", "--loader", "x"], "leave out --loader"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(chain: Load, arguments: list[str], said: str) -> None:
    done = chain("run", *arguments)
    assert done.code == 2
    assert said in done.err
    assert chain.ends.at_target("SELECT to_regclass('dwh.a')") == [(None,)]


def test_what_waits_for_a_failed_task_is_not_run_and_all_else_is(chain: Load) -> None:
    chain.ends.at_source("DROP TABLE b")
    said = chain("run", "--all", "--json", "--jobs", "2")
    assert said.code == 1
    found = {line["task"]: line for line in said.lines}
    assert {task: line["status"] for task, line in found.items()} == {
        "dwh.a": "loaded",
        "dwh.b": "failed",
        "dwh.c": "not run",
        "dwh.d": "loaded",
    }
    assert found["dwh.c"]["error"] == "dwh.b failed"
    assert "error: dwh.b: " in said.err
    assert '"public.b" does not exist' in said.err
    assert "not run: dwh.c: dwh.b failed" in said.err


def test_the_exit_code_is_that_of_the_error_where_all_are_alike(chain: Load) -> None:
    text = (chain.folder / "connections.yaml").read_text()
    broken = text.replace(f"database: {chain.ends.source}", "database: not_there")
    (chain.folder / "connections.yaml").write_text(broken)
    assert chain("run", "dwh.a", "dwh.d").code == 2  # as `kada extract` has it
    (chain.folder / "connections.yaml").write_text(
        text.replace(
            f"port: {chain.ends.server.port}, database: {chain.ends.source}", "port: 1, database: x"
        )
    )
    (chain.folder / "routes/erp/route.yaml").write_text(
        "source: erp\ndefaults: {retries: {max_retries: 0}}\n"
    )
    assert chain("run", "dwh.a").code == 4


def test_an_error_that_may_pass_is_tried_again_as_the_task_says(load: Load) -> None:
    load.ends.at_source(tables("a"))
    load.ends.at_target("CREATE TABLE a (id int, note text)")
    load.write(
        {"erp/public/a/task.yaml": "mode: full\nsource: {query: q.sql}\n"
         "retries: {max_retries: 2, delay_seconds: 0}\n",
         "erp/public/a/q.sql": "SELECT id, note FROM a, pg_terminate_backend(pg_backend_pid())",
         "erp/route.yaml": "source: erp\n"}
    )  # fmt: skip
    said = load("run", "public.a", "--json")
    assert said.code == 4
    assert said.lines[0]["attempts"] == 3
    assert said.err.count("again in 0 s") == 2


def test_an_error_that_cannot_pass_is_not_tried_again(chain: Load) -> None:
    chain.ends.at_source("DROP TABLE a")
    assert chain("run", "dwh.a", "--json").lines[0]["attempts"] == 1


def test_the_mark_before_and_after_is_told(load: Load) -> None:
    load.ends.at_source(tables("a"))
    load.write(
        {"erp/public/a/task.yaml": "mode: incremental\nsource: {table: public.a}\nkey: id\n"
         "cursor: id\ntarget: {ddl: auto}\n",
         "erp/route.yaml": "source: erp\n"}
    )  # fmt: skip
    assert load("run", "public.a").cells()[1][-1] == "3"
    load.ends.at_source("INSERT INTO a VALUES (4, 'new')")
    line = load("run", "public.a", "--json").lines[0]
    assert (line["mark_before"], line["mark_after"], line["inserted"]) == ("3", "4", 1)


PARTS = full("a", "split: {by: id, size: 10, start: 0, end: 40}\n")


@pytest.fixture
def parted(load: Load) -> Load:
    """A task in four ranges, and one behind it."""
    load.ends.at_source(
        "CREATE TABLE a (id int PRIMARY KEY, note text);"
        "INSERT INTO a SELECT i, 'x' FROM generate_series(0, 44) i"
    )
    load.write(
        {
            "erp/public/a/task.yaml": PARTS,
            "erp/public/b/task.yaml": "mode: sql\nsql: b.sql\ndepends: [public.a]\n"
            "target: {ddl: auto}\n",
            "erp/public/b/b.sql": "SELECT count(*) AS n FROM a",
            "erp/route.yaml": "source: erp\n",
        }
    )
    return load


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_task_with_ranges_is_loaded_in_all_of_them_before_what_waits_for_it(
    parted: Load, jobs: str
) -> None:
    said = parted("run", "--all", "--json", "--jobs", jobs)
    assert said.code == 0, said.err
    assert said.lines[0]["part"] == "0"
    assert sorted(line["part"] for line in said.lines[:4]) == ["0", "10", "20", "30"]
    assert said.lines[4]["task"] == "public.b"
    assert parted.ends.at_target("SELECT n FROM b") == [(45,)]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--part", "20"], ["20"]),
        (["--parts", "10:20"], ["10", "20"]),
        (["--parts", ":10"], ["0", "10"]),
        (["--parts", "30:"], ["30"]),
    ],
)
def test_single_ranges_can_be_loaded(parted: Load, arguments: list[str], parts: list[str]) -> None:
    said = parted("run", "public.a", "--json", *arguments)
    assert [line["part"] for line in said.lines] == parts


@pytest.mark.parametrize("arguments", [["--part", "15"], ["--parts", "0:15"], ["--parts", "0"]])
def test_a_range_that_is_not_there_is_told_with_those_that_are(
    parted: Load, arguments: list[str]
) -> None:
    said = parted("run", "public.a", *arguments)
    assert said.code == 2
    assert "0 to 30" in said.err or "write FROM:TO" in said.err


def test_where_the_first_range_fails_the_others_are_not_tried(parted: Load) -> None:
    parted.ends.at_target("CREATE TABLE a (id int PRIMARY KEY, note text CHECK (note <> 'x'))")
    said = parted("run", "--all", "--json", "--jobs", "4")
    assert said.code == 1
    assert [line["status"] for line in said.lines] == ["failed", *["not run"] * 4]
    assert said.lines[-1]["error"] == "public.a 0 failed"


MEET = """
CREATE FUNCTION meet() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR attempt IN 1..400 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN (SELECT count(*) FROM pg_stat_activity WHERE query ~ 'began, meet') > 1;
        PERFORM pg_sleep(0.05);
    END LOOP;
    PERFORM pg_sleep(0.5);  -- the other one looks, too
END $$
"""
"""Waits until it runs twice."""


def test_loads_run_side_by_side_within_the_limits_of_route_and_source(load: Load) -> None:
    load.ends.at_source(MEET)
    query = "SELECT clock_timestamp() AS began, {}::text, clock_timestamp() AS ended"
    files = {
        "one/route.yaml": "source: erp\n",
        "two/route.yaml": "source: erp\nmax_concurrent: 1\n",
    }
    for task in ("one/one/a", "one/one/b", "two/two/a", "two/two/b"):
        files[f"{task}/task.yaml"] = "mode: full\nsource: {query: q.sql}\ntarget: {ddl: auto}\n"
        files[f"{task}/q.sql"] = query.format("meet()" if "one" in task else "pg_sleep(0.3)")
    files |= {"one/one/c/task.yaml": "mode: sql\nbefore: q.sql\n", "one/one/c/q.sql": "SELECT 1"}
    load.write(files)
    load.ends.at_target("CREATE SCHEMA one; CREATE SCHEMA two")
    assert load("run", "one.c").code == 0  # makes the tables of the state
    assert load("run", "--all", "--jobs", "8").code == 0
    overlap = "SELECT tstzrange(a.began, a.ended) && tstzrange(b.began, b.ended) FROM {0}.a, {0}.b"
    assert load.ends.at_target(overlap.format("one")) == [(True,)]
    assert load.ends.at_target(overlap.format("two")) == [(False,)]


def test_no_secret_of_a_profile_is_in_what_is_said(
    chain: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "not_there")
    text = (chain.folder / "connections.yaml").read_text()
    (chain.folder / "connections.yaml").write_text(
        text.replace(chain.ends.source, "not_there, password: '${ERP_PASSWORD}'")
    )
    said = chain("run", "dwh.a", "--json")
    assert said.code == 2
    assert "***" in said.err
    assert "not_there" not in said.err + said.out
