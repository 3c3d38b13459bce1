"""From kada.yaml to definitions: keys stay apart, and only files are read."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml

from kada_dagster.collector.build import build_definitions
from kada_dagster.errors import ConfigError
from kada_dagster_tests.loader.folders import write

TASK = "mode: full\nsource: {table: orders}\n"


def config(folder: Path, *loaders: dict[str, object], **more: object) -> Path:
    """A kada.yaml with loaders, and a project of one task for each."""
    for loader in loaders:
        write(folder / str(loader["project"]), {"routes/erp/shop/orders/task.yaml": TASK})
    file = folder / "kada.yaml"
    file.write_text(yaml.safe_dump({"loader": [*loaders], **more}))
    return file


def test_two_loaders_stand_beside_each_other_under_prefixes(tmp_path: Path) -> None:
    one: dict[str, object] = {"name": "a", "project": "a", "key_prefix": ["a"]}
    other: dict[str, object] = {"name": "b", "project": "b"}
    definitions = build_definitions(config(tmp_path, one, other))
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert keys == {"a/shop/orders", "shop/orders"}
    assert sorted(definitions.resources or {}) == ["a_loader", "b_loader"]


def test_a_key_that_is_there_already_is_an_error_with_both_places(tmp_path: Path) -> None:
    loaders: list[dict[str, object]] = [{"name": n, "project": n} for n in ("a", "b")]
    with pytest.raises(ConfigError) as caught:
        build_definitions(config(tmp_path, *loaders))
    assert str(caught.value) == (
        f"loader b: {tmp_path}/b/routes/erp/shop/orders/task.yaml: its asset key shop/orders is "
        "that of shop.orders of loader a; give the loader a key_prefix"
    )


def test_a_key_of_a_source_is_not_taken_again(tmp_path: Path) -> None:
    window = {"start": "2024-01-01 00:00:00"}
    source = {"type": "postgres", "name": "shop", "server": "s", "username": "u", "window": window}
    file = config(tmp_path, {"name": "a", "project": "a"}, sources=[source])
    write(tmp_path / "a", {"routes/erp/shop/extract/task.yaml": TASK})
    with pytest.raises(ConfigError, match="asset key shop/extract is that of another asset"):
        build_definitions(file)


def test_a_resource_nobody_uses_is_an_error_that_names_the_keys(tmp_path: Path) -> None:
    file = config(tmp_path, {"name": "a", "project": "a"})
    with pytest.raises(ConfigError, match=r"no asset uses 'loader'; the keys are a_loader"):
        build_definitions(file, resources={"loader": dg.ResourceDefinition.none_resource()})


def test_a_project_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "kada.yaml"
    file.write_text("loader: [{name: a, project: nowhere}]")
    with pytest.raises(ConfigError, match="nowhere: is no loader project"):
        build_definitions(file)


def test_without_tasks_that_run_by_themselves_there_is_no_sensor(tmp_path: Path) -> None:
    file = config(tmp_path, {"name": "a", "project": "a"})
    assert list(build_definitions(file).sensors or []) == []
