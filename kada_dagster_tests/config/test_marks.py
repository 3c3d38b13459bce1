"""Where marks are kept, as kada.yaml says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config import SourceSettings, load_config_file
from kada_dagster.config.marks import HighWaterMarkSettings
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.object_store import ObjectMarkStore
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.table_store import TableMarkStore

LANDINGS = {
    "none": "",
    "local": "{type: local, path: lz/shop/landing}",
    "s3": "{type: s3, bucket: lake, path: lz/shop/landing, region: eu-west-1}",
    "azure": "{type: azure, storage_account: kada, container: lake, path: lz/shop/landing}",
}
POSTGRES = "{type: postgres, server: db, database: kada, username: u, password: '${P}'}"


def settings_of(folder: Path, marks: str, landing: str = "none") -> HighWaterMarkSettings:
    """What a file with these marks says."""
    return _config(folder, marks, landing)[0]


def store_of(folder: Path, marks: str, landing: str = "none") -> MarkStore:
    """The store of the only source's mark."""
    settings, source = _config(folder, marks, landing)
    return settings.store(source)


def _config(folder: Path, marks: str, landing: str) -> tuple[HighWaterMarkSettings, SourceSettings]:
    text = f"""
high_water_marks: {marks}
sources:
  - type: postgres
    name: shop
    server: s
    username: u
    window: {{start: 2024-01-01 00:00:00}}
    landing: {LANDINGS[landing]}
"""
    (folder / "kada.yaml").write_text(text)
    config = load_config_file(folder / "kada.yaml")
    return config.high_water_marks, config.sources[0]


@pytest.mark.parametrize("marks", ["{path: m}", "{type: file, path: m}"])
def test_without_a_type_marks_are_files(tmp_path: Path, marks: str) -> None:
    store = store_of(tmp_path, marks)
    assert isinstance(store, FileMarkStore)
    assert store.folder == tmp_path / "m"


def test_marks_in_a_table_need_no_server_to_be_described(tmp_path: Path) -> None:
    store = store_of(tmp_path, POSTGRES)
    assert isinstance(store, TableMarkStore)
    assert store.describe("shop") == "db:5432/kada, table kada.high_water_mark, row shop"


@pytest.mark.parametrize(
    ("landing", "kind", "place"),
    [
        ("local", FileMarkStore, "/lz/shop/hwm/shop_hwm.txt"),
        ("s3", ObjectMarkStore, "s3://lake/lz/shop/hwm/shop_hwm.txt"),
        ("azure", ObjectMarkStore, "/lake/lz/shop/hwm/shop_hwm.txt"),
    ],
)
def test_marks_beside_a_landing_are_kept_as_the_landing_is(
    tmp_path: Path, landing: str, kind: type[object], place: str
) -> None:
    store = store_of(tmp_path, "{type: landing}", landing)
    assert isinstance(store, kind)
    assert store.describe("shop").endswith(place)


def test_without_a_landing_nothing_can_be_beside_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="source 'shop' has no landing"):
        store_of(tmp_path, "{type: landing}")


@pytest.mark.parametrize(
    "server", ["postgresql://u:hunter2@db", "u:hunter2@db", "host=db x=hunter2"]
)
def test_a_server_that_may_hold_a_password_is_refused_and_not_repeated(
    tmp_path: Path, server: str
) -> None:
    with pytest.raises(ConfigError, match="not a URL") as caught:
        settings_of(tmp_path, POSTGRES.replace("db", f"'{server}'"))
    assert "high_water_marks" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_password_is_only_referred_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="put it in an environment variable") as caught:
        settings_of(tmp_path, POSTGRES.replace("${P}", "hunter2"))
    assert "hunter2" not in str(caught.value)
    assert settings_of(tmp_path, POSTGRES).model_dump(mode="json")["password"] == "${P}"
