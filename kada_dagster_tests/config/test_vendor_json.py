"""The vendor's JSON files load unchanged, and their errors name file, line and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.config.vendor_json import load_config, read_vendor_json
from kada_dagster.errors import ConfigError

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)
_objects = st.dictionaries(st.text(), _json, max_size=6)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "kada_postgres_extractor_config.json"


@given(data=_objects, ascii_only=st.booleans())
def test_any_object_is_handed_over_as_it_is(
    file: Path, data: dict[str, Any], ascii_only: bool
) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only)
    file.write_bytes(text.encode("utf-8", "replace"))
    assert load_config(file) == json.loads(file.read_bytes())


@given(data=_objects)
def test_each_key_is_found_on_its_line(file: Path, data: dict[str, Any]) -> None:
    lines = [f"{json.dumps(key)} \n : {json.dumps(value)}" for key, value in data.items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}")
    document = read_vendor_json(file)
    found = [document.where((key,)).rpartition(":")[2] for key in data]
    assert found == [str(2 + 2 * place) for place in range(len(data))]


def test_a_path_may_be_text(file: Path) -> None:
    file.write_text('{"host": ""}')
    assert load_config(str(file)) == {"host": ""}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n "a": 1\n "b": 2}', r":3: not JSON"),
        ("[1]", ":1: must hold a JSON object"),
        ("null", "must hold a JSON object"),
        ("", ":1: not JSON"),
        ('{"port": 1,\n\n "port": 2}', ":3: port: is there twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_file_is_an_error_with_its_line(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigFileError, match=message):
        load_config(file)


def test_a_broken_file_does_not_show_its_password(file: Path) -> None:
    file.write_text('{"password": "hunter2" "port": 1}')
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert "hunter2" not in str(caught.value)
