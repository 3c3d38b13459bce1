"""Connections and tables as assets: what they look like, and that they load whatever is wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.build import account_definitions
from kada_dagster.fivetran.props import ConnectionProps, TableProps
from kada_dagster.fivetran.translator import FivetranTranslator
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.demo import LEGACY, SHOP
from kada_dagster_tests.fivetran.account_location import (
    VARIABLES,
    AccountLocation,
    account_location,
    tables,
)

SOURCE = {
    "type": "postgres",
    "name": "shop",
    "server": "s",
    "username": "u",
    "window": {"start": "2024-01-01 00:00:00"},
}
JOBS = {f"fivetran_{name}_job" for name in ("status", "start", "test", "resync", "snapshot")}


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def location(tmp_path: Path) -> Iterator[AccountLocation]:
    """The demo's account, with a snapshot."""
    with account_location(tmp_path) as location:
        location.refresh()
        yield location


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[AccountLocation]:
    """An account without connections."""
    with account_location(tmp_path, FivetranWorld()) as location:
        yield location


def specs(location: AccountLocation) -> dict[str, dg.AssetSpec]:
    """The asset specs by key, of a code location that loads."""
    definitions = location.definitions()
    dg.Definitions.validate_loadable(definitions)
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def upstream(spec: dg.AssetSpec) -> list[str]:
    return [dep.asset_key.to_user_string() for dep in spec.deps]


def test_a_connection_shows_where_it_reads_writes_and_is_found(location: AccountLocation) -> None:
    location.fields |= {
        "owners": ["team:data"],
        "tags": {"tier": "1"},
        "description": "Of the shop. ",
    }
    spec = specs(location)[f"fivetran/{SHOP}"]
    assert spec.group_name == "fivetran"
    assert spec.kinds == {"fivetran", "postgres"}
    assert list(spec.owners) == ["team:data"]
    assert spec.tags["tier"] == "1"
    assert spec.tags["fivetran/service"] == "postgres"
    assert spec.description
    assert spec.description.startswith("Of the shop. **shop**: PostgreSQL to snowflake")
    assert spec.metadata["fivetran/connection_id"] == SHOP
    assert spec.metadata["fivetran/database"] == "ANALYTICS"
    url = spec.metadata["fivetran/dashboard"]
    assert url == dg.MetadataValue.url(f"https://fivetran.com/dashboard/connections/{SHOP}/status")


def test_a_table_is_downstream_of_its_connection_and_named_as_in_the_destination(
    location: AccountLocation,
) -> None:
    spec = specs(location)["shop_public/orders"]
    assert upstream(spec) == [f"fivetran/{SHOP}"]
    assert spec.kinds == {"fivetran", "snowflake", "table"}
    assert spec.metadata["dagster/table_name"] == "ANALYTICS.shop_public.orders"
    assert spec.metadata["fivetran/source_table"] == "public.orders"
    assert spec.description
    assert "syncs the **whole connection**" in spec.description
    assert "`fivetran_resync_job`" in spec.description


def test_an_account_has_jobs_a_sensor_a_resource_and_a_check_for_each_connection(
    location: AccountLocation,
) -> None:
    repository = location.definitions().get_repository_def()
    assert set(repository.job_names) >= JOBS
    assert repository.has_sensor_def("fivetran_sync_sensor")
    assert "fivetran_fivetran" in repository.get_top_level_resources()
    keys = repository.asset_graph.asset_check_keys
    checks = {key.asset_key.to_user_string(): key.name for key in keys}
    ids = location.world.estate.connections
    assert checks == {f"fivetran/{number}": "last_sync" for number in ids}


def test_connections_that_cannot_sync_are_in_the_graph_and_say_so(empty: AccountLocation) -> None:
    empty.world.add_connection(id="broken", setup_state="broken", paused=True)
    empty.world.add_connection(id="incomplete", setup_state="incomplete", new=True)
    empty.refresh()
    said = {key: spec.description or "" for key, spec in specs(empty).items()}
    assert "was broken and paused when the snapshot was taken" in said["fivetran/broken"]
    assert "was incomplete when the snapshot" in said["fivetran/incomplete"]


def test_without_a_snapshot_the_account_loads_and_says_how_to_make_one(
    tmp_path: Path,
) -> None:
    with account_location(tmp_path) as location:
        assert specs(location) == {}
        repository = location.definitions().get_repository_def()
        assert set(repository.job_names) >= JOBS
        assert repository.has_sensor_def("fivetran_sync_sensor")
        said = repository.get_job("fivetran_snapshot_job").description
        assert said
        assert "there is no snapshot yet; launch this job, or run `kada fivetran snapshot`" in said
        assert location.server.requests == []


def test_a_broken_snapshot_takes_nothing_else_down_and_is_said(
    location: AccountLocation, caplog: pytest.LogCaptureFixture
) -> None:
    location.settings.snapshot.write_text('{"format": 1, "connections": 3}')
    location.others["sources"] = [SOURCE]
    with caplog.at_level(logging.WARNING, "kada_dagster"):
        assert set(specs(location)) == {
            f"shop/{name}" for name in ("extract", "upload", "high_water_mark")
        } - {"shop/upload"}
    assert "fivetran account fivetran has no assets" in caplog.text
    assert str(location.settings.snapshot) in caplog.text
    job = location.definitions().get_repository_def().get_job("fivetran_snapshot_job")
    assert job.description
    assert "this is no snapshot of a Fivetran account" in job.description


def test_tables_can_be_left_out(location: AccountLocation) -> None:
    location.fields["tables"] = False
    assert set(specs(location)) == {f"fivetran/{n}" for n in location.world.estate.connections}


def test_with_columns_a_table_shows_them_and_which_column_each_comes_from(
    location: AccountLocation,
) -> None:
    location.fields["columns"] = True
    location.refresh()
    found = specs(location)
    spec = found["salesforce/account"]
    source = dg.AssetKey(["fivetran", "crm_salesforce", "source", "salesforce", "account"])
    schema = spec.metadata["dagster/column_schema"]
    said = {column.name: column.description for column in schema.columns}
    assert said["is_active"] == "from Is Active"
    assert said["email"] == "from email, hashed"
    (key,) = [column for column in schema.columns if column.constraints.other]
    assert (key.name, key.constraints.nullable) == ("id", False)
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    assert lineage["is_active"] == [dg.TableColumnDep(source, "Is Active")]
    assert upstream(spec) == ["fivetran/crm_salesforce", source.to_user_string()]
    assert found[source.to_user_string()].kinds == {"salesforce", "table"}


def test_without_columns_source_tables_are_there_on_demand(location: AccountLocation) -> None:
    assert not [key for key in specs(location) if "/source/" in key]
    location.fields["source_tables"] = True
    found = specs(location)
    assert f"fivetran/{SHOP}/source/public/orders" in found
    assert "dagster/column_schema" not in found["shop_public/orders"].metadata


def test_names_dagster_has_no_identifier_for_load(empty: AccountLocation) -> None:
    empty.fields["source_tables"] = True
    names = ["a.b", "a_b", "order items", "größe", "a-b", "x/y", '"q"']
    empty.world.add_connection(id="c", schema="odd", layout=lambda: tables(odd=names))
    empty.world.add_connection(id="d-1", schema="d", layout=lambda: tables(**{"d": ["t u"]}))
    empty.refresh()
    found = {spec.key.path[-1] for spec in specs(empty).values()}
    assert found == {*names, "t u", "c", "d-1"}


@pytest.mark.parametrize("name", ["a.b", "order items", "größe", "a-b", "x/y", '"q"', "表"])
def test_each_of_them_loads_alone(empty: AccountLocation, name: str) -> None:
    empty.world.add_connection(id="c", schema="odd", layout=lambda: tables(odd=[name, "orders"]))
    empty.refresh()
    found = {spec.key.path[-1] for spec in specs(empty).values()}
    assert found == {name, "orders", "c"}


class Prefixed(FivetranTranslator):
    """Tables under another key, connections with another owner."""

    def get_connection_spec(self, props: ConnectionProps) -> dg.AssetSpec:
        return super().get_connection_spec(props).replace_attributes(owners=["team:ingest"])

    def get_table_spec(self, props: TableProps) -> dg.AssetSpec:
        spec = super().get_table_spec(props)
        return spec.replace_attributes(key=["raw", *spec.key.path])


def test_a_translator_decides_what_assets_look_like(location: AccountLocation) -> None:
    definitions = account_definitions(location.settings, translator=Prefixed())
    dg.Definitions.validate_loadable(definitions)
    found = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    assert list(found[f"fivetran/{SHOP}"].owners) == ["team:ingest"]
    assert upstream(found["raw/shop_public/orders"]) == [f"fivetran/{SHOP}"]


class Same(FivetranTranslator):
    def get_table_spec(self, props: TableProps) -> dg.AssetSpec:
        return super().get_table_spec(props).replace_attributes(key=["same"])


def test_a_translator_that_gives_one_key_twice_is_told(location: AccountLocation) -> None:
    with pytest.raises(ConfigError, match="assets have the key 'same'; let the translator"):
        account_definitions(location.settings, translator=Same())


def test_two_accounts_with_the_same_tables_live_in_one_location(
    location: AccountLocation, tmp_path: Path
) -> None:
    (tmp_path / "two.json").write_bytes(location.settings.snapshot.read_bytes())
    file = location.write()
    text = file.read_text()
    entry = text.partition("fivetran:\n")[2]
    again = entry.replace("name: fivetran", "name: second\n  snapshot: two.json")
    file.write_text(text + again)
    from kada_dagster.collector.build import build_definitions

    definitions = build_definitions(file)
    dg.Definitions.validate_loadable(definitions)
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert {"fivetran/Warehouse/shop_public/orders", "second/Warehouse/shop_public/orders"} <= keys


def test_a_job_or_collector_that_shall_follow_must_be_there(location: AccountLocation) -> None:
    location.others["sources"] = [SOURCE]
    location.fields["follow"] = [{"jobs": ["shop_job", "fivetran_test_job"]}, {"jobs": ["shp_job"]}]
    with pytest.raises(ConfigError) as caught:
        location.definitions()
    said = str(caught.value)
    assert "follow[1].jobs: there is no job 'shp_job'; did you mean 'shop_job'?" in said
    location.fields["follow"][1] = {"collectors": ["shop"], "assets": ["shop/extract"]}
    location.fields["on_failure"] = {"jobs": ["fivetran_status_job"]}
    dg.Definitions.validate_loadable(location.definitions())


def test_assets_of_a_project_may_follow_an_account_of_its_own(location: AccountLocation) -> None:
    @dg.asset
    def daily() -> None:
        """Follows."""

    location.fields["follow"] = [{"connections": [SHOP], "assets": ["daily"]}]
    own = account_definitions(location.settings)
    definitions = dg.Definitions.merge(own, dg.Definitions(assets=[daily]))
    dg.Definitions.validate_loadable(definitions)
    job = definitions.get_repository_def().get_job("fivetran_followers_job")
    assert job.asset_layer.selected_asset_keys == {dg.AssetKey("daily")}


def test_a_collector_must_be_given_with_its_source(location: AccountLocation) -> None:
    location.others["sources"] = [SOURCE]
    location.fields["follow"] = [{"collectors": ["shop"]}]
    with pytest.raises(ConfigError, match="no source 'shop' to follow a sync; list sources"):
        account_definitions(location.settings)


def test_loading_asks_nothing_of_fivetran(location: AccountLocation) -> None:
    location.server.forget()
    location.fields["columns"] = True
    assert len(specs(location)) > len(location.world.estate.connections)
    assert location.server.requests == []
    assert location.known(LEGACY).setup_state == "broken"
