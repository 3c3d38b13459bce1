"""The main job on a real PostgreSQL server that wants a password, through Dagster."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap

from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.collector.location import (
    STEPS,
    Location,
    failure,
    metadata,
    range_tags,
    succeeded,
)

READER_PASSWORD = "pl4nted-Passw0rd&sig=ZmFrZQ%3D%3D"
JAN_1, JAN_2, JAN_3 = (f"2024-01-0{day} 00:00:00" for day in range(1, 4))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of its own: the shared one trusts this machine and asks for no password."""
    folder = tmp_path_factory.mktemp("postgres")
    with PostgresServer.start(folder / "data", password="of the superuser") as running:
        sample_database.create(running.connect, "shop", reader_password=READER_PASSWORD)
        yield running


@pytest.fixture
def shop(
    empty_location: Location, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Location:
    """A location with one source, `shop`, whose password is in the environment."""
    monkeypatch.setenv("SHOP_PASSWORD", READER_PASSWORD)
    location = empty_location
    location.add(
        "shop",
        type="postgres",
        server="127.0.0.1",
        port=server.port,
        username=sample_database.READER,
        password="${SHOP_PASSWORD}",
        databases=["shop"],
        meta_only=True,
    )
    del location.sources[0]["folder"]
    return location


def test_the_tables_the_reader_sees_arrive_in_the_landing(
    shop: Location, server: PostgresServer
) -> None:
    result = shop.run(JAN_1, JAN_2, name="shop")
    assert succeeded(result, "shop") == list(STEPS), failure(result)
    (meta,) = (shop.folder / "shop_landing").glob("META_*.csv")
    with meta.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    found = {row["NAME"] for row in rows if row["TOOL_OBJECT_TYPE"] == "TABLE"}
    with closing(server.connect("shop")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_catalog.pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = {name for (name,) in cursor.fetchall()}
    connection.close()
    assert found
    assert found <= tables
    facts = metadata(result, "extract", "shop")[-1]
    assert facts["rows/META"] == len(rows)
    assert facts["objects/COLUMN"] == sum(row["OBJECT_TYPE"] == "COLUMN" for row in rows)
    assert shop.mark("shop") == JAN_3


def test_a_wrong_password_fails_at_once_and_is_not_shown(
    shop: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-" + READER_PASSWORD)
    result = shop.run(JAN_1, name="shop")
    assert succeeded(result, "shop") == []
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert sample_database.READER in failure(result)
    assert READER_PASSWORD not in failure(result)


def test_a_server_that_does_not_answer_is_tried_again(shop: Location) -> None:
    shop.sources[0]["port"] = 1
    result = shop.run(JAN_1, name="shop")
    assert len(result.filter_events(lambda event: event.is_step_up_for_retry)) == 2
    assert "127.0.0.1" in failure(result)


def test_a_vendor_file_is_used_unchanged_and_its_password_stays_in_it(
    shop: Location, server: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    vendor = {
        "host": "shop.example.com",
        "server": "127.0.0.1",
        "username": sample_database.READER,
        "password": READER_PASSWORD,
        "databases": ["shop"],
        "port": server.port,
        "output_path": "output",
        "mask": True,
        "compress": False,
        "meta_only": True,
    }
    (shop.folder / "vendor").mkdir()
    file = shop.folder / "vendor" / "kada_postgres_extractor_config.json"
    file.write_text(json.dumps(vendor))
    shop.sources = [
        {
            "type": "postgres",
            "name": "shop",
            "config_file": "vendor/kada_postgres_extractor_config.json",
            "window": {"start": JAN_1},
            "landing": {"type": "local", "path": "shop_landing"},
        }
    ]
    result = shop.run(JAN_1, name="shop")
    assert succeeded(result, "shop") == list(STEPS), failure(result)
    assert _places_of(READER_PASSWORD, shop, capfd) == [str(file)]


def test_the_password_is_in_no_file_log_event_or_definition(
    shop: Location,
    dagster_home: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shop.run(JAN_1, name="shop").success
    shop.sources[0]["port"] = 1
    assert not shop.run(JAN_2, name="shop").success
    shop.sources[0]["username"] = "nobody"
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-" + READER_PASSWORD)
    assert not shop.run(JAN_2, name="shop").success
    assert (dagster_home / "history").is_dir()  # what is searched is there
    assert _places_of(READER_PASSWORD, shop, capfd) == []


def test_a_resource_does_not_show_its_password() -> None:
    from kada_dagster.postgres.resource import PostgresResource

    resource = PostgresResource(server="h", username="u", password=READER_PASSWORD)
    assert READER_PASSWORD not in repr(resource) + str(resource)


def test_a_resource_of_one_s_own_takes_the_place_of_the_configured_one(
    shop: Location, server: PostgresServer
) -> None:
    from kada_dagster.collector.build import build_definitions
    from kada_dagster.postgres.resource import PostgresResource

    shop.sources[0] |= {"server": "nowhere.invalid", "password": "${NOT_SET_ANYWHERE}"}
    shop.definitions()
    own = PostgresResource(
        server="127.0.0.1",
        port=server.port,
        username=sample_database.READER,
        password=dg.EnvVar("SHOP_PASSWORD"),
    )
    definitions = build_definitions(shop.folder / "kada.yaml", resources={"shop_source": own})
    result = definitions.resolve_job_def("shop_job").execute_in_process(
        instance=shop.instance, tags=range_tags(JAN_1, JAN_2), raise_on_error=False
    )
    assert result.success, failure(result)


def _places_of(secret: str, location: Location, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Where a secret can be read: files, what was printed, what Dagster's web server is told."""
    needles = [secret.encode(), json.dumps(secret).encode()]
    home = Path(location.instance.root_directory)
    files = [p for root in (home, location.folder) for p in root.rglob("*") if p.is_file()]
    places = [str(p) for p in files if any(needle in p.read_bytes() for needle in needles)]
    captured = capfd.readouterr()
    if secret in captured.out + captured.err:
        places.append("printed")
    told = dg.serialize_value(RepositorySnap.from_def(location.definitions().get_repository_def()))
    if secret in told:
        places.append("repository")
    runs = location.instance.get_runs()
    texts = [repr(run) for run in runs]
    texts += [repr(event) for run in runs for event in location.instance.all_logs(run.run_id)]
    return places + ["run or event"] * any(secret in text for text in texts)
