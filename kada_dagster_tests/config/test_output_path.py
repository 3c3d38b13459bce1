"""`output_path`: a folder that counts from its file, or a URL that is taken as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kada_dagster.config import load_config_file, source_settings
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.extracts.staging import Staging
from kada_dagster.postgres.settings import PostgresSettings

SOURCE = """sources:
  - type: postgres
    name: shop
    server: db.example
    username: kada
    window: {start: 2024-01-01 00:00:00}
"""
URL = "s3://bucket/lz/staging"


def output_path(folder: Path, written: str) -> Path | str:
    """What a kada.yaml with this output_path gives its source."""
    (folder / "kada.yaml").write_text(f"{SOURCE}    output_path: {written}\n")
    (source,) = load_config_file(folder / "kada.yaml").sources
    return source.output_path


def test_a_folder_counts_from_the_file_and_a_url_is_taken_as_it_is(tmp_path: Path) -> None:
    assert output_path(tmp_path, "out") == tmp_path / "out"
    assert output_path(tmp_path, "/var/out") == Path("/var/out")
    assert output_path(tmp_path, URL) == URL
    assert output_path(tmp_path, f"{URL}/") == URL


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("output_path", "~nobody_at_all/out"),
        ("config_file", "~nobody_at_all/shop.json"),
        ("landing", '{type: local, path: "~nobody_at_all/lz"}'),
    ],
)
def test_a_home_folder_that_nobody_has_is_named_with_its_field(
    tmp_path: Path, field: str, written: str
) -> None:
    (tmp_path / "kada.yaml").write_text(f"{SOURCE}    {field}: {written}\n")
    with pytest.raises(ConfigError, match="~nobody_at_all is no home folder here") as caught:
        load_config_file(tmp_path / "kada.yaml")
    assert f"kada.yaml:7: sources[0].{field}" in str(caught.value)


def test_the_extractor_writes_to_the_place(tmp_path: Path) -> None:
    for written, staging in (
        (URL, SharedStaging(URL, "shop")),
        ("out", Staging(tmp_path / "out", "shop")),
        ("file:///var/out", Staging(Path("/var/out"), "shop")),
    ):
        output_path(tmp_path, written)
        (source,) = load_config_file(tmp_path / "kada.yaml").sources
        assert source.extractor().staging == staging


@pytest.mark.parametrize("written", [URL, "extracts"])
def test_the_vendors_file_may_say_either(tmp_path: Path, written: str) -> None:
    (tmp_path / "in").mkdir()
    vendor = {"server": "db.example", "username": "kada", "output_path": written}
    (tmp_path / "in" / "config.json").write_text(json.dumps(vendor))
    window = {"start": "2024-01-01 00:00:00"}
    fields = {
        "type": "postgres", "name": "shop", "config_file": "in/config.json", "window": window,
    }  # fmt: skip
    source = source_settings(fields, tmp_path / "kada.yaml")
    expected = URL if written == URL else tmp_path / "in" / "extracts"
    assert source.output_path == expected


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("s3://key:PLANTED@bucket/x", "without password"),
        ("'az://c/x?sig=PLANTED'", "without password"),
        ("${PLANTED}://x", "stands for an environment variable"),
        ("[a, PLANTED]", "must be a folder, or a URL"),
        ("7", "must be a folder, or a URL"),
    ],
)
def test_anything_else_is_refused_with_its_line_and_not_repeated(
    tmp_path: Path, written: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"kada.yaml:7: .*output_path: .*{message}") as caught:
        output_path(tmp_path, written)
    assert "PLANTED" not in str(caught.value)


def test_the_schema_of_the_field_is_text() -> None:
    schema = PostgresSettings.model_json_schema()["properties"]["output_path"]
    assert schema["type"] == "string"
    assert schema["default"] == "output"


def test_settings_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    for written in (URL, "/var/out"):
        output_path(tmp_path, written)
        (source,) = load_config_file(tmp_path / "kada.yaml").sources
        assert json.loads(source.model_dump_json())["output_path"] == written
