"""`kada doctor` on a sound set-up: everything is fine, nothing is changed, nothing is left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster.sandbox.web import Fault
from kada_dagster_tests.cli.doctor_breaks import BREAKS
from kada_dagster_tests.cli.doctor_breaks_here import BREAKS as BREAKS_HERE
from kada_dagster_tests.cli.doctor_breaks_stores import BREAKS as BREAKS_STORES
from kada_dagster_tests.cli.doctor_questions import questionable
from kada_dagster_tests.cli.doctor_site import Servers, Site, served
from kada_dagster_tests.cli.doctor_sound import sound
from kada_dagster_tests.extracts.shared_places import s3_environment
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import S3Server


@pytest.fixture(scope="session")
def servers(
    secured: PostgresServer, guarded_s3_server: S3Server, azurite: Azurite
) -> Iterator[Servers]:
    with served(secured, guarded_s3_server, azurite) as given:
        yield given


@pytest.fixture
def site(
    servers: Servers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Site:
    monkeypatch.chdir(tmp_path)
    made = Site(tmp_path, servers, monkeypatch, capsys)
    sound(made)
    return made


def test_a_sound_set_up_is_fine_and_nothing_is_left(site: Site) -> None:
    before = site.everything()
    said = site()
    assert said.of("FAIL") == said.of("WARN") == []
    assert said.of("SKIP") == ["dagster  daemons  no daemon has run yet"]
    assert len(said.of("OK")) > 45
    assert said.code == 0
    assert site.everything() == before


def test_marks_elsewhere_and_shared_staging_are_tried_and_nothing_is_left(site: Site) -> None:
    site.source("syncs")["output_path"] = f"s3://{site.servers.bucket}/staging"
    for name, value in s3_environment(site.servers.s3).items():
        site.monkeypatch.setenv(name, value)
    for marks in ({"type": "landing"}, site.marks_in_tables(site.servers.database)):
        site.config["high_water_marks"] = marks
        site.write()
        before = site.everything()
        said = site()
        assert said.of("FAIL") == []
        url = f"s3://{site.servers.bucket}/staging/syncs"
        assert f"syncs  staging  {url} can be listed, written and cleared" in said.of("OK")
        assert sum("  mark  none yet" in line for line in said.of("OK")) == 4
        assert site.everything() == before


@pytest.mark.parametrize(
    "broken", [*BREAKS, *BREAKS_STORES, *BREAKS_HERE], ids=lambda broken: broken.__name__
)
def test_a_broken_set_up_is_told_by_its_cause_alone(
    site: Site, broken: Callable[[Site], list[str]]
) -> None:
    with site.stack:
        expected = broken(site)
        if site.config:
            site.write()
        said = site("--timeout", "4")
    assert [_without_moments(line) for line in said.of("FAIL")] == expected
    assert said.code == 1


def test_what_works_and_should_be_looked_at_is_a_warning_and_fails_nothing(site: Site) -> None:
    with site.stack:
        expected = questionable(site)
        site.write()
        said = site()
    assert [_without_moments(line) for line in said.of("WARN")] == expected
    assert said.of("FAIL") == []
    assert said.code == 0


def test_an_instance_on_postgresql_is_asked_and_no_table_is_made(site: Site) -> None:
    with site.stack:
        database, port = site.new_database(), site.servers.postgres.port
        login = {"username": site.role, "password": {"env": "SHOP_PASSWORD"}}
        place = {"hostname": "127.0.0.1", "port": port, "db_name": {"env": "HISTORY"}}
        file = site.folder / "home" / "dagster.yaml"
        file.write_text(f"storage: {json.dumps({'postgres': {'postgres_db': login | place}})}\n")
        assert "dagster  variables  environment variable HISTORY is not set" in "".join(
            site("syncs").of("FAIL")
        )
        site.monkeypatch.setenv("HISTORY", database)
        said = site("syncs").of("OK")
        assert "dagster  variables  SHOP_PASSWORD, HISTORY" in said
        where = f"127.0.0.1:{port}/{database}"
        assert f"dagster  storage  nothing has run yet; the history will be in {where}" in said
        tables = "SELECT relname FROM pg_class WHERE relname = 'runs'"
        assert site.query(tables, database) == []
        site.sql(f"GRANT CREATE ON SCHEMA public TO {site.role}", database)
        DagsterInstance.from_config(str(file.parent)).dispose()
        assert site.query(tables, database) == ["runs"]
        said = site("syncs")
        assert f"dagster  storage  0 runs in {where}" in said.of("OK")
        assert any("dagster  daemons  no daemon has run here" in line for line in said.of("WARN"))


def test_a_connection_that_breaks_once_is_no_failure(site: Site) -> None:
    for server in (site.servers.hevo, site.servers.hightouch, site.servers.fivetran):
        server.failures.add(Fault(sent=-1))
    assert site("hevo", "hightouch", "account").of("FAIL") == []


def test_offline_asks_nobody(site: Site) -> None:
    for server in (site.servers.hevo, site.servers.hightouch, site.servers.fivetran):
        server.requests.clear()
    site.source("shop")["port"] = 1
    site.write()
    said = site("--offline")
    assert said.of("FAIL") == []
    assert "shop  login  not checked: --offline" in said.of("SKIP")
    assert any(line.startswith("shop  staging") for line in said.of("OK"))
    assert not site.servers.hevo.requests + site.servers.fivetran.requests


def test_only_what_is_named_is_looked_at_and_json_says_the_same(site: Site) -> None:
    site.monkeypatch.delenv("HEVO_API_KEY")
    said = site("syncs", "--json")
    assert said.code == 0
    assert {one["subject"] for one in said.json} == {
        *("installed", "dagster", "config", "marks", "syncs", "machine")
    }
    assert set(said.json[0]) == {"status", "subject", "check", "message", "seconds"}
    assert site("hevo", "--json").code == 1


def test_a_name_that_is_not_there_is_wrong_usage(site: Site) -> None:
    said = site("sinks")
    assert said.code == 2
    assert "nothing is called 'sinks'; did you mean 'syncs'?" in said.err


def test_variables_come_from_a_file_where_the_environment_lacks_them(site: Site) -> None:
    for name in ("HEVO_API_KEY", "HEVO_API_SECRET"):
        site.monkeypatch.setenv(name, "")  # so that what the file sets is taken back
        site.monkeypatch.delenv(name)
    (site.folder / ".env").write_text("HEVO_API_KEY=sandbox-key\nHEVO_API_SECRET=sandbox-secret\n")
    assert site("hevo", "--offline").code == 1
    assert site("hevo", "--env-file", ".env").code == 0
    assert site("hevo", "--env-file", "gone").code == 2


def _without_moments(line: str) -> str:
    """What differs from run to run, taken out of the line of the clock."""
    line = re.sub(r"machine is [\d,]+ s ahead", "machine is N s ahead", line)
    return re.sub(r"where it is \S+ \S+ UTC", "where it is T UTC", line)
