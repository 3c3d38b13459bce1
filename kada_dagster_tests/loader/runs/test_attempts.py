"""One load with its retries, and what is interrupted in the middle of one."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, main_thread

import pytest

from kada_dagster.errors import ConnectionFailedError, KadaError
from kada_dagster.loader.engine.stopping import LoadStoppedError, Stop, breakable
from kada_dagster.loader.engine.watching import watched
from kada_dagster.loader.errors import LoadBusyError, TargetError
from kada_dagster.loader.quality import Quality
from kada_dagster.loader.runs.attempts import attempt
from kada_dagster.loader.runs.choice import Load
from kada_dagster.loader.runs.outcome import Outcome
from kada_dagster_tests.loader.runs.loads import project, result, until

AGAIN = "retries: {max_retries: 3, delay_seconds: 0}\n"


class Failing:
    """Raises one error after another, then loads."""

    def __init__(self, *errors: Exception) -> None:
        self._errors: Iterator[Exception] = iter(errors)
        self.calls = 0

    def __call__(self, load: Load, _report: object) -> object:
        self.calls += 1
        for error in self._errors:
            raise error
        return result(load)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    file = "mode: full\nsource: {table: t}\n"
    made = project(tmp_path, {"r/s/a": ""})
    (made.folder / "routes/r/s/a/task.yaml").write_text(file + AGAIN)
    return Load(project(tmp_path, {"r/s/b": ""}).tasks["s.a"])


def outcome(load: Load, work: object, stop: Stop | None = None) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    return attempt(load, work, said.append, stop or Stop()), said  # type: ignore[arg-type]


def test_an_error_that_may_pass_is_tried_again_until_it_has(load: Load) -> None:
    work = Failing(ConnectionFailedError("gone"), LoadBusyError("busy"))
    found, said = outcome(load, work)
    assert (found.status, found.attempts, work.calls) == ("loaded", 3, 3)
    assert said == ["gone - again in 0 s (1 of 3)", "busy - again in 0 s (2 of 3)"]


def test_it_is_given_up_after_the_last_retry(load: Load) -> None:
    errors = [ConnectionFailedError(str(number)) for number in range(9)]
    found, _ = outcome(load, Failing(*errors))
    assert (found.status, found.attempts, found.error) == ("failed", 4, errors[3])
    assert found.exit_code == 4


@pytest.mark.parametrize("error", [TargetError("no"), KadaError("no"), ValueError("no")])
def test_any_other_error_ends_it_at_once(load: Load, error: Exception) -> None:
    found, _ = outcome(load, Failing(error))
    assert (found.attempts, found.error) == (1, error)
    assert found.exit_code == 1


def test_pauses_double(tmp_path: Path) -> None:
    made = project(tmp_path, {"r/s/a": ""})
    file = made.folder / "routes/r/s/a/task.yaml"
    text = "mode: full\nsource: {table: t}\nretries: {max_retries: 99, delay_seconds: 600}\n"
    file.write_text(text)
    slow = Load(project(tmp_path, {"r/s/b": ""}).tasks["s.a"])
    stop = Stop()
    waited: list[float] = []
    stop.wait = waited.append  # type: ignore[method-assign]
    outcome(slow, Failing(*(ConnectionFailedError("x") for _ in range(6))), stop)
    assert waited == [600, 1200, 2400, 3600, 3600, 3600]


def test_a_pause_ends_when_all_is_stopped(load: Load, tmp_path: Path) -> None:
    file = load.task.document.file
    file.write_text(file.read_text().replace("delay_seconds: 0", "delay_seconds: 600"))
    slow = Load(project(tmp_path, {"r/s/b": ""}).tasks["s.a"])
    stop, found = Stop(), list[Outcome]()
    work = Failing(ConnectionFailedError("gone"))
    thread = Thread(target=lambda: found.append(outcome(slow, work, stop)[0]))
    thread.start()
    until(lambda: work.calls == 1)
    stop.set()
    thread.join(10)
    assert isinstance(found[0].error, LoadStoppedError)


def test_an_error_that_a_stop_made_is_not_tried_again(load: Load) -> None:
    stop = Stop()

    def work(_load: Load, _report: object) -> object:
        stop.set()
        raise ConnectionFailedError("cut")

    found, said = outcome(load, work, stop)
    assert isinstance(found.error, LoadStoppedError)
    assert said == []


def test_checks_are_an_outcome_of_their_own(load: Load) -> None:
    checked = Load(load.task, checks=("unique", "not_null"))
    good = Quality("unique", True, "comes once")
    found, _ = outcome(checked, lambda _load, _report: [good])
    assert (found.status, found.exit_code, found.holds_others) == ("checked", 0, False)
    bad = Quality("not_null", False, "rows without a value: x: 2")
    found, _ = outcome(checked, lambda _load, _report: [good, bad])
    assert (found.status, found.exit_code, found.holds_others) == ("failed", 1, False)
    assert found.reason == "not_null: rows without a value: x: 2"
    assert [check["passed"] for check in found.facts()["checks"]] == [True, False]


def test_work_is_broken_off_when_the_thread_that_waits_for_it_is_interrupted() -> None:
    broken: list[str] = []
    is_cut = False

    def cut() -> None:
        nonlocal is_cut
        is_cut = True

    def work(_report: object) -> None:
        with breakable(cut):
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
            while not is_cut:
                time.sleep(0.005)
        broken.append("off")

    with pytest.raises(KeyboardInterrupt):
        watched(work, lambda _what: None)
    assert broken == ["off"]
