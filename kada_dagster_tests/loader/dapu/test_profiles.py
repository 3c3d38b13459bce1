"""Connection profiles of dapu's drivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kada_dagster_tests.loader.dapu.projects import PROFILES, Translated, translated


def made(folder: Path, profile: str) -> Translated:
    target = PROFILES.splitlines(keepends=True)[0]
    return translated(folder, {"conf/sql.yaml": target + profile, "routes/x/route.yaml": "{}"})


def profile(folder: Path, text: str) -> dict[str, Any]:
    return made(folder, f"src: {text}\n").data("connections.yaml")["src"]


LOGIN = 'username: u@x, password: "%P%"'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            f"{{driver: maria, host: h, database: d, {LOGIN}}}",
            {
                "type": "mariadb",
                "host": "h",
                "database": "d",
                "username": "u@x",
                "password": "${P}",
            },
        ),
        (
            f"{{driver: mssql, host: h, port: 1433, database: a b, {LOGIN}}}",
            {"type": "sqlalchemy", "url": "mssql+pymssql://u%40x:${P}@h:1433/a+b"},
        ),
        (
            f"{{driver: oracle, host: h, database: svc, mode: thick, {LOGIN}}}",
            {"type": "sqlalchemy", "url": "oracle+oracledb://u%40x:${P}@h/?service_name=svc"},
        ),
        (
            "{driver: odbc, conn_string: 'Driver={X};UID=u;PWD=%P%;Server=h'}",
            {"type": "odbc", "connection_string": "Driver={X};UID=u;PWD=${P};Server=h"},
        ),
        (
            f"{{driver: asa, host: h, port: 2638, engine: e, database: d, {LOGIN}}}",
            {
                "type": "odbc",
                "connection_string": "Driver={SQL Anywhere 17};Host=h:2638;ServerName=e;"
                "DatabaseName=d;UID=u@x;PWD=${P}",
            },
        ),
        (
            "{driver: pg, host: h, database: d, extras: {sslmode: require, keepalives_idle: 9}}",
            {
                "type": "postgres",
                "host": "h",
                "database": "d",
                "ssl_mode": "require",
                "options": {"keepalives_idle": "9"},
            },
        ),
    ],
)
def test_each_driver_has_its_kind_of_source(tmp_path: Path, old: str, new: dict[str, Any]) -> None:
    assert profile(tmp_path, old) == new


@pytest.mark.parametrize(
    "old",
    [
        "{driver: pg, host: h, database: d, username: u, password: hunter2}",
        "{driver: mssql, host: h, database: d, username: u, password: hunter2}",
        "{driver: asa, host: h, database: d, username: u, password: hunter2}",
        "{driver: odbc, conn_string: 'Driver={X};UID=u;Pwd={hunter2;}}x};Server=h'}",
        "{driver: odbc, conn_string: 'Driver={X};UID=u;AccessToken=hunter2;Server=h'}",
        "{driver: odbc, conn_string: 'Driver={X};PWD=%P%;Password = hunter2'}",
        "{driver: pg, host: h, database: d, extra: {passfile: hunter2}}",
        "{driver: pg, host: h, database: d, extra: {dsn: 'host=h password=hunter2'}}",
    ],
)
def test_a_secret_in_clear_is_copied_nowhere(tmp_path: Path, old: str) -> None:
    found = made(tmp_path, f"src: {old}\n")
    assert "hunter2" not in found.text("connections.yaml")
    assert not any("hunter2" in str(note) for note in found.said.notes)
    assert found.notes("set")[0][1].startswith(
        ("SRC_PASSWORD:", "SRC_PASSFILE:", "SRC_ACCESSTOKEN:", "SRC_DSN:")
    )


def test_a_driver_nobody_has_here_leaves_the_profile_out(tmp_path: Path) -> None:
    found = made(tmp_path, "src: {driver: own, host: h}\n")
    assert "src" not in found.data("connections.yaml")
    assert ("src.driver", "own: there is no such kind of source here") in found.notes("lost")


def test_a_folder_counts_from_the_old_project(tmp_path: Path) -> None:
    found = made(tmp_path, "src: {path: sheets}\n").data("connections.yaml")["src"]
    assert found == {"type": "folder", "path": str(tmp_path / "old" / "sheets")}


def test_a_profile_that_is_not_right_goes_and_its_tasks_need_a_hand(tmp_path: Path) -> None:
    target = PROFILES.splitlines(keepends=True)[0]
    found = translated(
        tmp_path,
        {
            "conf/sql.yaml": f"{target}src: {{driver: pg, host: h, database: d, "
            "extra: {connect_timeout: 100000}}\n",
            "routes/x/route.yaml": "alias: src\n",
            "routes/x/dwh/t/haulwork.yaml": "actions: [{do: stream, file: q.sql}]\n",
            "routes/x/dwh/t/q.sql": "SELECT 1 AS id",
        },
    )
    assert "src" not in found.data("connections.yaml")
    assert found.data("routes/x/route.yaml") == {}
    assert ("connect_timeout", "must be less than or equal to 86400") in found.notes("lost")
    assert found.said.drafts == ("x.dwh.t",)


def test_a_target_that_is_not_right_is_left_to_variables(tmp_path: Path) -> None:
    target = "target: {driver: pg, host: h, database: d, extra: {connect_timeout: 100000}}\n"
    found = translated(tmp_path, {"conf/sql.yaml": target, "routes/x/route.yaml": "alias: target"})
    assert found.data("connections.yaml")["target"]["host"] == "${DAPU_TARGET_HOST}"
    assert found.data("routes/x/route.yaml") == {"source": "target"}
