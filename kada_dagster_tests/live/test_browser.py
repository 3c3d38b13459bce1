"""An operator's paths in a real browser: see a source, materialize a window, launch a backfill,
find the cause of a failure, read the mark. With KADA_SCREENSHOTS=docs/images they make the
pictures of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest

from kada_dagster.sandbox import sample_database
from kada_dagster_tests.live.browser import Window, browser_window
from kada_dagster_tests.live.conftest import WINDOWS, History
from kada_dagster_tests.live.dev_server import DevServer
from kada_dagster_tests.live.launching import STEPS
from kada_dagster_tests.live.site import FIRST, WRONG, Site

BACKFILL = [f"2024-01-0{day} 00:00:00" for day in range(1, 5)]
AFTER = "2024-01-05 00:00:00"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def window(history: History, server: DevServer) -> Iterator[Window]:
    """A browser on the UI, after all that is launched without one has ended."""
    with browser_window(server) as window:
        yield window


def in_order(wanted: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether all the wanted lines are there, one after the other."""
    rest = iter(lines)
    return all(line in rest for line in wanted)


def test_the_graph_of_the_group_reads_from_extract_to_upload_to_mark(window: Window) -> None:
    window.open("/locations/kada_dagster/asset-groups/shop/lineage", wait_for="high_water_mark")
    boxes = [window.page.get_by_text(step, exact=True).first.bounding_box() for step in STEPS]
    left_edges = [box["x"] for box in boxes if box]
    assert len(left_edges) == len(STEPS)
    assert left_edges == sorted(left_edges)
    window.wait_for("4 / 4 Passed")
    assert window.toasts() == []
    assert window.faults == []
    window.keep("asset_graph.png")


def test_the_page_of_an_extract_shows_its_windows_and_what_was_extracted(
    window: Window, history: History
) -> None:
    key = history.keys[-1]
    window.open(f"/assets/shop/extract?view=partitions&partition={quote(key)}", "rows/META")
    window.wait_for(f"Materialized ({WINDOWS})")
    lines = window.texts()
    assert "Failed (0)" in lines
    facts = ["rows/META", "rows/LINKAGE", "bytes", "duration_seconds", "start_hwm", "end_hwm"]
    assert in_order([*facts, "objects/TABLE", "manifest", "window_start", "preview"], lines)
    assert in_order(["start_hwm", history.keys[0], "window_start", key], lines)
    assert window.toasts() == []
    assert window.faults == []
    window.keep("extract_metadata.png")


def test_a_window_is_materialized_by_the_dialog_and_its_files_land(
    window: Window, site: Site
) -> None:
    launch = window.materialize("clicked", f'"{FIRST}"')
    window.page.get_by_text("1 partition", exact=True).wait_for()
    window.keep("materialize.png")
    launch.click()
    window.page.get_by_text("View", exact=True).first.click()
    window.wait_for("Success")
    window.open(f"/assets/clicked/extract?view=partitions&partition={quote(FIRST)}", "rows/META")
    assert in_order(["start_hwm", FIRST, "end_hwm", BACKFILL[1]], window.texts())
    landed = {file.name for file in site.landed("clicked")}
    assert {"META_20240102000000.csv.gz", "LINKAGE_20240102000000.csv.gz"} <= landed
    assert (site.mark("clicked") or "") >= BACKFILL[1]
    assert window.faults == []


def test_a_backfill_launched_by_the_dialog_is_one_run_and_moves_the_mark_past_its_windows(
    window: Window, site: Site
) -> None:
    launch = window.materialize("clicked", f'["{BACKFILL[0]}"..."{BACKFILL[-1]}"]')
    launch.click()
    window.page.get_by_text("View", exact=True).first.click()
    window.wait_for("Succeeded")
    done = window.page.get_by_text("100% completed", exact=True)
    done.nth(len(STEPS) - 1).wait_for()
    window.keep("backfill.png")
    assert f'"{BACKFILL[0]}"..."{BACKFILL[-1]}"' in window.texts()
    assert "META_20240105000000.csv.gz" in {file.name for file in site.landed("clicked")}
    assert site.mark("clicked") == AFTER
    assert window.faults == []


def test_the_cause_of_a_failure_is_read_with_what_to_do(window: Window, history: History) -> None:
    run_id = history.runs["wrong"]["runId"]
    window.open("/runs", wait_for="Failed")
    window.page.get_by_text("Failed", exact=True).click()
    window.page.get_by_role("link", name=run_id[:8]).click()
    window.page.get_by_text("PermissionDeniedError").first.wait_for()
    window.keep("failure.png")
    window.page.get_by_text("View full message").first.click()
    told = window.page.get_by_role("dialog").inner_text()
    assert f'password authentication failed for user "{sample_database.READER}"' in told
    assert "check username, password and CONNECT" in told
    assert WRONG not in window.page.content()
    assert window.faults == []


def test_the_mark_is_read_on_the_page_of_its_asset(window: Window, site: Site) -> None:
    window.open("/assets/shop/high_water_mark", wait_for="waits_for")
    mark = site.mark("shop")
    assert mark
    rows = window.page.get_by_role("row").all_inner_texts()
    values = {row.split()[0]: " ".join(row.split()) for row in rows if row.split()}
    assert values["high_water_mark"].endswith(mark)
    assert values["waits_for"].endswith("nothing")
    assert values["kept_in"].endswith("shop_hwm.txt")
    assert window.faults == []
    window.keep("mark.png")
