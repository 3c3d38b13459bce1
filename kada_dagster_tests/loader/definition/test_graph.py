"""What waits for what: a mistake is said once, where it is."""

from __future__ import annotations

from pathlib import Path

from kada_dagster_tests.loader.definition.test_project import FULL, problems_of
from kada_dagster_tests.loader.folders import write


def test_a_task_that_waits_for_one_that_is_wrong_is_not_wrong_itself(tmp_path: Path) -> None:
    waiting = f"{FULL}depends: [sales.a, erp.sales.a]\n"
    files = {"routes/erp/sales/a/task.yaml": "mode: ful\n", "routes/erp/sales/b/task.yaml": waiting}
    found = problems_of(write(tmp_path, files))
    assert found
    assert all(line.startswith("routes/erp/sales/a/") for line in found)


def test_a_task_cannot_wait_for_one_that_is_not_active(tmp_path: Path) -> None:
    waiting = f"{FULL}depends: [sales.a]\n"
    files = {
        "routes/erp/sales/a/task.yaml": f"status: draft\n{FULL}",
        "routes/erp/sales/b/task.yaml": waiting,
    }
    assert problems_of(write(tmp_path, files)) == [
        "routes/erp/sales/b/task.yaml:3: depends[0]: sales.a is not active"
    ]
