"""Which configuration a command acts on: never another one than the user has in mind."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import parse_hwm
from kada_dagster_tests.cli.conftest import Kada

COMPONENT = Path("src/lake/defs/shop/defs.yaml")
MOMENT = "2026-01-05 00:00:00"


@pytest.fixture
def project(kada: Kada) -> Kada:
    """The command in a project that `kada init --components` made."""
    made = kada("init", "lake", "--components", "--name", "shop")
    assert made.code == 0, made.err
    return Kada(kada.folder / "lake", kada.env)


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["prune", "--days", "3"],
        ["fivetran", "snapshot"],
        ["fivetran", "status", "abc", "--name", "fivetran"],
    ],
)
def test_without_a_configuration_nothing_is_looked_at(kada: Kada, command: list[str]) -> None:
    """The packaged demo is for trying things out, and no answer about somebody's sources."""
    done = kada(*command)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: there is no kada.yaml here: give --config, set $KADA_CONFIG, or make a project "
        "with kada init\n"
    )


def test_a_mark_is_made_only_where_something_reads_it(project: Kada) -> None:
    done = project("hwm", "set", "shop", MOMENT)
    assert (done.code, done.out) == (2, "")
    assert "there is neither a kada.yaml nor a shop_hwm.txt here: give --config" in done.err
    assert "--hwm-path" in done.err
    assert not (project.folder / "shop_hwm.txt").exists()
    assert project("hwm", "set", "shop", MOMENT, "--hwm-path", ".").code == 0
    assert project("hwm", "set", "shop", "2026-01-06 00:00:00").code == 0
    assert (project.folder / "shop_hwm.txt").read_text().startswith("2026-01-06")


def test_the_marks_of_a_component_are_where_it_keeps_them(project: Kada) -> None:
    done = project("hwm", "set", "shop", MOMENT, "-c", str(COMPONENT))
    assert done.code == 0, done.err
    assert FileMarkStore(project.folder / "data" / "marks").read("shop").mark == parse_hwm(MOMENT)
    assert project("hwm", "show", "-c", str(COMPONENT)).out.startswith(f"shop: {MOMENT} UTC")
    assert project("hwm", "show", "shpo", "-c", str(COMPONENT)).code == 2


def test_extract_and_upload_take_a_component(project: Kada) -> None:
    file = project.folder / COMPONENT
    landing = ["--landing", "landing"]
    sent = project("upload", "postgres", "-c", str(COMPONENT), "--dry-run", *landing)
    assert (sent.code, sent.out) == (0, "nothing to send\n"), sent.err
    file.write_text(file.read_text().replace("SHOP_PASSWORD", "NOT_SET"))
    extracted = project("extract", "postgres", "-c", str(COMPONENT))
    assert "NOT_SET" in extracted.err
    assert "configured in" in extracted.err


def test_a_template_that_only_dagster_fills_in_is_refused(project: Kada) -> None:
    file = project.folder / COMPONENT
    marks = "{type: file, path: '{{ project_root }}/marks'}"
    text, _, _ = file.read_text().partition("{type: file,")
    file.write_text(text + marks + "\n")
    done = project("hwm", "set", "shop", MOMENT, "-c", str(COMPONENT))
    assert done.code == 2
    assert f"{COMPONENT}: holds a template, {{{{ ... }}}}, which only Dagster fills in" in done.err


@pytest.mark.parametrize("command", [["status"], ["prune", "--days", "3"]])
def test_what_needs_a_kada_yaml_says_so_of_a_component(project: Kada, command: list[str]) -> None:
    done = project(*command, "-c", str(COMPONENT))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {COMPONENT}: that is a component; kada {command[0]} needs a kada.yaml\n"
    )


def test_an_account_and_a_loader_may_be_components(kada: Kada) -> None:
    file = kada.folder / "defs.yaml"
    file.write_text(
        "type: kada_dagster.FivetranAccount\n"
        "attributes: {name: a, api_key: '${NOT_SET}', api_secret: '${NOT_SET}'}\n"
    )
    assert "NOT_SET" in kada("fivetran", "snapshot", "-c", "defs.yaml").err
    file.write_text("type: kada_dagster.LoaderProject\nattributes: {name: a, project: load}\n")
    assert "load: is no loader project" in kada("load", "check", "-c", "defs.yaml").err


@pytest.mark.parametrize(
    "command", [["status"], ["hwm", "show"], ["extract", "postgres"], ["load", "check"], ["doctor"]]
)
def test_a_folder_is_not_taken_for_a_file_that_is_missing(kada: Kada, command: list[str]) -> None:
    done = kada(*command, "-c", ".")
    assert done.code in (1, 2)
    assert ".: is a folder; name the file in it, as kada.yaml" in done.err + done.out


def test_the_sign_that_a_file_lacks_is_said(kada: Kada) -> None:
    (kada.folder / "kada.yaml").write_text("sources: [\n  {type: postgres\n")
    done = kada("hwm", "show")
    assert done.code == 2
    assert "kada.yaml:3: not YAML: did not find expected ',' or '}'; " in done.err


def test_a_first_window_that_is_still_to_come_is_said_by_its_key(kada: Kada) -> None:
    source = "{type: postgres, name: shop, server: s, username: u, window: {start: %s}}"
    (kada.folder / "kada.yaml").write_text(f"sources: [{source % '9000-01-01 00:00:00'}]")
    done = kada("extract", "postgres")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: kada.yaml: nothing to extract: shop has no mark yet, and its window.start is "
        "9000-01-01 00:00:00, which is not before "
    )
    assert done.err.endswith("correct window.start, or give --start-hwm\n")


def test_a_project_with_a_name_that_no_folder_can_have_is_refused(kada: Kada) -> None:
    done = kada("init", "n" * 300)
    assert (done.code, done.err) == (2, f"error: {'n' * 300}: file name too long\n")
