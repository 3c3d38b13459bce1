"""The volume check: a source that suddenly looks empty is not believed, one that grows is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import StagingError
from kada_dagster.extracts.checks import BASELINE_NAME, CheckResult, accept_extract, check_extract
from kada_dagster.extracts.contract import DATABASE_LOG, EVENTS, LINKAGE, META
from kada_dagster.extracts.staging import Staging
from kada_dagster_tests.extracts.samples import Rows, edge, event, meta, shop, write
from kada_dagster_tests.hwm.faults import file_size_limit, memory_folder


def volume(folder: Path, share: float) -> CheckResult:
    return check_extract(folder, min_share_of_last=share)[-1]


def source(tables: int, columns: int = 0, links: int = 0, events: int = 0) -> Rows:
    return {
        META: [
            *[meta("TABLE", f"h.t{n}") for n in range(tables)],
            *[meta("COLUMN", f"h.t.c{n}") for n in range(columns)],
        ],
        LINKAGE: [edge("h.t0", f"h.v{n}") for n in range(links)],
        EVENTS: [event(n) for n in range(events)],
    }


def after(output: Path, last: Rows, now: Rows, share: float) -> CheckResult:
    """The check of an extract where `last` was accepted before."""
    accept_extract(write(output, last))
    return volume(write(output, now), share)


def test_the_first_extract_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    result = volume(write(tmp_path, source(1)), 1.0)
    assert (result.passed, result.message) == (True, "no earlier extract to compare")


def test_an_extract_without_any_object_is_not_believed_unless_share_is_zero(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path, source(0))
    result = volume(folder, 0.01)
    assert not result.passed
    assert "META is empty" in result.message
    assert "min_share_of_last to 0" in result.message
    assert volume(folder, 0).passed


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.0, 0.1, 0.5, 0.75, 0.9, 1.0]))
def test_the_share_is_the_smallest_that_passes(last: int, now: int, share: float) -> None:
    with memory_folder() as output:
        result = after(output, source(last), source(now), share)
        assert result.passed == (now >= math.ceil(last * share))
        if not result.passed:
            assert f"{now} rows, but {last} in the last accepted extract" in result.message
            assert result.facts == {"min_share_of_last": share, "rows": now}


@pytest.mark.parametrize(
    ("last", "now", "what"),
    [
        (source(60, 20), source(60, 9), "COLUMN: 9 rows, but 20"),
        (source(60, 10), source(60, 0), "COLUMN: 0 rows, but 10"),
        (source(20, 20, links=8), source(20, 20, links=3), "LINKAGE: 3 rows, but 8"),
        (source(20, 20, links=1), source(20, 20, links=0), "LINKAGE: 0 rows, but 1"),
    ],
)
def test_one_kind_that_vanishes_among_many_that_stay_is_found(
    tmp_path: Path, last: Rows, now: Rows, what: str
) -> None:
    result = after(tmp_path, last, now, 0.5)
    assert not result.passed
    assert result.message.startswith(what)


def test_a_handful_of_one_kind_may_come_and_go(tmp_path: Path) -> None:
    assert after(tmp_path, source(60, 9), source(60, 0), 0.8).passed


def test_events_and_statements_follow_the_window_and_may_be_none(tmp_path: Path) -> None:
    quiet = {**shop(events=100), EVENTS: [], DATABASE_LOG: []}
    result = after(tmp_path, shop(events=100), quiet, 1.0)
    assert (result.passed, result.message) == (True, "like the last accepted extract")


def test_a_family_that_is_no_longer_written_is_found(tmp_path: Path) -> None:
    without = {META: source(20)[META]}
    result = after(tmp_path, source(20, links=5), without, 0.5)
    assert result.message.startswith("LINKAGE: 0 rows, but 5")


def test_only_what_was_accepted_is_compared_with(tmp_path: Path) -> None:
    accept_extract(write(tmp_path, source(100)))
    for tables in (40, 40, 49):
        assert not volume(write(tmp_path, source(tables)), 0.5).passed
    small = write(tmp_path, source(50))
    assert volume(small, 0.5).passed
    accept_extract(small)
    assert volume(write(tmp_path, source(25)), 0.5).passed


def test_the_baseline_is_no_run_and_belongs_to_its_instance(tmp_path: Path) -> None:
    folder = write(tmp_path, source(100))
    accept_extract(folder)
    names = sorted(path.name for path in folder.parent.iterdir() if path.name != ".lock")
    assert names == [folder.name, BASELINE_NAME]
    assert list(Staging(tmp_path, "shop").runs().values()) == [folder]
    assert volume(write(tmp_path, source(1), name="other"), 1.0).passed


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"rows": [], "counts": {}}',
        b'{"rows": {"META": "9"}, "counts": {}}', b'{"rows": {"META": -1}, "counts": {}}',
        b'{"rows": {"META": null}, "counts": {}}', b'{"rows": {"META": true}, "counts": {}}',
        b'{"rows": {"META": NaN}, "counts": {}}', b'{"rows": {"META": 9}}', b"[" * 200_000,
    ],
)  # fmt: skip
def test_a_damaged_baseline_is_an_error_that_names_it_and_the_cure(
    tmp_path: Path, damage: bytes
) -> None:
    folder = write(tmp_path, source(3))
    path = folder.parent / BASELINE_NAME
    path.write_bytes(damage)
    with pytest.raises(StagingError) as caught:
        check_extract(folder, min_share_of_last=0.5)
    assert str(path) in str(caught.value)
    assert "delete it to start anew" in str(caught.value)
    path.unlink()
    assert volume(folder, 0.5).passed


def test_a_baseline_that_cannot_be_written_leaves_the_old_one_and_no_part(tmp_path: Path) -> None:
    folder = write(tmp_path, source(30))
    accept_extract(folder)
    before = (folder.parent / BASELINE_NAME).read_bytes()
    folder = write(tmp_path, source(60))
    with file_size_limit(5), pytest.raises(StagingError, match="output_path"):
        accept_extract(folder)
    assert (folder.parent / BASELINE_NAME).read_bytes() == before
    assert not list(folder.parent.glob(f".{BASELINE_NAME}*"))
    assert json.loads(before)["rows"] == {META: 30, LINKAGE: 0, EVENTS: 0}
