"""dapu wrote names without quotes, so PostgreSQL folded them; here names are what they are."""

from __future__ import annotations

from pathlib import Path

from kada_dagster_tests.loader.dapu.projects import PROFILES, translated


def test_names_of_tables_columns_and_tasks_become_lower_case(tmp_path: Path) -> None:
    made = translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "routes/ERP/route.yaml": "alias: erp\n",
            "routes/ERP/DWH/Customer/haulwork.yaml": "actions: [{do: export, file: Q.sql, "
            "cols: [ID, At], pkcols: [ID], changedetection: TS, ts_col: AT}]\n",
            "routes/ERP/DWH/Customer/Q.sql": "SELECT No, At FROM Customer",
            "routes/ERP/DWH/Customer/ver/001.sql": "CREATE TABLE {{target_schema}}.x (id int)",
            "routes/ERP/DWH/Line/haulwork.yaml": "depends: [ERP.dwh.CUSTOMER]\n"
            "actions: [{do: history, imp: DWH.customer, key_columns: [ID], data_columns: [At]}]\n",
        },
    )
    assert made.said.active == ("dwh.customer", "dwh.line")
    customer = made.task("dwh.customer").definition
    assert (customer.key, customer.cursor) == (["id"], "at")
    assert customer.columns == {"id": "No", "at": "At"}
    assert made.text("routes/erp/dwh/customer/ver/001.sql") == "CREATE TABLE dwh.x (id int)"
    line = made.task("dwh.line").definition
    assert (line.key, line.history.track) == (["id"], ["at"])
    assert made.project.waits_for["dwh.line"] == ("dwh.customer",)


def test_a_task_to_delete_is_found_however_it_is_spelled(tmp_path: Path) -> None:
    made = translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "routes/erp/route.yaml": "alias: erp\n",
            "routes/tasks_to_delete.txt": "ERP.dwh.Gone\n\n",
            "routes/erp/dwh/gone/haulwork.yaml": "actions: [{do: stream, file: q.sql}]\n",
        },
    )
    assert made.said.active == made.said.drafts == ()
