"""The runner itself: what is not as a page has it is found, and what nobody can run is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.pages import Page
from kada_dagster_tests.docs.running import Execution, Runner, write_shown
from kada_dagster_tests.docs.shown import difference
from kada_dagster_tests.docs.world import World
from kada_dagster_tests.docs.yaml_blocks import YamlReader

Done = Callable[[str], Execution]


def page(folder: Path, text: str) -> Page:
    file = folder / f"page{len([*folder.glob('page*.md')])}.md"
    file.write_text(text, encoding="utf-8")
    return Page(file)


@pytest.fixture
def done(tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Done:
    """Does the blocks of a text."""

    def run(text: str) -> Execution:
        world = World(tmp_path, database="postgres")
        runner = Runner(world, YamlReader(tmp_path / "read"), postgres, monkeypatch)
        return runner.run(page(tmp_path, text))

    return run


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("3 rows\n", "4 rows\n"),
        ("a\nb\n", "a\n"),
        ("a ... c\n", "a b d\n"),
        ("until 2026-01-02 00:00:00\n", "until 2026-01-03 00:00:00\n"),
        ("", "error: something\n"),
    ],
)  # fmt: skip
def test_what_differs_is_found(shown: str, printed: str) -> None:
    found = difference(shown, printed)
    assert found is not None
    assert printed.strip() in found


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("2026-11-29 05:40:49 loaded, 0.31 s\n", "2027-01-02 06:00:01 loaded, 12.5 s\n"),
        ("shop  36,569 bytes  META.csv\n", "shop      1 bytes  META.csv\n"),
        ("run 038f15a9 of 127.0.0.1:5432\n", "run d32b3acf of 127.0.0.1:40193\n"),
        ("a ... c\n", "a b c\n"),
    ],
)
def test_what_changes_from_run_to_run_does_not_count(shown: str, printed: str) -> None:
    assert difference(shown, printed) is None


def test_lines_of_what_is_done_side_by_side_come_in_any_order() -> None:
    assert difference("a\nb\n", "b\na\n", any_order=True) is None
    assert difference("a\nb\n", "b\nc\n", any_order=True) is not None


def test_a_command_that_prints_something_else_is_named_with_its_code(done: Done) -> None:
    (fault,) = done("```\n$ echo one; exit 3\ntwo\n```\n").faults
    assert "page0.md:1" in fault
    assert "exit code 3 of: echo one; exit 3" in fault
    assert "one" in fault
    assert "two" in fault


def test_commands_without_output_must_end_well(done: Done) -> None:
    assert done("```\n$ true\n$ echo quiet\n```\n").faults == []
    (fault,) = done("```\n$ true\n$ echo broken; false\n```\n").faults
    assert "broken" in fault


def test_the_code_of_the_command_before_is_known(done: Done) -> None:
    assert done("```\n$ (exit 4)\n$ echo $?\n4\n```\n").faults == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```cobol\nMOVE A TO B.\n```\n", "nobody knows how to run 'cobol'"),
        ("```\nwhat some program printed\n```\n", "no command; say by a mark what shows it"),
    ],
)
def test_what_nobody_can_run_is_refused(text: str, fault: str, done: Done) -> None:
    (found,) = done(text).faults
    assert fault in found


def test_a_block_that_is_marked_is_counted_and_not_run(done: Done) -> None:
    execution = done("<!-- not run here: needs a cluster -->\n```\n$ false\nyes\n```\n")
    assert execution.faults == []
    assert [line.endswith("page0.md:2: needs a cluster") for line in execution.not_run] == [True]


def test_a_step_is_done_before_and_shows_what_it_printed(done: Done) -> None:
    text = "<!-- step: touch there -->\n<!-- step: ls there -->\n```\nthere\n```\n"
    assert done(text).faults == []
    assert done(text.replace("\nthere\n", "\ngone\n")).faults != []


def test_a_block_becomes_a_file_that_commands_use(done: Done) -> None:
    text = '<!-- file: a/b.json -->\n```json\n{"a": 1}\n```\n\n```\n$ cat a/b.json\n{"a": 1}\n```\n'
    assert done(text).faults == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```yaml\nsources:\n  - {name: shop, sever: x}\n```\n", ConfigError),
        ("```yaml\nsorces: []\nhigh_water_marks: {}\n```\n", ConfigError),
        ("```yaml\nmode: upsert\nsource: {table: a.b}\n```\n", ConfigError),
        ("```yaml\ntype: kada_dagster.LoaderProject\nattributes: {name: x}\n```\n", ConfigError),
        ("```sql\nCREATE TABEL t (id int);\n```\n", psycopg2.Error),
        ("```json\n{a: 1}\n```\n", ValueError),
        ("```python\nfrom kada_dagster import no_such_thing\n```\n", ImportError),
        ("<!-- step: true -->\n\nNo block.\n", AssertionError),
        ("```\nprinted\n$ before a command\n```\n", AssertionError),
    ],
)
def test_a_block_that_cannot_be_read_is_an_error(
    text: str, error: type[Exception], done: Done
) -> None:
    with pytest.raises(error):
        done(text)


def test_statements_leave_nothing_behind(done: Done, postgres: PostgresServer) -> None:
    assert done("```sql\nCREATE ROLE left_behind;\n```\n").faults == []
    connection = postgres.connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = 'left_behind'")
        assert cursor.rowcount == 0
    connection.close()


def test_a_page_is_written_anew_where_it_differs_and_nowhere_else(
    done: Done, tmp_path: Path
) -> None:
    text = "# Head\n\n```\n$ echo new\nold\n```\n\nBetween.\n\n```\n$ echo 1.5 s\n2.5 s\n```\n"
    execution = done(text)
    write_shown(Page(tmp_path / "page0.md"), execution)
    assert (tmp_path / "page0.md").read_text() == text.replace("\nold\n", "\nnew\n")
