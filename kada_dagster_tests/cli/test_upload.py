"""`kada extract --no-upload`, then `kada upload`: inspect first, push later."""

from __future__ import annotations

import json
import shutil

from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.cli.test_extract import DAY_ONE, DAY_THREE, DAY_TWO, extract, mark, names

FAMILIES = ("LINKAGE", "META")


def hold(kada: Kada, *days: list[str]) -> None:
    for day in days:
        assert extract(kada, *day, "--no-upload").code == 0


def landed(*stamps: str) -> list[str]:
    return sorted(f"{family}_{stamp}.csv" for family in FAMILIES for stamp in stamps)


def test_what_is_held_back_waits_and_is_sent_by_upload_oldest_first(shop: Kada) -> None:
    hold(shop, DAY_TWO, DAY_ONE)
    assert names(shop.folder / "landing_shop") == []
    assert mark(shop) is None
    done = shop.anew("upload", "postgres")
    assert done.code == 0
    assert names(shop.folder / "landing_shop") == landed("20240102000000", "20240103000000")
    assert mark(shop) == "2024-01-03 00:00:00\n"
    steps = [line for line in done.err.splitlines() if "high water mark" in line]
    assert len(steps) == 2
    assert done.out.index("[2024-01-01") < done.out.index("[2024-01-02")
    again = shop("upload", "postgres")
    assert (again.code, "nothing to send" in again.out) == (0, True)


def test_a_dry_run_lists_what_would_go_and_changes_nothing(shop: Kada) -> None:
    hold(shop, DAY_ONE)
    done = shop("upload", "postgres", "--dry-run", "--json")
    assert done.code == 0
    (run,) = json.loads(done.out)
    assert sorted(file["file"] for file in run["would_send"]) == landed("20240102000000")
    assert (run["start_hwm"], run["end_hwm"]) == ("2024-01-01 00:00:00", "2024-01-02 00:00:00")
    assert names(shop.folder / "landing_shop") == []
    assert mark(shop) is None
    assert "META_20240102000000.csv" in shop("upload", "postgres", "--dry-run").out


def test_a_window_is_sent_again_when_it_is_named_whatever_the_mark_says(shop: Kada) -> None:
    assert extract(shop, *DAY_ONE).code == 0
    shutil.rmtree(shop.folder / "landing_shop")
    assert "nothing to send" in shop("upload", "postgres").out
    done = shop("upload", "postgres", *DAY_ONE)
    assert done.code == 0
    assert names(shop.folder / "landing_shop") == landed("20240102000000")
    assert mark(shop) == "2024-01-02 00:00:00\n"


def test_a_gap_holds_the_mark_and_the_command_says_which(shop: Kada) -> None:
    hold(shop, DAY_ONE, DAY_THREE)
    done = shop("upload", "postgres")
    assert done.code == 0
    assert mark(shop) == "2024-01-02 00:00:00\n"
    assert "held: nothing was uploaded for [2024-01-02 00:00:00, 2024-01-03 00:00:00)" in done.out


def test_a_held_extract_that_was_damaged_meanwhile_is_not_sent(shop: Kada) -> None:
    hold(shop, DAY_ONE)
    folder = shop.folder / "output" / "shop" / "20240101000000_20240102000000"
    meta = folder / "META_20240102000000.csv"
    meta.write_bytes(meta.read_bytes()[:-3] + b'X"\n')
    done = shop("upload", "postgres")
    assert done.code == 1
    assert "extract again" in done.err
    assert names(shop.folder / "landing_shop") == []
    assert mark(shop) is None


def test_a_window_that_was_never_extracted_cannot_be_sent(shop: Kada) -> None:
    done = shop("upload", "postgres", *DAY_ONE)
    assert done.code == 1
    assert "run the extract of that window first" in done.err


def test_a_source_without_a_landing_is_told_so(shop: Kada) -> None:
    file = shop.folder / "kada.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "landing" not in line))
    done = shop("upload", "postgres")
    assert done.code == 2
    assert "shop has no landing; give it one, or --landing" in done.err
