"""What is in a new project: of every type, by both doors, it is what Dagster and kada take."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest
import yaml

from kada_dagster import __version__
from kada_dagster.config import (
    FileMarkSettings,
    KadaConfig,
    LocalLandingSettings,
    load_config_file,
)
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster.doctor.components import load_component_file
from kada_dagster.errors import ConfigError
from kada_dagster.scaffold.project import NewProject, SourceKind
from kada_dagster.scaffold.writing import check_empty, write_files

ROOT = Path(__file__).parents[2]
KINDS: tuple[SourceKind, ...] = get_args(SourceKind)


@pytest.fixture
def importing(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a test imports of a project is forgotten afterwards."""
    before = set(sys.modules)
    yield monkeypatch
    for name in [name for name in sys.modules if name not in before and name.startswith("scaf_")]:
        del sys.modules[name]


def new(kind: SourceKind, *, components: bool = False) -> NewProject:
    return NewProject("scaf", f"scaf_{kind}_{components}".lower(), kind, "shop", components)


def config_of(project: NewProject, folder: Path) -> KadaConfig:
    file = folder / project.config
    return load_component_file(file) if project.components else load_config_file(file)


def test_there_is_a_template_for_every_type_of_source() -> None:
    assert set(KINDS) == set(SOURCE_TYPES)


@pytest.mark.parametrize("components", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_both_doors_give_every_type_the_same_source(
    kind: SourceKind, components: bool, tmp_path: Path
) -> None:
    project = new(kind, components=components)
    write_files(tmp_path, project.files())
    config = config_of(project, tmp_path)
    source = config.sources[0]
    assert (source.type, source.name) == (kind, "shop")
    assert [secret.variable for secret in source.secrets()] == project.variables
    assert Path(source.output_path).resolve() == tmp_path / "data" / "staging"
    landing, marks = source.landing, config.high_water_marks
    assert isinstance(landing, LocalLandingSettings)
    assert isinstance(marks, FileMarkSettings)
    assert landing.path.resolve() == tmp_path / "data/landing/shop"
    assert marks.path.resolve() == tmp_path / "data/marks"


def test_dagster_takes_what_is_in_it(tmp_path: Path, importing: pytest.MonkeyPatch) -> None:
    project = new("fivetran", components=True)
    write_files(tmp_path, project.files())
    importing.setattr(sys, "path", [str(tmp_path / "src"), *sys.path])
    definitions = importlib.import_module(f"{project.package}.definitions").defs()
    dg.Definitions.validate_loadable(definitions)
    assert "shop_job" in definitions.get_repository_def().job_names


def test_the_instance_is_that_of_this_project() -> None:
    text = new("postgres").files()["dagster.yaml"]
    assert yaml.safe_load(text) == yaml.safe_load((ROOT / "dagster.yaml").read_text())


def test_this_version_is_what_the_project_depends_on() -> None:
    from packaging.requirements import Requirement

    text = new("hevo").files()["pyproject.toml"]
    line = next(line for line in text.splitlines() if line.startswith("dependencies"))
    requirement = Requirement(line.partition('["')[2].rstrip('"]'))
    assert requirement.name == "kada_dagster"
    assert requirement.specifier.contains(__version__)
    assert not requirement.specifier.contains("9999")


def test_no_place_of_a_template_stays_empty() -> None:
    for kind in KINDS:
        for components in (False, True):
            for name, text in new(kind, components=components).files().items():
                assert "{{" not in text, name


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    check_empty(tmp_path / "new")
    (tmp_path / ".git").mkdir()
    check_empty(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds notes.txt; nothing was written"):
        check_empty(tmp_path)
    with pytest.raises(ConfigError, match="is a file"):
        check_empty(tmp_path / "notes.txt")


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kada.yaml").write_text("mine")
    with pytest.raises(ConfigError, match=r"kada.yaml: file exists"):
        write_files(tmp_path, {"kada.yaml": "theirs"})
    assert (tmp_path / "kada.yaml").read_text() == "mine"
