"""An installation that is broken: packages of other versions, extras that are missing."""

from __future__ import annotations

from pathlib import Path

import yaml

from kada_dagster_tests.cli.conftest import Kada

_WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name in ("openpyxl", "pymysql", "s3fs"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocked())
from kada_dagster.cli import main
sys.exit(main(sys.argv[1:]))
"""


def metadata(folder: Path, name: str, version: str) -> None:
    """A package that says it is of that version, in the way of the one that is installed."""
    place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    place.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (place / "METADATA").write_text(text)


def test_other_versions_and_missing_extras_are_told(kada: Kada) -> None:
    fakes = kada.folder / "fakes"
    metadata(fakes, "sqlalchemy", "2.1.9")
    metadata(fakes, "dagster-postgres", "0.29.20")
    metadata(fakes, "pymysql", "0.10.1")
    metadata(fakes, "pytest", "7.4.4")  # of this package's own tests: theirs may be another
    source = {"type": "hevo", "name": "hevo", "api_key": "${SHOP_PASSWORD}", "region": "eu"}
    source |= {"api_secret": "${SHOP_PASSWORD}", "window": {"start": "2026-01-01 00:00:00"}}
    config = {
        "sources": [{**source, "output_path": "s3://bucket/staging"}],
        "loader": [{"name": "dwh", "project": "load"}],
    }
    (kada.folder / "kada.yaml").write_text(yaml.safe_dump(config))
    tasks = kada.folder / "load" / "routes" / "erp"
    profiles = {
        "target": {"type": "postgres", "host": "h", "database": "d"},
        "erp": {"type": "mysql", "host": "h", "database": "d"},
        "office": {"type": "folder", "path": "."},
    }
    files = {
        "route.yaml": "source: erp\n",
        "s/one/task.yaml": "mode: full\nsource: {table: t}\n",
        "s/two/task.yaml": "mode: file\nsource: {connection: office, files: {pattern: a/*.xlsx}}\n",
    }
    for name, text in files.items():
        (tasks / name).parent.mkdir(parents=True, exist_ok=True)
        (tasks / name).write_text(text)
    (kada.folder / "load" / "connections.yaml").write_text(yaml.safe_dump(profiles))
    command = kada.command("doctor", "--offline", "--json")
    python, arguments = command[0], command[3:]
    env = {**kada.env, "PYTHONPATH": f"{fakes}:{kada.environment['PYTHONPATH']}"}
    done = Kada(kada.folder, env).run([python, "-c", _WITHOUT, *arguments])
    failed = [f"{one['check']}: {one['message']}" for one in done.json if one["status"] == "FAIL"]
    assert failed == [
        "packages: sqlalchemy 2.1.9 does not work with kada_dagster 0.1.0: "
        "pip install 'sqlalchemy<2.1,>=2'",
        "packages: pymysql 0.10.1 does not work with kada_dagster 0.1.0: "
        "pip install 'pymysql<2,>=1.2'",
        "dagster: dagster-postgres 0.29.20 are not of the release of dagster 1.13.27: pip install "
        "those that begin with 1. as ==1.13.27, the others as ==0.29.27",
        "extras: output_path of hevo needs s3fs, which is not installed: "
        "pip install 'kada_dagster[shared-s3]'",
        "extras: connection erp needs pymysql, which is not installed: "
        "pip install 'kada_dagster[mysql]'",
        "extras: task s.two needs openpyxl, which is not installed: "
        "pip install 'kada_dagster[files]'",
    ]
    assert done.code == 1


def test_variables_of_a_file_come_before_the_environment(kada: Kada) -> None:
    """Dagster's commands do so with .env: what holds there is what is looked at."""
    source = {"type": "hevo", "name": "hevo", "api_key": "${HEVO_KEY}", "region": "eu"}
    source |= {"api_secret": "${HEVO_KEY}", "window": {"start": "2026-01-01 00:00:00"}}
    (kada.folder / "kada.yaml").write_text(yaml.safe_dump({"sources": [source]}))
    (kada.folder / ".env").write_text("HEVO_KEY=of-the-file\n")
    empty = Kada(kada.folder, {"HEVO_KEY": "", "DAGSTER_HOME": str(kada.folder)})
    for arguments, status in (([], "FAIL"), (["--env-file", ".env"], "OK")):
        found = empty("doctor", "hevo", "--offline", "--json", *arguments).json
        assert [one["status"] for one in found if one["check"] == "secrets"] == [status]
