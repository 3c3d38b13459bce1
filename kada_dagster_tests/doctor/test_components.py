"""A component's defs.yaml is read as the part of kada.yaml it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.doctor.components import load_component_file
from kada_dagster.errors import ConfigError


def test_every_component_of_this_package_is_known(tmp_path: Path) -> None:
    file = tmp_path / "defs.yaml"
    for name, part, text in (
        (
            "HevoCollector",
            "sources",
            "{name: a, region: eu, api_key: '${K}', api_secret: '${S}', "
            "window: {start: '2026-01-01 00:00:00'}}",
        ),
        (
            "components.FivetranAccount",
            "fivetran",
            "{name: a, api_key: '${K}', api_secret: '${S}'}",
        ),
        ("LoaderProject", "loader", "{name: a, project: load}"),
    ):
        file.write_text(f"type: kada_dagster.{name}\nattributes: {text}\n")
        config = load_component_file(file)
        assert [one.name for one in getattr(config, part)] == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type: dagster.TemplatedSqlComponent", "defs.yaml:1: type: must be a component of kada"),
        ("type: kada_dagster.Nothing", "defs.yaml:1: type: must be a component of kada"),
        ("attributes: {}", "defs.yaml:1: type: must be a component of kada"),
        (
            "type: kada_dagster.HevoCollector\nattributes:\n  name: a\n  regoin: eu\n",
            r"defs.yaml:4: sources\[0\].regoin: unknown key; did you mean 'region'",
        ),
        (
            "type: kada_dagster.LoaderProject\nattributes:\n  name: a\n",
            r"defs.yaml:2: loader\[0\].project: is required",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "defs.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_component_file(file)
