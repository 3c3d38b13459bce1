"""Task folders on disk: written once, compared afterwards, never half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kada_dagster.loader.generate.request import Request
from kada_dagster.loader.generate.task_files import TaskFiles, task_files
from kada_dagster.loader.generate.writing import Written, write_route, write_task
from kada_dagster.loader.source.base import Column, TableInfo

TABLE = TableInfo(("shop", "orders"), (Column("id", "int", "integer"),), ("id",))


@pytest.fixture
def route(tmp_path: Path) -> Path:
    folder = tmp_path / "routes" / "erp"
    folder.mkdir(parents=True)
    return folder


def made(mode: str = "full", *, ddl: bool = False) -> TaskFiles:
    return task_files(TABLE, Request("erp", "shop", "*", "dwh", mode, has_ddl_files=ddl))  # type: ignore[arg-type]


def written(
    route: Path, files: TaskFiles, *, overwrite: bool = False, dry: bool = False
) -> Written:
    return write_task(route, files, overwrite=overwrite, dry_run=dry)


def test_a_new_task_is_all_there(route: Path) -> None:
    assert written(route, made(ddl=True)) == Written("dwh.orders", "new")
    folder = route / "dwh" / "orders"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == {
        "task.yaml",
        "ver",
        "ver/001_create.sql",
    }


def test_the_same_again_is_unchanged_and_not_written(route: Path) -> None:
    written(route, made(ddl=True))
    before = {path: path.stat().st_mtime_ns for path in route.rglob("*.*")}
    assert written(route, made(ddl=True), overwrite=True).status == "unchanged"
    assert {path: path.stat().st_mtime_ns for path in route.rglob("*.*")} == before


def test_keys_that_differ_are_named_whoever_has_them(route: Path) -> None:
    written(route, made())
    file = route / "dwh/orders/task.yaml"
    file.write_text(file.read_text().replace("key: [id]", "owners: [team:a]"))
    assert written(route, made()) == Written("dwh.orders", "differs", "key, owners")


def test_only_task_yaml_is_overwritten(route: Path) -> None:
    written(route, made(ddl=True))
    folder = route / "dwh/orders"
    (folder / "ver/001_create.sql").write_text("-- ours")
    found = written(route, made("upsert", ddl=True), overwrite=True)
    assert found == Written("dwh.orders", "overwritten", "mode, ver/001_create.sql")
    assert "mode: upsert" in (folder / "task.yaml").read_text()
    assert (folder / "ver/001_create.sql").read_text() == "-- ours"


def test_version_files_that_are_there_before_the_task_stay(route: Path) -> None:
    file = route / "dwh/orders/ver/001_create.sql"
    file.parent.mkdir(parents=True)
    file.write_text("-- ours")
    assert written(route, made(ddl=True)).status == "new"
    assert file.read_text() == "-- ours"


def test_a_version_file_that_is_missing_is_named(route: Path) -> None:
    written(route, made(ddl=True))
    (route / "dwh/orders/ver/001_create.sql").unlink()
    found = written(route, made(ddl=True))
    assert found == Written("dwh.orders", "differs", "ver/001_create.sql is not there")


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_dry_run_only_compares(route: Path, overwrite: bool) -> None:
    assert written(route, made(), dry=True).status == "new"
    assert list(route.iterdir()) == []
    written(route, made())
    before = (route / "dwh/orders/task.yaml").read_text()
    found = written(route, made("upsert"), overwrite=overwrite, dry=True)
    assert found.status == ("overwritten" if overwrite else "differs")
    assert (route / "dwh/orders/task.yaml").read_text() == before


def test_a_task_of_another_route_is_not_written_twice(route: Path) -> None:
    written(route, made())
    other = route.parent / "other"
    other.mkdir()
    found = written(other, made())
    assert found == Written("dwh.orders", "skipped", "route erp fills it already")
    assert list(other.iterdir()) == []


def test_a_route_is_written_once(route: Path) -> None:
    assert write_route(route, "source: a\n", dry_run=True)
    assert not (route / "route.yaml").exists()
    assert write_route(route, "source: a\n", dry_run=False)
    assert not write_route(route, "source: b\n", dry_run=False)
    assert (route / "route.yaml").read_text() == "source: a\n"


def test_a_write_that_fails_leaves_nothing_behind(
    route: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no space"):
        written(route, made())
    assert [path for path in route.rglob("*") if path.is_file()] == []
