"""`kada hwm`: the operator sees the marks, and moves them only knowingly."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import Window, parse_hwm
from kada_dagster_tests.cli.conftest import Kada

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
    done = configured("hwm", "show")
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
    done = configured("hwm", "set", "shop", "2024-01-05 00:00:00")
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
