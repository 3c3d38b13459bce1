"""A source of kada.yaml that takes its connection from an unchanged file of the vendor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.config import load_config_file
from kada_dagster.config.problems import ConfigFileError
from kada_dagster.postgres.settings import PostgresSettings
from kada_dagster.secrets import Secret

PLANTED = "hunter2-planted-secret"
VENDOR: dict[str, Any] = {
    "host": "prod.example",
    "server": "10.0.0.5",
    "username": "kada",
    "password": PLANTED,
    "databases": ["dwh"],
    "port": 5433,
    "output_path": "extracts",
    "mask": True,
    "compress": True,
    "meta_only": True,
}


def load(folder: Path, vendor: dict[str, Any] | str, more: str = "") -> PostgresSettings:
    (folder / "in").mkdir(exist_ok=True)
    text = vendor if isinstance(vendor, str) else json.dumps(vendor, indent=1)
    (folder / "in" / "vendor.json").write_text(text)
    file = folder / "kada.yaml"
    file.write_text(
        "sources:\n  - type: postgres\n    name: shop\n    config_file: in/vendor.json\n"
        f"    window: {{start: 2024-01-01 00:00:00}}\n{more}"
    )
    (source,) = load_config_file(file).sources
    assert isinstance(source, PostgresSettings)
    return source


def errors(folder: Path, vendor: dict[str, Any] | str, more: str = "") -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        load(folder, vendor, more)
    assert PLANTED not in str(caught.value)
    return [str(p).replace(f"{folder}/", "") for p in caught.value.problems]


def test_all_documented_keys_are_taken_over(tmp_path: Path) -> None:
    source = load(tmp_path, VENDOR)
    for key in VENDOR.keys() - {"password", "output_path"}:
        assert getattr(source, key) == VENDOR[key]
    assert source.output_path == tmp_path / "in" / "extracts"


def test_the_password_stays_in_the_file_until_it_is_needed(tmp_path: Path) -> None:
    source = load(tmp_path, VENDOR)
    assert source.password == Secret(file=tmp_path / "in" / "vendor.json", key="password")
    assert source.password.reveal() == PLANTED
    (tmp_path / "in" / "vendor.json").write_text(json.dumps({**VENDOR, "password": "rotated"}))
    assert source.password.reveal() == "rotated"


def test_a_reference_in_the_vendor_file_is_one(tmp_path: Path) -> None:
    source = load(tmp_path, {**VENDOR, "password": "${SHOP_PASSWORD}"})
    assert source.password == Secret(variable="SHOP_PASSWORD")


@pytest.mark.parametrize("nothing", ["", None])
def test_keys_left_empty_as_in_the_vendors_template_count_as_absent(
    tmp_path: Path, nothing: str | None
) -> None:
    source = load(tmp_path, {**VENDOR, "host": nothing, "password": nothing})
    assert source.host == "10.0.0.5"
    assert source.password is None


def test_keys_of_kada_yaml_win(tmp_path: Path) -> None:
    more = "    password: ${OTHER}\n    port: 1\n    output_path: mine\n"
    source = load(tmp_path, VENDOR, more)
    assert source.password == Secret(variable="OTHER")
    assert source.port == 1
    assert source.output_path == tmp_path / "mine"
    assert source.server == "10.0.0.5"


def test_a_wrong_value_is_reported_where_it_stands(tmp_path: Path) -> None:
    found = errors(tmp_path, {**VENDOR, "port": "many"}, "    connections: 0\n")
    assert found == [
        "in/vendor.json:9: port: must be a whole number",
        "kada.yaml:6: sources[0].connections: must be greater than or equal to 1",
    ]


def test_an_unknown_key_names_the_nearest_one(tmp_path: Path) -> None:
    found = errors(tmp_path, {**VENDOR, "databses": [PLANTED]})
    assert found == ["in/vendor.json:14: databses: unknown key; did you mean 'databases'?"]


def test_keys_that_are_not_the_vendors_belong_into_kada_yaml(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, {**VENDOR, "landing": {}})
    assert "in/vendor.json:14: landing: unknown key" in found


def test_a_password_that_is_no_text_is_refused_unseen(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, {**VENDOR, "password": [PLANTED]})
    assert found == "in/vendor.json:5: password: must be text, in quotes"


def test_a_missing_file_is_reported_at_the_line_that_names_it(tmp_path: Path) -> None:
    more = "    config_file: gone.json\n"
    file = tmp_path / "kada.yaml"
    file.write_text(f"sources:\n  - type: postgres\n    name: shop\n{more}")
    with pytest.raises(ConfigFileError, match=r"kada\.yaml:4: sources\[0\]\.config_file: .*gone"):
        load_config_file(file)


def test_a_broken_file_is_reported_in_itself(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, '{"password": "' + PLANTED + '"\n"port": 1}')
    assert found.startswith("in/vendor.json:2: not JSON")


def test_what_neither_file_gives_is_missed_in_kada_yaml(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, {"server": "db"})
    assert found == "kada.yaml:2: sources[0].username: is required"
