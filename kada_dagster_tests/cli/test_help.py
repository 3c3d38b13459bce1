"""The command answers light questions lightly, and usage errors end with 2."""

from __future__ import annotations

import sys

import pytest

import kada_dagster
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster_tests.cli.conftest import Kada

HEAVY = {"dagster", "psycopg2", "pydantic", "rich", "yaml", "sqlglot", "requests", "boto3"}


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(kada: Kada, argument: str) -> None:
    script = (
        "import sys; from kada_dagster.cli import main; code = main(sys.argv[1:]); "
        "print(*sorted(sys.modules)); sys.exit(code)"
    )
    done = kada.run([sys.executable, "-c", script, argument])
    assert done.code == 0
    modules = {name.partition(".")[0] for name in done.out.splitlines()[-1].split()}
    assert "click" in modules
    assert not modules & HEAVY


def test_help_lists_every_command_and_each_has_its_own_help(kada: Kada) -> None:
    listed = kada.anew("--help").out
    for command in ("extract", "hwm"):
        assert f"  {command} " in listed
        assert kada.anew(command, "--help").code == 0


def test_the_version_is_that_of_the_package(kada: Kada) -> None:
    assert kada.anew("--version").out == f"kada {kada_dagster.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["extrct"],
        ["extract"],
        ["extract", "oracle"],
        ["extract", "postgres", "--nmae", "x"],
        ["hwm", "set", "shop"],
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(kada: Kada, arguments: list[str]) -> None:
    done = kada(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Error" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_type_of_source_names_the_known_ones(kada: Kada) -> None:
    done = kada("extract", "oracle")
    assert all(name in done.err for name in SOURCE_TYPES)
