"""The demo: its accounts are extracted as they are, its servers are shared, it runs twice."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import load_config_file
from kada_dagster.config.fields import secret_fields
from kada_dagster.config.find import demo_config
from kada_dagster.hevo.settings import HevoSettings
from kada_dagster.hightouch.settings import HightouchSettings
from kada_dagster.hwm.window import Window
from kada_dagster.loader.definition.project import read_project
from kada_dagster.sandbox.demo import dev, ports
from kada_dagster.sandbox.demo.hevo_account import hevo_account
from kada_dagster.sandbox.demo.hightouch_workspace import hightouch_workspace
from kada_dagster.sandbox.demo.servers import Demo, demo_servers
from kada_dagster.sandbox.demo.services import SERVICES
from kada_dagster_tests.hevo import accounts as hevo
from kada_dagster_tests.hightouch import extracted as hightouch

ROOT = Path(__file__).parents[2]
FIRST_DAYS = Window.parse("2026-01-01 00:00:00", "2026-01-04 00:00:00")
SHOP = '"shop.example.org".shop.'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KADA_CONFIG", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that runs, in a folder that stays the working one."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("served"))
    try:
        with demo_servers() as demo:
            yield demo
    finally:
        os.chdir(before)


def demo_loader() -> Path:
    (loader,) = load_config_file(demo_config()).loader
    return loader.project


def ports_in(file: Path) -> dict[str, int]:
    return ports.ports_of(file.read_text(encoding="utf-8"))


def test_the_hevo_account_is_extracted_as_it_is(tmp_path: Path) -> None:
    account = hevo_account()
    with hevo.served(account) as server:
        found = hevo.extract(server, tmp_path, FIRST_DAYS)
    hevo.assert_is_the_truth(found, account, FIRST_DAYS)
    assert len(found.rows["EVENTS"]) == 14


def test_the_hightouch_workspace_is_extracted_as_it_is(tmp_path: Path) -> None:
    workspace = hightouch_workspace()
    with hightouch.serving(workspace) as site:
        found = site.extract(tmp_path, FIRST_DAYS)
    assert set(found.meta) == workspace.meta(hightouch.HOST)
    assert set(found.links) == workspace.linkage(hightouch.HOST)
    assert set(found.events) == workspace.events(hightouch.HOST, FIRST_DAYS)
    assert found.warnings == {}
    assert len(found.events) == 9


def test_a_column_of_the_shop_leads_through_hevo_and_hightouch_to_the_one_who_sells() -> None:
    links = hevo_account().linkage("hevo", _mapping()) | hightouch_workspace().linkage("ht")
    reached = {f"{SHOP}crm.customer.email"}
    while (
        more := {link.target_object_id for link in links if link.source_object_id in reached}
        - reached
    ):
        reached |= more
    assert "ht.destination_field.1.Contact.Email" in reached
    assert "ht.destination_field.2.contacts.email" in reached


def _mapping() -> dict[str, Any]:
    (source,) = (s for s in load_config_file(demo_config()).sources if isinstance(s, HevoSettings))
    return source.mapping


def test_each_service_has_a_port_in_the_configuration_and_each_port_a_service() -> None:
    named = ports_in(demo_config())
    assert list(named) == [service.name for service in SERVICES]
    assert len(set(named.values())) == len(SERVICES)


def test_the_secrets_that_the_services_let_in_are_those_the_configuration_refers_to() -> None:
    sources = load_config_file(demo_config()).sources
    referred = {str(secret)[2:-1] for source in sources for secret in secret_fields(source)}
    secrets = {name: value for service in SERVICES for name, value in service.secrets.items()}
    assert referred == set(secrets)
    text = demo_config().read_text(encoding="utf-8")
    assert [value for value in secrets.values() if value in text] == []


def test_a_port_that_is_taken_is_another_one_in_a_copy(folder: Path) -> None:
    taken = ports_in(demo_config())["hevo"]
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody may hold it already, which is as good
            squatter.bind(("127.0.0.1", taken))
            squatter.listen()
        config = ports.config_with_free_ports()
    assert config == folder / ".demo" / "kada.yaml"
    assert ports_in(config)["hevo"] != taken
    assert ports.current_config() == config
    read = load_config_file(config)
    (source,) = (s for s in read.sources if isinstance(s, HightouchSettings))
    assert source.base_url == f"http://127.0.0.1:{ports_in(config)['hightouch']}/api/v1"
    assert source.output_path == folder / ".demo" / "extracts"
    (loader,) = read.loader
    assert loader.project == folder / ".demo" / "loader"
    assert list(read_project(loader.project).tasks) == list(read_project(demo_loader()).tasks)


def test_a_group_of_a_source_holds_nothing_else() -> None:
    assets = build_definitions(demo_config()).resolve_all_asset_specs()
    sources = [source.name for source in load_config_file(demo_config()).sources]
    groups = [(spec.group_name, spec.key.path[0]) for spec in assets]
    mixed = [(group, first) for group, first in groups if group in sources and first != group]
    assert mixed == []


def test_the_copy_of_a_loader_is_that_of_this_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = folder / ".demo" / "loader" / "routes" / "gone" / "staging" / "customer" / "task.yaml"
    for is_free in (False, True):
        monkeypatch.setattr(ports, "_is_free", lambda port, free=is_free: free)
        gone.parent.mkdir(parents=True)
        gone.write_text("mode: full\n", encoding="utf-8")
        (loader,) = load_config_file(ports.config_with_free_ports()).loader
        assert list(read_project(loader.project).tasks) == list(read_project(demo_loader()).tasks)


def test_the_copy_of_another_version_is_not_used(folder: Path) -> None:
    own = folder / ".demo" / "kada.yaml"
    own.parent.mkdir()
    text = ports.with_ports(demo_config().read_text(encoding="utf-8"), {"hevo": 40_000})
    own.write_text(text, encoding="utf-8")
    assert ports.current_config() == own
    own.write_text(text.replace("name: hightouch", "name: reverse_etl"), encoding="utf-8")
    assert ports.current_config() == demo_config()


def test_a_second_demo_of_the_folder_uses_the_servers_of_the_first(served: Demo) -> None:
    with demo_servers() as second:
        assert second == served
    assert all(map(ports.is_served, ports_in(served.config).values()))


def test_what_is_served_lets_the_collectors_in(
    served: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in served.variables.items():
        monkeypatch.setenv(name, value)
    sources = load_config_file(served.config).sources
    for source in sources:
        source.extractor().test_connection()
    assert [source.name for source in sources] == ["shop", "hevo", "hightouch"]


def test_the_ui_is_started_beside_the_servers_only_where_the_demo_is_what_is_shown(
    served: Demo, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "kada.yaml").write_text("sources: []\n", encoding="utf-8")
    assert dev.main(["--help"]) == 0
    assert "dagster dev" in capfd.readouterr().out
    assert not (folder / ".demo").exists()
    assert served.config.is_file()


@pytest.mark.timeout(300)
def test_it_runs_twice_and_the_second_time_brings_the_next_windows(folder: Path) -> None:
    first, second = demo(folder), demo(folder)
    for source, days in (("shop", 4), ("hevo", 3), ("hightouch", 3)):
        assert "window 2026-01-01 00:00:00 ... 2026-01-03 00:00:00" in runs_of(source, first)[0]
        assert f"window 2026-01-{days + 1:02} 00:00:00" in runs_of(source, second)[0]
        mark = (folder / ".demo" / "marks" / f"{source}_hwm.txt").read_text(encoding="utf-8")
        assert f"2026-01-{2 * days + 1:02} 00:00:00" in mark
    assert first.count("checks passed: contract, unique_ids, parents_resolve, volume") == 4
    landed = {file.name for file in (folder / ".demo" / "landing").glob("*/*")}
    assert {name.split("_")[0] for name in landed} == {"META", "LINKAGE", "EVENTS"}
    assert "FAILED" not in first + second
    assert len(runs_of("warehouse", first)) == len(runs_of("warehouse", second)) == 2
    tables = {
        "growth.sync": ("http", 3, 3),
        "plan.exchange_rate": ("file", 18, 0),
        "plan.sales_target": ("file", 6, 6),
        "report.revenue": ("sql", 6, 6),
        "report.top_customer": ("sql", 10, 10),
        "staging.customer": ("upsert", 300, 0),
        "staging.order": ("full", 600, 600),
        "staging.order_line": ("full", 1200, 1200),
    }
    for printed, place in ((first, 1), (second, 2)):
        found = re.findall(r"^  (\w+\.\w+) +(\w+) +([\d,]+) read, ([\d,]+) ins", printed, re.M)
        told = {name: (mode, number(read), number(new)) for name, mode, read, new in found}
        assert told == {
            name: (mode, read, (read, again)[place - 1])
            for name, (mode, read, again) in tables.items()
        }
        assert "checks passed: 5 of 5" in printed


def demo(folder: Path) -> str:
    """What the demo prints, run as `make demo` runs it."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kada_dagster.sandbox.demo"]
    done = subprocess.run(
        command, cwd=folder, env=bare, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(text: str) -> int:
    return int(text.replace(",", ""))


def runs_of(source: str, printed: str) -> list[str]:
    return re.findall(rf"^{source}: Dagster run .*$", printed, re.MULTILINE)
