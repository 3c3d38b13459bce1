"""What a configuration becomes: one group, job and schedule for each source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.checks import CHECK_NAMES
from kada_dagster_tests.collector.location import Location


def specs(location: Location) -> dict[str, dg.AssetSpec]:
    """The asset specs by key."""
    found = location.definitions().resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in found}


def test_each_source_is_one_group_of_three_assets_in_a_row(location: Location) -> None:
    location.add("wiki")
    found = specs(location)
    assert {key: spec.group_name for key, spec in found.items()} == {
        f"{name}/{asset}": name
        for name in ("docs", "wiki")
        for asset in ("extract", "upload", "high_water_mark")
    }
    edges = {key: [dep.asset_key.to_user_string() for dep in s.deps] for key, s in found.items()}
    assert edges["docs/upload"] == ["docs/extract"]
    assert edges["docs/high_water_mark"] == ["docs/upload"]


def test_the_assets_of_a_source_share_windows_policy_and_pool(location: Location) -> None:
    assets = list(location.definitions().resolve_asset_graph().assets_defs)
    mine = [asset for asset in assets if asset.keys]
    assert len({id(asset.partitions_def) for asset in mine}) == 1
    assert {asset.backfill_policy for asset in mine} == {dg.BackfillPolicy.single_run()}
    assert {asset.op.pool for asset in assets} == {"kada_docs"}


def test_a_job_and_a_schedule_for_each_source(location: Location) -> None:
    location.add("wiki")
    repository = location.definitions().get_repository_def()
    assert {"docs_job", "wiki_job"} <= set(repository.job_names)
    assert {s.name for s in repository.schedule_defs} == {"docs_schedule", "wiki_schedule"}


def test_a_job_has_the_resources_of_its_own_source_only(location: Location) -> None:
    location.add("wiki")
    definitions = location.definitions()
    own = {f"wiki_{kind}" for kind in ("source", "landing", "marks")}
    job = definitions.resolve_job_def("wiki_job")
    assert set(job.resource_defs) - {"io_manager"} == own
    whole = set(definitions.resources or {})
    assert own < whole  # those of ticks and of the page of resources
    assert "docs_marks" in whole


def test_every_check_blocks(location: Location) -> None:
    (checks,) = location.definitions().asset_checks or []
    found = {spec.name: spec.blocking for spec in checks.check_specs}
    assert found == dict.fromkeys(CHECK_NAMES, True)


def test_owners_tags_and_description_reach_the_assets(empty_location: Location) -> None:
    empty_location.add(
        owners=["team:data", "a@example.com"], tags={"tier": "1"}, description="The shop's."
    )
    spec = specs(empty_location)["docs/extract"]
    assert list(spec.owners) == ["team:data", "a@example.com"]
    assert spec.tags["tier"] == "1"
    assert spec.description == "The shop's."


def test_names_that_look_like_other_sources_resources_do_not_clash(
    empty_location: Location,
) -> None:
    for name in ("a", "a_source", "a_landing", "a_marks", "a_job"):
        empty_location.add(name)
    dg.Definitions.validate_loadable(empty_location.definitions())


def test_a_resource_no_asset_uses_is_an_error_that_names_the_keys(location: Location) -> None:
    from kada_dagster.collector.build import build_definitions

    location.definitions()
    with pytest.raises(ConfigError, match="'postgres'; the keys are docs_landing, docs_marks"):
        build_definitions(location.folder / "kada.yaml", resources={"postgres": object()})


def test_an_error_in_the_configuration_names_file_and_field(location: Location) -> None:
    location.sources[0]["landing"] = {"type": "local", "pathh": "x"}
    with pytest.raises(ConfigError, match=r"kada\.yaml:.*landing\.pathh"):
        location.definitions()


@pytest.mark.parametrize("field", [{"owners": ["data team"]}, {"tags": {"cost centre": "7"}}])
def test_what_dagster_refuses_names_the_source(
    empty_location: Location, field: dict[str, Any]
) -> None:
    empty_location.add("docs")
    empty_location.add("wiki", **field)
    with pytest.raises(ConfigError, match=r"source wiki: Dagster refuses it: .*(team|centre)"):
        empty_location.definitions()


def test_paths_in_the_configuration_count_from_its_file(
    location: Location, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert location.run("2024-01-01 00:00:00").success
    assert list(elsewhere.iterdir()) == []
    assert Path(location.folder, "output", "docs").is_dir()
