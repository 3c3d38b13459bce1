"""The vendor's documented wrapper script runs with nothing but its import lines changed.

The script is that of the vendor's page "Postgres (via Collector method) - v3.0.2", step 5.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kada_dagster.hwm.window import STAMP_FORMAT, parse_hwm
from kada_dagster_tests.cli.conftest import PASSWORD, Database, Kada, Result

SCRIPT = """import os
import argparse
from kada_dagster import load_config, get_hwm, publish_hwm, get_generic_logger
from kada_dagster.postgres import Extractor

get_generic_logger('root') # Set to use the root logger, you can change the context accordingly or define your own logger

_type = 'postgres'
dirname = os.path.dirname(__file__)
filename = os.path.join(dirname, 'kada_{}_extractor_config.json'.format(_type))

parser = argparse.ArgumentParser(description='KADA Postgres Extractor.')
parser.add_argument('--config', '-c', dest='config', default=filename, help='Location of the configuration json, default is the config json in the same directory as the script.')
parser.add_argument('--name', '-n', dest='name', default=_type, help='Name of the collector instance.')
args = parser.parse_args()

start_hwm, end_hwm = get_hwm(args.name)

ext = Extractor(**load_config(args.config))
ext.test_connection()
ext.run(**{"start_hwm": start_hwm, "end_hwm": end_hwm})

publish_hwm(_type, end_hwm)
"""  # noqa: E501


@pytest.fixture
def installed(kada: Kada, database: Database) -> Kada:
    """The script in a folder of its own, with its configuration beside it."""
    folder = kada.folder / "collector"
    folder.mkdir()
    (folder / "kada_postgres_extractor.py").write_text(SCRIPT)
    config = {**database.vendor, "output_path": str(kada.folder / "output")}
    (folder / "vendor.json").write_text(json.dumps(config))
    return kada


def run(kada: Kada, *arguments: str) -> Result:
    script = "collector/kada_postgres_extractor.py"
    done = kada.run([sys.executable, script, "-c", "collector/vendor.json", *arguments])
    assert PASSWORD not in done.out + done.err
    return done


def runs(kada: Kada) -> list[Path]:
    return sorted((kada.folder / "output" / "postgres").glob("[0-9]*"))


def test_it_extracts_and_publishes_the_mark_in_the_current_folder(installed: Kada) -> None:
    done = run(installed)
    assert done.code == 0, done.err
    (folder,) = runs(installed)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {file["family"] for file in manifest["files"]} == {"META", "LINKAGE"}
    mark = (installed.folder / "postgres_hwm.txt").read_text()
    assert mark == manifest["end_hwm"] + "\n"


def test_the_next_run_begins_where_the_last_one_ended(installed: Kada) -> None:
    (installed.folder / "postgres_hwm.txt").write_text("2024-01-02 00:00:00\n")
    assert run(installed).code == 0
    (folder,) = runs(installed)
    assert folder.name.startswith("20240102000000_")


def test_its_default_configuration_is_the_file_beside_it(installed: Kada) -> None:
    folder = installed.folder / "collector"
    (folder / "vendor.json").rename(folder / "kada_postgres_extractor_config.json")
    done = installed.run([sys.executable, str(folder / "kada_postgres_extractor.py")])
    assert done.code == 0, done.err


def test_a_name_of_its_own_is_where_the_window_is_read_from(installed: Kada) -> None:
    """The script itself publishes under the type, not the name; that is the vendor's slip."""
    (installed.folder / "other_hwm.txt").write_text("2024-03-04 05:06:07\n")
    assert run(installed, "--name", "other").code == 0
    (folder,) = runs(installed)
    assert folder.name.startswith("20240304050607_")
    assert (installed.folder / "other_hwm.txt").read_text() == "2024-03-04 05:06:07\n"
    published = (installed.folder / "postgres_hwm.txt").read_text()
    assert parse_hwm(published.strip()).strftime(STAMP_FORMAT) in folder.name


def test_a_wrong_password_publishes_nothing_and_is_not_shown(installed: Kada) -> None:
    file = installed.folder / "collector" / "vendor.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "password": PASSWORD + "x"}))
    done = run(installed)
    assert done.code == 1
    assert "PermissionDeniedError" in done.err
    assert not (installed.folder / "postgres_hwm.txt").exists()
    assert runs(installed) == []


def test_an_unknown_key_is_named(installed: Kada) -> None:
    file = installed.folder / "collector" / "vendor.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "databses": []}))
    assert "databses" in run(installed).err
    assert not (installed.folder / "postgres_hwm.txt").exists()
