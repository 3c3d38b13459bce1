"""Lists that tell of runs: a window of which one is refused is not written, so it comes again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.collector.steps import run_window
from kada_dagster.errors import KadaError, PermissionDeniedError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import Window
from kada_dagster.landing.local import LocalLanding
from kada_dagster_tests.hevo.extracted import extract, extractor
from kada_dagster_tests.hevo.scripted import CLASSIC, EDGE, Answer, ScriptedServer, listed

DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)
ENDED = round((DAY + timedelta(hours=10)).timestamp() * 1000)
JOB = {"job_id": "j1", "status": "COMPLETED", "created_ts": ENDED - 1000, "updated_ts": ENDED}
OBJECT = {"name": "orders", "status": "ACTIVE", "last_run_ts": ENDED}
MISSING: Answer = (404, None)
JOBS, OBJECTS = f"{EDGE}/pipelines/5/jobs", f"{CLASSIC}/pipelines/6/objects"
LISTS = pytest.mark.parametrize("path", [JOBS, OBJECTS], ids=["Edge jobs", "classic objects"])


def script(**changes: Answer) -> dict[str, Answer]:
    """An account with one pipeline in each API, each of which ran once."""
    return {
        f"{EDGE}/pipelines": listed({"id": 5, "name": "e", "status": "ACTIVE"}),
        f"{EDGE}/pipelines/5": (200, {"id": 5, "name": "e", "status": "ACTIVE"}),
        f"{CLASSIC}/pipelines": listed({"id": 6, "source": {"name": "c"}}),
        f"{CLASSIC}/pipelines/6": (200, {"data": {"id": 6, "source": {"name": "c"}}}),
        JOBS: listed(JOB),
        OBJECTS: listed(OBJECT),
        **changes,
    }


def fails(answers: dict[str, Answer], output: Path) -> KadaError:
    """The error of a run, which left nothing behind."""
    with ScriptedServer(answers) as server, pytest.raises(KadaError) as raised:
        extract(server.url, output)
    assert not list((output / "hevo").glob("2*"))
    return raised.value


@LISTS
@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, PermissionDeniedError), (400, ApiError), (409, ApiError), (422, ApiError)],
)
def test_a_refusal_fails_the_run(
    status: int, kind: type[KadaError], path: str, tmp_path: Path
) -> None:
    error = fails(script(**{path: (status, {"message": "not for you"})}), tmp_path)
    assert isinstance(error, kind)
    assert f"GET {path} was answered with {status}: not for you" in str(error)
    assert "would be missing for good" in str(error)


@LISTS
def test_a_list_that_is_gone_while_its_pipeline_is_there_fails_the_run(
    path: str, tmp_path: Path
) -> None:
    error = fails(script(**{path: (404, {"message": "no such luck"})}), tmp_path)
    assert isinstance(error, ApiNotFoundError)
    assert "the pipeline is there" in str(error)


@LISTS
def test_a_list_that_is_gone_fails_the_run_where_its_pipeline_is_refused(
    path: str, tmp_path: Path
) -> None:
    refused: Answer = (403, {"message": "not for you"})
    pipeline = path.rpartition("/")[0]
    error = fails(script(**{path: MISSING, pipeline: refused}), tmp_path)
    assert isinstance(error, PermissionDeniedError)


@LISTS
@pytest.mark.parametrize(
    "answer", [MISSING, (410, None), (200, {"status": "DELETED"}), (200, {"status": "DELETING"})]
)
def test_a_pipeline_that_is_gone_is_counted_and_asked_for_once(
    answer: Any, path: str, tmp_path: Path
) -> None:
    pipeline = path.rpartition("/")[0]
    with ScriptedServer(script(**{path: MISSING, pipeline: answer})) as server:
        found = extract(server.url, tmp_path)
        assert server.requests["GET", pipeline] == 1
    assert found.warnings == {"not_found": 1}
    assert path in found.samples["not_found"]
    assert len(found.rows["EVENTS"]) == 1


def test_no_pipeline_is_asked_for_where_lists_are_there(tmp_path: Path) -> None:
    with ScriptedServer(script()) as server:
        assert len(extract(server.url, tmp_path).rows["EVENTS"]) == 2
        assert not {path for _, path in server.requests} & {JOBS[:-5], OBJECTS[:-8]}


@LISTS
@pytest.mark.parametrize("status", [403, 404, 422])
def test_the_mark_waits_for_a_list_that_was_refused_and_no_run_is_lost(
    status: int, path: str, tmp_path: Path
) -> None:
    window = Window(DAY, DAY + timedelta(days=1))
    marks, landing = FileMarkStore(tmp_path / "marks"), LocalLanding(tmp_path / "landing")

    def take(answers: dict[str, Answer]) -> None:
        with ScriptedServer(answers) as server:
            run_window(
                extractor(server.url, tmp_path / "out"),
                window,
                first=DAY,
                marks=marks,
                landing=landing,
                min_share_of_last=0.5,
                report=lambda _: None,
            )

    with pytest.raises(KadaError):
        take(script(**{path: (status, {"message": "not now"})}))
    assert marks.read("hevo").mark is None
    assert not list((tmp_path / "landing").glob("EVENTS*"))
    take(script())
    assert marks.read("hevo").mark == window.end
    [events] = (tmp_path / "landing").glob("EVENTS*")
    assert len(events.read_text().splitlines()) == 3
