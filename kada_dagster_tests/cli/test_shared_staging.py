"""`kada extract` on one host, `kada upload` on another, through a bucket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kada_dagster_tests.cli.conftest import Database, Kada
from kada_dagster_tests.extracts.shared_places import s3_environment
from kada_dagster_tests.landing.s3_server import S3Server

DAY = ["--start-hwm", "2024-01-01 00:00:00", "--end-hwm", "2024-01-02 00:00:00"]
FILES = ["LINKAGE_20240102000000.csv", "META_20240102000000.csv"]


def on(kada: Kada, folder: Path, variables: dict[str, str]) -> Kada:
    """The command on a host with a folder of temporary files of its own."""
    folder.mkdir()
    return replace(kada, env={**kada.env, **variables, "TMPDIR": str(folder)})


def test_what_one_host_extracted_another_uploads(
    kada: Kada, database: Database, s3_server: S3Server, tmp_path: Path
) -> None:
    url = f"s3://{s3_server.new_bucket()}/staging"
    source = database.source(more=f"    output_path: {url}\n")
    (kada.folder / "kada.yaml").write_text("sources:" + source)
    env = s3_environment(s3_server)
    one, two = (on(kada, tmp_path / name, env) for name in ("one", "two"))
    done = one("extract", "postgres", "--no-upload", *DAY)
    assert done.code == 0, done.err
    assert f"{url}/shop/20240101000000_20240102000000" in done.out
    assert not (kada.folder / "landing_shop").exists()
    planned = two("upload", "postgres", "--dry-run")
    assert planned.code == 0, planned.err
    assert all(name in planned.out for name in FILES)
    done = two("upload", "postgres")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (kada.folder / "landing_shop").iterdir()) == FILES
    assert (kada.folder / "hwm" / "shop_hwm.txt").read_text() == "2024-01-02 00:00:00\n"
    assert not list((tmp_path / "two").rglob("META_*")), "the copy went with the upload"


def test_one_command_does_it_all_through_the_bucket(
    kada: Kada, database: Database, s3_server: S3Server, tmp_path: Path
) -> None:
    url = f"s3://{s3_server.new_bucket()}/staging"
    source = database.source(more=f"    output_path: {url}\n")
    (kada.folder / "kada.yaml").write_text("sources:" + source)
    host = on(kada, tmp_path / "one", s3_environment(s3_server))
    done = host("extract", "postgres", *DAY)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (kada.folder / "landing_shop").iterdir()) == FILES
    assert not list((tmp_path / "one").rglob("META_*"))


def test_a_url_with_a_password_is_refused_and_not_repeated(kada: Kada, database: Database) -> None:
    source = database.source(more="    output_path: sftp://me:PLANTED@host/x\n")
    (kada.folder / "kada.yaml").write_text("sources:" + source)
    done = kada("extract", "postgres", *DAY)
    assert done.code == 2
    assert "output_path: must be a URL without password" in done.err
    assert "PLANTED" not in done.out + done.err
