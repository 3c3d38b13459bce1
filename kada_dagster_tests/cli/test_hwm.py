"""`kada hwm`: the operator sees the marks, and moves them only knowingly."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import Window, parse_hwm
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.cli.conftest import PASSWORD, ROLE, Database, Kada

CONFIG = """
high_water_marks: {path: marks}
sources:
  - {type: postgres, name: shop, server: s, username: u, window: {start: 2024-01-01 00:00:00}}
  - {type: postgres, name: crm, server: s, username: u, window: {start: 2024-01-01 00:00:00}}
"""
FIRST = parse_hwm("2024-01-01 00:00:00")
DAY_ONE = Window.parse("2024-01-01 00:00:00", "2024-01-02 00:00:00")
DAY_THREE = Window.parse("2024-01-03 00:00:00", "2024-01-04 00:00:00")


@pytest.fixture
def configured(kada: Kada) -> Kada:
    (kada.folder / "kada.yaml").write_text(CONFIG)
    return kada


@pytest.fixture
def store(kada: Kada) -> FileMarkStore:
    return FileMarkStore(kada.folder / "marks")


def test_show_lists_every_source_and_what_holds_it(configured: Kada, store: FileMarkStore) -> None:
    store.record("shop", DAY_ONE, FIRST)
    store.record("shop", DAY_THREE, FIRST)
    done = configured.anew("hwm", "show")
    assert done.code == 0
    shop, crm = done.out.splitlines()
    assert shop.startswith("shop: 2024-01-02 00:00:00 UTC, held")
    assert "[2024-01-02 00:00:00, 2024-01-03 00:00:00)" in shop
    assert crm.startswith("crm: none yet")


def test_show_gives_the_same_as_json(configured: Kada, store: FileMarkStore) -> None:
    store.record("shop", DAY_THREE, FIRST)
    (facts,) = configured("hwm", "show", "shop", "--json").json
    assert facts == {
        "name": "shop",
        "high_water_mark": None,
        "ahead": [{"start_hwm": "2024-01-03 00:00:00", "end_hwm": "2024-01-04 00:00:00"}],
        "held_by": {"start_hwm": "2024-01-01 00:00:00", "end_hwm": "2024-01-03 00:00:00"},
        "kept_in": str(store.folder / "shop_hwm.txt"),
    }


def test_without_a_configuration_the_marks_of_the_folder_are_meant(kada: Kada) -> None:
    """Where the vendor's script is run, its marks are in the current folder."""
    assert kada("hwm", "show").out == "no marks yet\n"
    (kada.folder / "postgres_hwm.txt").write_text("2024-01-02 00:00:00\n")
    assert kada("hwm", "show").out.startswith("postgres: 2024-01-02 00:00:00 UTC")
    assert kada("hwm", "show", "other").out.startswith("other: none yet")


def test_a_folder_given_comes_before_the_configuration(configured: Kada, tmp_path: Path) -> None:
    FileMarkStore(tmp_path / "mine").record("any", DAY_ONE, FIRST)
    assert configured("hwm", "show", "--hwm-path", "mine").out.startswith("any: 2024-01-02")


def test_set_moves_forward_without_asking(configured: Kada, store: FileMarkStore) -> None:
    store.record("shop", DAY_ONE, FIRST)
    done = configured.anew("hwm", "set", "shop", "2024-01-05 00:00:00")
    assert done.code == 0
    assert done.out.startswith("shop: 2024-01-05 00:00:00 UTC")
    assert store.read("shop").mark == parse_hwm("2024-01-05 00:00:00")


@pytest.mark.parametrize("moment", ["2023-12-01 00:00:00", "9000-01-01 00:00:00"])
def test_a_doubtful_move_without_a_terminal_needs_yes(
    configured: Kada, store: FileMarkStore, moment: str
) -> None:
    store.record("shop", DAY_ONE, FIRST)
    refused = configured("hwm", "set", "shop", moment, given="y\n")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert store.read("shop").mark == DAY_ONE.end
    assert configured("hwm", "set", "shop", moment, "--yes").code == 0
    assert store.read("shop").mark == parse_hwm(moment)


def test_set_mends_a_malformed_mark(configured: Kada, store: FileMarkStore) -> None:
    store.folder.mkdir()
    (store.folder / "shop_hwm.txt").write_text("yesterday")
    assert configured("hwm", "show").code == 1
    assert configured("hwm", "set", "shop", "2024-01-05 00:00:00").code == 2
    assert configured("hwm", "set", "shop", "2024-01-05 00:00:00", "-y").code == 0
    assert configured("hwm", "show").code == 0


@pytest.mark.parametrize("command", [["show", "shpo"], ["set", "shpo", "2024-01-01 00:00:00"]])
def test_a_name_that_is_no_source_makes_no_mark(
    configured: Kada, store: FileMarkStore, command: list[str]
) -> None:
    done = configured("hwm", *command)
    assert done.code == 2
    assert "did you mean 'shop'?" in done.err
    assert not store.folder.exists()


def test_a_moment_in_another_format_is_refused(configured: Kada) -> None:
    done = configured("hwm", "set", "shop", "2024-01-01")
    assert done.code == 2
    assert "YYYY-MM-DD HH:MM:SS" in done.err


def test_set_to_the_edge_of_an_upload_says_why_the_mark_is_further(
    configured: Kada, store: FileMarkStore
) -> None:
    store.record("shop", DAY_THREE, FIRST)
    done = configured("hwm", "set", "shop", DAY_THREE.start_hwm)
    assert done.out.startswith("shop: 2024-01-04 00:00:00 UTC")
    assert f"{DAY_THREE} was uploaded before" in done.err


def test_history_tells_what_moved_the_mark(configured: Kada, store: FileMarkStore) -> None:
    assert configured("hwm", "history", "shop").out == "shop: no changes yet\n"
    store.record("shop", DAY_ONE, FIRST)
    store.record("shop", DAY_THREE, FIRST)
    configured("hwm", "set", "shop", "2024-01-05 00:00:00")
    first, second, third = configured("hwm", "history", "shop").out.splitlines()
    assert first.endswith(f"  uploaded {DAY_ONE}: none -> 2024-01-02 00:00:00")
    assert second.endswith(f"  uploaded {DAY_THREE}: stays at 2024-01-02 00:00:00")
    assert third.endswith("  set: 2024-01-02 00:00:00 -> 2024-01-05 00:00:00")
    assert configured("hwm", "history", "shop", "--limit", "1").out == third + "\n"


def test_history_gives_the_same_as_json(configured: Kada, store: FileMarkStore) -> None:
    store.record("shop", DAY_ONE, FIRST)
    (change,) = configured("hwm", "history", "shop", "--json").json
    assert parse_hwm(change.pop("at")) > FIRST
    assert change == {
        "action": "uploaded",
        "start_hwm": DAY_ONE.start_hwm,
        "end_hwm": DAY_ONE.end_hwm,
        "before": None,
        "after": DAY_ONE.end_hwm,
    }


def test_history_without_a_configuration_is_that_of_the_folder(kada: Kada) -> None:
    FileMarkStore(kada.folder).record("any", DAY_ONE, FIRST)
    assert "uploaded" in kada("hwm", "history", "any").out


@pytest.mark.parametrize("arguments", [["shpo"], ["shop", "--limit", "0"]])
def test_a_history_nobody_can_have_is_refused(configured: Kada, arguments: list[str]) -> None:
    assert configured("hwm", "history", *arguments).code == 2


# --- other stores --------------------------------------------------------------------------


def test_each_source_has_its_mark_beside_its_landing(kada: Kada) -> None:
    (kada.folder / "kada.yaml").write_text(BESIDE)
    for name in ("shop", "crm"):
        marks = FileMarkStore(kada.folder / "lz" / name / "hwm")
        assert kada("hwm", "set", name, "2024-01-05 00:00:00").code == 0
        assert marks.read(name).mark == parse_hwm("2024-01-05 00:00:00")
        assert "set" in kada("hwm", "history", name).out
    shown = kada("hwm", "show", "--json").json
    kept = [str(kada.folder / "lz" / name / "hwm" / f"{name}_hwm.txt") for name in ("shop", "crm")]
    assert [each["kept_in"] for each in shown] == kept


def test_marks_in_a_table_are_shown_set_and_told(kada: Kada, database: Database) -> None:
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {ROLE}")
    (kada.folder / "kada.yaml").write_text(in_tables(database))
    assert kada("hwm", "show").out.startswith("shop: none yet (in 127.0.0.1:")
    assert kada("hwm", "set", "shop", "2024-01-05 00:00:00").code == 0
    assert kada("hwm", "show").out.startswith("shop: 2024-01-05 00:00:00 UTC (in 127.0.0.1:")
    assert "set: none -> 2024-01-05" in kada("hwm", "history", "shop").out


@pytest.mark.parametrize(
    "command",
    [
        ["hwm", "show"],
        ["hwm", "history", "shop"],
        ["extract", "postgres"],
        ["--debug", "hwm", "show"],
    ],
)
def test_a_password_the_server_of_the_marks_repeats_is_not_printed(
    kada: Kada, database: Database, secured: PostgresServer, command: list[str]
) -> None:
    """As a user name, it comes back in what the server says."""
    text = in_tables(database).replace(f"username: {ROLE}\n", f"username: {PASSWORD}\n", 1)
    (kada.folder / "kada.yaml").write_text(text)
    done = kada(*command)
    assert done.code == 4
    assert "authentication failed" in done.err
    assert "***" in done.err
    assert PASSWORD not in done.out + done.err


BESIDE = """
high_water_marks: {type: landing}
sources:
  - type: postgres
    name: shop
    server: s
    username: u
    window: {start: 2024-01-01 00:00:00}
    landing: {type: local, path: lz/shop/landing}
  - type: postgres
    name: crm
    server: s
    username: u
    window: {start: 2024-01-01 00:00:00}
    landing: {type: local, path: lz/crm/landing}
"""


def in_tables(database: Database) -> str:
    """A configuration with one source, and marks in the database it reads."""
    return f"""
high_water_marks:
  type: postgres
  server: 127.0.0.1
  port: {database.server.port}
  database: {database.name}
  username: {ROLE}
  password: ${{SHOP_PASSWORD}}
sources:{database.source()}"""
