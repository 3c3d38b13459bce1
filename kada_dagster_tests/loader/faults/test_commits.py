"""A load whose connection is lost in the commit finds out whether it was committed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine import commits
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.errors import TargetLostError
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.faults.proxy import Cut, Network, at_commit

APPEND = """\
mode: file
write: append
source: {files: {pattern: rows.csv}}
"""
INCREMENTAL = """\
mode: incremental
source: {table: public.t}
cursor: id
lag: 2
"""


def project(ends: Ends, port: int, task: str) -> Project:
    """A task that reads a file or a table, and a target behind that port."""
    (ends.folder / "in").mkdir(parents=True, exist_ok=True)
    (ends.folder / "in" / "rows.csv").write_text("id\n4\n5\n")
    target = f"{{type: postgres, host: 127.0.0.1, port: {port}, database: {ends.target}, "
    source = target.replace(ends.target, ends.source).replace(f"{port}", f"{ends.server.port}")
    return ends.read(
        {
            "connections.yaml": f"target: {target}username: postgres}}\n"
            f"erp: {source}username: postgres}}\nfolder: {{type: folder, path: in}}\n",
            "routes/erp/route.yaml": f"source: {'folder' if task == APPEND else 'erp'}\n",
            "routes/erp/public/t/task.yaml": task,
        }
    )


def load(ends: Ends, task: str, cut: Cut | None = None, load_id: str | None = None) -> LoadResult:
    """Load over a network that is cut so."""
    with Network(ends.server.port, cut or (lambda data, _: None)) as network:
        made = project(ends, network.port, task)
        try:
            return run_task(made.tasks["public.t"], made, load_id=load_id)
        finally:
            assert network.was_cut == (cut is not None)


@pytest.fixture(params=[APPEND, INCREMENTAL], ids=["append", "incremental"])
def task(request: pytest.FixtureRequest, ends: Ends) -> str:
    """A task that has to bring rows 4 and 5 to those that are there."""
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int)")
    if request.param == APPEND:
        ends.at_target("INSERT INTO t VALUES (1), (2), (3)")
    else:
        ends.at_source("INSERT INTO t VALUES (1), (2), (3)")
        load(ends, request.param)
        ends.at_source("INSERT INTO t VALUES (4), (5)")
    return request.param


def ids(ends: Ends) -> list[int]:
    return [row[0] for row in ends.at_target("SELECT id FROM t ORDER BY 1")]


def test_a_commit_nobody_heard_of_is_found_and_counts(ends: Ends, task: str) -> None:
    result = load(ends, task, at_commit(arrives=True))
    assert ids(ends) == [1, 2, 3, 4, 5]
    assert "lost before the server could say" in result.notes["commit"]
    assert result.counts.inserted == len(ids(ends)) - 3 + result.counts.deleted


def test_a_commit_that_never_arrived_is_told_and_made_up_for(ends: Ends, task: str) -> None:
    with pytest.raises(TargetLostError, match="it was not committed"):
        load(ends, task, at_commit(arrives=False), "one")
    assert ids(ends) == [1, 2, 3]
    assert "commit" not in load(ends, task, load_id="one").notes
    assert ids(ends) == [1, 2, 3, 4, 5]


def test_another_attempt_does_not_do_again_what_was_committed(ends: Ends, task: str) -> None:
    first = load(ends, task, load_id="one")
    again = load(ends, task, load_id="one")
    assert ids(ends) == [1, 2, 3, 4, 5]
    assert "another attempt" in again.notes.pop("commit")
    assert replace(again, seconds=first.seconds) == first


def test_every_call_without_an_id_is_a_load_of_its_own(ends: Ends, task: str) -> None:
    load(ends, task)
    load(ends, task)
    assert ids(ends) == ([1, 2, 3, 4, 4, 5, 5] if task == APPEND else [1, 2, 3, 4, 5])


def test_whether_it_committed_is_said_to_be_unknown_where_the_target_stays_away(
    ends: Ends, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_PATIENCE", 0.3)
    monkeypatch.setattr(commits, "_PAUSE", 0.1)
    commit = at_commit(arrives=True)
    with Network(ends.server.port, commit) as network:
        made = project(ends, network.port, task)
        network.stays_down = True
        with pytest.raises(TargetLostError, match="whether it was committed is not known"):
            run_task(made.tasks["public.t"], made, load_id="one")
    load(ends, task, load_id="one")
    assert ids(ends) == [1, 2, 3, 4, 5]
