"""What goes wrong stops what follows, says why, and is tried again only where that can help."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster_tests.collector.location import STEPS, Location, failure, succeeded

JAN_1, JAN_2, JAN_3, JAN_4 = (f"2024-01-0{day} 00:00:00" for day in range(1, 5))


def retries(result: dg.ExecuteInProcessResult) -> int:
    """How often a step was put up for another attempt."""
    return len(result.filter_events(lambda event: event.is_step_up_for_retry))


def test_a_source_that_is_away_is_tried_again_and_then_named(location: Location) -> None:
    (location.folder / "docs_source").rename(location.folder / "elsewhere")
    result = location.run(JAN_1)
    assert succeeded(result) == []
    assert retries(result) == 2
    assert "docs_source is not mounted" in failure(result)
    assert location.mark() is None


def test_a_source_that_comes_back_is_read_after_all(empty_location: Location) -> None:
    location = empty_location
    location.add(retries={"max_retries": 3, "delay_seconds": 1})
    location.put(2)
    source, away = location.folder / "docs_source", location.folder / "elsewhere"
    source.rename(away)

    def come_back() -> None:
        while not _has_failed_once(location.instance):
            time.sleep(0.02)
        away.rename(source)

    mount = threading.Thread(target=come_back)
    mount.start()
    result = location.run(JAN_1)
    mount.join()
    assert succeeded(result) == list(STEPS)
    assert retries(result) >= 1


def test_the_wait_before_each_attempt_is_twice_the_last(empty_location: Location) -> None:
    location = empty_location
    location.add(retries={"max_retries": 2, "delay_seconds": 1})
    (location.folder / "docs_source").rmdir()
    result = location.run(JAN_1)
    waits = [
        event.step_retry_data.seconds_to_wait
        for event in result.filter_events(lambda event: event.is_step_up_for_retry)
    ]
    assert waits == [1, 2]


def test_a_refused_secret_is_not_tried_again(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCS_TOKEN", "not-the-token")
    location.sources[0]["token"] = "${DOCS_TOKEN}"
    (location.folder / "docs_source" / "token.txt").write_text("the-token")
    result = location.run(JAN_1)
    assert succeeded(result) == []
    assert retries(result) == 0
    assert "the token was refused" in failure(result)


def test_no_secret_is_in_an_error_nobody_foresaw(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCS_TOKEN", "pa55 w0rd")
    location.sources[0]["token"] = "${DOCS_TOKEN}"
    odd = location.folder / "docs_source" / "of pa55%20w0rd cGE1NSB3MHJk.json"
    odd.mkdir()
    result = location.run(JAN_1)
    assert succeeded(result) == []
    said = failure(result)
    assert "IsADirectoryError" in said
    assert "of *** ***.json" in said
    assert not [part for part in ("pa55", "cGE1NSB3MHJk") if part in said]


def test_a_variable_that_is_not_set_fails_the_run_and_not_the_location(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCS_TOKEN", raising=False)
    location.sources[0]["token"] = "${DOCS_TOKEN}"
    dg.Definitions.validate_loadable(location.definitions())
    with pytest.raises(Exception, match="DOCS_TOKEN"):
        location.run(JAN_1)
    assert location.calls() == []


def test_a_variable_that_is_not_set_does_not_touch_another_source(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIKI_TOKEN", raising=False)
    location.add("wiki", token="${WIKI_TOKEN}")
    assert succeeded(location.run(JAN_1)) == list(STEPS)


@pytest.mark.parametrize(
    ("columns", "check"),
    [
        ({"OBJECT_ID": "h.twice"}, "unique_ids"),
        ({"PARENT_ID": "h.nobody"}, "parents_resolve"),
    ],
)
def test_a_failed_check_blocks_upload_and_mark(
    location: Location, columns: dict[str, str], check: str
) -> None:
    location.put(3, **columns)
    result = location.run(JAN_1)
    assert succeeded(result) == ["extract"]
    failed = [e.check_name for e in result.get_asset_check_evaluations() if not e.passed]
    assert failed == [check]
    assert retries(result) == 0
    assert location.landed() == []
    assert location.mark() is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_check_that_was_not_chosen_blocks_the_upload_all_the_same(
    location: Location, count: int
) -> None:
    location.put(count, OBJECT_ID="h.same")  # three of them break `unique_ids`, one does not
    assets = [dg.AssetKey(["docs", name]) for name in ("extract", "upload")]
    chosen = dg.AssetSelection.checks(dg.AssetCheckKey(assets[0], "contract"))
    job = dg.define_asset_job(
        "contract_only", selection=dg.AssetSelection.assets(*assets).without_checks() | chosen
    )
    definitions = dg.Definitions.merge(location.definitions(), dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("contract_only").execute_in_process(
        instance=location.instance, partition_key=JAN_1, raise_on_error=False
    )
    checks = [(e.check_name, e.passed) for e in result.get_asset_check_evaluations()]
    assert checks == [("contract", True)]
    assert result.success == (count == 1)
    assert bool(location.landed()) == (count == 1)


def test_files_changed_after_the_extract_are_not_uploaded(location: Location) -> None:
    location.run(JAN_1, assets=["extract"])
    (meta,) = location.folder.glob("output/docs/*/META_*.csv")
    meta.write_bytes(meta.read_bytes().replace(b"t0", b"t9"))
    result = location.run(JAN_1, assets=["upload"])
    assert "contract" in failure(result)
    assert location.landed() == []


def test_a_sudden_shrinking_is_stopped_and_let_through_when_told_so(location: Location) -> None:
    location.put(100)
    assert location.run(JAN_1).success
    location.put(3)
    assert succeeded(location.run(JAN_2)) == ["extract"]
    assert location.mark() == JAN_2
    accepted = {"ops": {"docs__extract_checks": {"config": {"min_share_of_last": 0.0}}}}
    assert succeeded(location.run(JAN_2, config=accepted)) == list(STEPS)
    assert location.run(JAN_3).success  # the three objects are what is compared with now


def test_an_upload_alone_does_not_get_round_the_checks(location: Location) -> None:
    location.put(100)
    assert location.run(JAN_1).success
    location.put(3)
    location.run(JAN_2)
    before = location.landed()
    result = location.run(JAN_2, assets=["upload"])
    assert "volume" in failure(result)
    assert location.landed() == before
    accepted = {"ops": {"docs__upload": {"config": {"min_share_of_last": 0.0}}}}
    assert location.run(JAN_2, assets=["upload"], config=accepted).success


def test_a_failed_upload_leaves_the_mark(location: Location) -> None:
    assert location.run(JAN_1).success
    landing = location.folder / "docs_landing"
    for file in landing.iterdir():
        file.unlink()
    landing.rmdir()
    landing.write_text("a file is in the way")
    result = location.run(JAN_2)
    assert succeeded(result) == ["extract", "extract_checks"]
    assert location.mark() == JAN_2
    landing.unlink()
    assert location.run(JAN_2).success
    assert location.mark() == JAN_3


def test_a_malformed_mark_is_an_error_and_stays_as_it_is(location: Location) -> None:
    assert location.run(JAN_1).success
    mark = location.folder / "hwm" / "docs_hwm.txt"
    mark.write_text("soon\n")
    result = location.run(JAN_2)
    assert succeeded(result) == ["extract", "extract_checks", "upload"]
    assert "docs_hwm.txt" in failure(result)
    assert mark.read_text() == "soon\n"


def test_an_upload_alone_of_what_was_never_extracted_says_so(location: Location) -> None:
    result = location.run(JAN_1, assets=["upload"])
    assert "run the extract of that window first" in failure(result)


def test_a_mark_alone_does_not_pass_what_was_never_uploaded(location: Location) -> None:
    location.run(JAN_1, assets=["extract"])
    result = location.run(JAN_1, assets=["high_water_mark"])
    assert "docs/upload has not been materialized" in failure(result)
    assert location.mark() is None


def test_a_range_with_one_window_not_uploaded_does_not_move_the_mark(location: Location) -> None:
    assert location.run(JAN_1).success
    assert location.run(JAN_3).success
    result = location.run(JAN_1, JAN_3, assets=["high_water_mark"])
    assert f"has not been materialized for [{JAN_2}, {JAN_3})" in failure(result)
    assert location.mark() == JAN_2


def test_a_mark_alone_does_not_pass_what_a_narrowed_run_left_out(location: Location) -> None:
    """Nor is what was uploaded under the key of a longer window the whole of that window."""
    noon = {"kada/end_hwm": "2024-01-01 12:00:00"}
    assert location.run(JAN_1, tags=noon, assets=["extract", "upload"]).success
    result = location.run(JAN_1, assets=["high_water_mark"])
    assert "for [2024-01-01 12:00:00, 2024-01-02 00:00:00) (UTC)" in failure(result)
    assert location.mark() is None
    assert location.run(JAN_1, tags=noon, assets=["high_water_mark"]).success
    assert location.mark() == "2024-01-01 12:00:00"
    rest = {"kada/start_hwm": "2024-01-01 12:00:00"}
    assert location.run(JAN_1, tags=rest).success
    assert location.run(JAN_1, assets=["high_water_mark"]).success
    assert location.mark() == JAN_2


def test_a_mark_alone_knows_windows_that_were_cut_anew(empty_location: Location) -> None:
    location = empty_location
    location.add(window={"start": JAN_1, "cron": "0 * * * *"})
    location.put(1)
    assert location.run(JAN_1).success
    assert location.mark() == "2024-01-01 01:00:00"
    location.sources[0]["window"] = {"start": JAN_1, "cron": "0 0 * * *"}
    result = location.run(JAN_1, assets=["high_water_mark"])
    assert "for [2024-01-01 01:00:00, 2024-01-02 00:00:00) (UTC)" in failure(result)
    assert location.mark() == "2024-01-01 01:00:00"


def test_an_extract_that_fails_leaves_the_one_before_it(location: Location) -> None:
    assert location.run(JAN_1).success
    before = _files(location.folder / "output")
    (location.folder / "docs_source" / "zzz.json").write_text("not json")
    assert not location.run(JAN_1).success
    assert _files(location.folder / "output") == before


def test_a_failure_is_the_message_alone(location: Location) -> None:
    """No traceback of ours, no chain of exceptions behind it."""
    (location.folder / "docs_source" / "token.txt").write_text("the-token")
    result = location.run(JAN_1)
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    data = event.step_failure_data
    assert data.error is not None
    assert data.error.cause is None
    assert data.error.context is None
    assert data.user_failure_data is not None
    assert data.user_failure_data.metadata["error"].value == "PermissionDeniedError"


def test_checks_alone_judge_the_extract_that_was_written_last(location: Location) -> None:
    location.run(JAN_4)
    location.put(3, OBJECT_ID="h.twice")
    location.run(JAN_1, assets=["extract"])
    result = _run_checks_alone(location)
    failed = {e.check_name: e for e in result.get_asset_check_evaluations() if not e.passed}
    assert list(failed) == ["unique_ids"]
    assert "20240101000000" in str(failed["unique_ids"].metadata["folder"].value)


def test_checks_alone_without_an_extract_say_so(location: Location) -> None:
    assert "no extract to check" in failure(_run_checks_alone(location))


def _run_checks_alone(location: Location) -> dg.ExecuteInProcessResult:
    checks = dg.AssetSelection.checks_for_assets(dg.AssetKey(["docs", "extract"]))
    job = dg.define_asset_job("checks", selection=checks)
    whole = dg.Definitions.merge(location.definitions(), dg.Definitions(jobs=[job]))
    return whole.resolve_job_def("checks").execute_in_process(
        instance=location.instance, raise_on_error=False
    )


def _has_failed_once(instance: dg.DagsterInstance) -> bool:
    up = dg.DagsterEventType.STEP_UP_FOR_RETRY
    return any(instance.all_logs(run.run_id, of_type=up) for run in instance.get_runs())


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
