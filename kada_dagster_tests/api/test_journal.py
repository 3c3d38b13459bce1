"""The journal: what was put is there after any crash, and damage costs calls at most."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.api.journal import MOST_BYTES, Journal
from kada_dagster.errors import StagingError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "crawl.journal"


def stored(path: Path, *keys: str) -> list[Any]:
    with Journal(path) as journal:
        return [journal.get(key) for key in keys]


def test_what_was_put_is_there_in_the_next_crawl(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.get("a") is None
        assert "a" not in journal
        journal.put("a", {"x": [1, None, "ü\n"]})
        assert journal.get("a") == {"x": [1, None, "ü\n"]}
    assert stored(path, "a", "b") == [{"x": [1, None, "ü\n"]}, None]


@given(st.dictionaries(st.text(), JSON, max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_key_and_any_json_survive(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "journal"
    with Journal(path) as journal:
        for key, value in answers.items():
            journal.put(key, value)
    with Journal(path) as journal:
        assert {key: journal.get(key) for key in answers} == answers
        assert all(key in journal for key in answers)


def test_the_later_of_two_answers_counts(path: Path) -> None:
    with Journal(path) as journal:
        journal.put("a", 1)
        journal.put("a", 2)
        assert journal.get("a") == 2
    assert stored(path, "a") == [2]


def test_an_answer_that_is_there_is_not_asked_for_again(path: Path) -> None:
    asked: list[str] = []

    def fetch() -> None:
        asked.append("once")

    for _ in range(2):
        with Journal(path) as journal:
            assert journal.answer("nothing there", fetch) is None
            assert journal.answer("a", lambda: 7) == 7
            assert "nothing there" in journal
    assert asked == ["once"]


def test_an_answer_that_could_not_be_had_is_not_kept(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(ZeroDivisionError):
            journal.answer("a", lambda: 1 / 0)
        assert "a" not in journal


def test_it_is_its_owners_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"")
    path.chmod(0o644)
    with Journal(path) as journal:
        journal.put("a", 1)
        assert path.stat().st_mode & 0o777 == 0o600
        journal.put("b", 1)
        journal.complete()
    assert path.stat().st_mode & 0o777 == 0o600


@given(st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_file_cut_anywhere_keeps_every_whole_line_and_takes_more(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "cut"
    path.unlink(missing_ok=True)
    ends: list[int] = []
    with Journal(path) as journal:
        for number in range(5):
            journal.put(f"k{number}", {"n": number, "text": "é" * number})
            ends.append(path.stat().st_size)
    cut = data.draw(st.integers(0, ends[-1]))
    os.truncate(path, cut)
    whole = [number for number in range(5) if ends[number] <= cut]
    with Journal(path) as journal:
        assert [number for number in range(5) if f"k{number}" in journal] == whole
        journal.put("more", "!")
    assert stored(path, "more", *(f"k{number}" for number in whole)) == [
        "!",
        *({"n": number, "text": "é" * number} for number in whole),
    ]


@given(st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damage_anywhere_is_never_an_error_and_never_a_wrong_answer(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "damaged"
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        for number in range(5):
            journal.put(f"k{number}", [number] * 3)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    path.write_bytes(content)
    found = stored(path, *(f"k{number}" for number in range(5)))
    assert all(value in (None, [number] * 3) for number, value in enumerate(found))


def test_damage_while_it_is_open_is_noticed(path: Path) -> None:
    with Journal(path) as journal:
        journal.put("a", "first")
        os.truncate(path, 5)
        assert journal.get("a") is None
        assert "a" not in journal
        assert journal.answer("a", lambda: "again") == "again"
        assert journal.get("a") == "again"


def test_a_completed_crawl_keeps_what_it_used_and_nothing_else(path: Path) -> None:
    with Journal(path) as journal:
        for number in range(100):
            journal.put(f"path/{number}?mark=1", ["x" * 100])
        journal.complete()
    size = path.stat().st_size
    with Journal(path) as journal:
        for number in range(50):
            journal.get(f"path/{number}?mark=1")
        journal.put("path/50?mark=2", "new")
        journal.complete()
        assert path.stat().st_size < size * 0.6
        assert journal.get("path/7?mark=1") == ["x" * 100]
        journal.put("after", 1)
    assert stored(path, "path/49?mark=1", "path/50?mark=2", "path/50?mark=1", "after") == [
        ["x" * 100],
        "new",
        None,
        1,
    ]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_crawl_after_crawl_the_file_does_not_grow(path: Path) -> None:
    sizes: list[int] = []
    for crawl in range(5):
        with Journal(path) as journal:
            for number in range(20):
                journal.answer(f"{number}?mark={crawl % 10}", lambda: "x" * 50)
            journal.complete()
        sizes.append(path.stat().st_size)
    assert len(set(sizes)) == 1


def test_a_crawl_may_keep_nothing(path: Path) -> None:
    with Journal(path) as journal:
        journal.put("a", 1)
        journal.complete(keep=False)
        assert "a" not in journal
    assert stored(path, "a") == [None]


def test_a_file_of_another_kind_or_too_large_is_begun_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"kada journal 2\nwhatever\n")
    assert stored(path, "a") == [None]
    with Journal(path) as journal:
        journal.put("a", 1)
    os.truncate(path, MOST_BYTES + 1)  # sparse
    with Journal(path) as journal:
        assert "a" not in journal
        journal.put("b", 2)
    assert path.stat().st_size < 1000
    assert stored(path, "b") == [2]


SCRIPT = """
    import os, signal, sys
    from pathlib import Path
    from kada_dagster.api.journal import Journal
    journal = Journal(Path(sys.argv[1]))
    for number in range(1000):
        journal.put(f"k{number}", number)
        if number == 700:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_it_put(path: Path) -> None:
    command = [sys.executable, "-c", dedent(SCRIPT), str(path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.returncode == -signal.SIGKILL
    assert stored(path, "k0", "k700", "k701") == [0, 700, None]


def test_many_threads_may_use_it(path: Path) -> None:
    with Journal(path) as journal:

        def work(worker: int) -> None:
            for number in range(50):
                journal.put(f"{worker}/{number}", [worker, number])
                assert journal.get(f"{worker}/{number}") == [worker, number]

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Journal(path) as journal:
        for worker in range(8):
            for number in range(50):
                assert journal.get(f"{worker}/{number}") == [worker, number]


def test_two_crawls_on_one_file_do_not_mix_up_their_answers(path: Path) -> None:
    with Journal(path) as one, Journal(path) as other:
        for number in range(20):
            one.put(f"one/{number}", number)
            other.put(f"other/{number}", -number)
        assert [one.get(f"one/{number}") for number in range(20)] == list(range(20))
        assert [other.get(f"other/{number}") for number in range(20)] == [-n for n in range(20)]
    assert stored(path, "one/19", "other/19") == [19, -19]


def test_what_is_no_json_is_refused_and_leaves_no_trace(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(TypeError):
            journal.put("a", {1, 2})
        assert "a" not in journal


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StagingError, match="file/journal"):
        Journal(tmp_path / "file" / "journal")
    with pytest.raises(StagingError, match="remove the file"):
        Journal(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / "journal").symlink_to(tmp_path / "precious")
    with pytest.raises(StagingError):
        Journal(tmp_path / "journal")
    assert (tmp_path / "precious").read_text() == "keep me"


FULL = """
    import resource, sys
    from pathlib import Path
    from kada_dagster.api.journal import Journal
    from kada_dagster.errors import StagingError
    journal = Journal(Path(sys.argv[1]))
    journal.put("before", 1)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))  # as full as a disk can be
    for _ in range(2):
        try:
            journal.put("too much", "x" * 200)
        except StagingError as error:
            assert "make room" in str(error), error
        else:
            raise AssertionError("it had room")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    journal.put("after", 2)
    assert "too much" not in journal
    assert (journal.get("before"), journal.get("after")) == (1, 2)
"""


def test_a_full_disk_is_told_and_what_was_kept_stays(path: Path) -> None:
    command = [sys.executable, "-c", dedent(FULL), str(path)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=True)
    assert stored(path, "before", "too much")[0] == 1
    with Journal(path) as journal:
        journal.put("later", 3)
    assert stored(path, "before", "later") == [1, 3]


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o644)
    with pytest.raises(StagingError, match="no regular file"):
        Journal(tmp_path / "pipe")
    assert (tmp_path / "pipe").stat().st_mode & 0o777 == 0o644
