"""Ways to break what is on this machine: files, folders, disks, marks, loader, instance."""

from __future__ import annotations

import time

import pytest
from dagster import DagsterInstance
from dagster._daemon.types import DaemonHeartbeat

from kada_dagster_tests.cli.doctor_breaks import SET_IT, closed_port
from kada_dagster_tests.cli.doctor_site import Site
from kada_dagster_tests.extracts.shared_places import s3_environment
from kada_dagster_tests.hwm.faults import read_only, small_disk
from kada_dagster_tests.landing.s3_access import allow


def a_key_is_misspelt(site: Site) -> list[str]:
    site.source("shop")["databses"] = []
    return [
        "config  kada.yaml  kada.yaml:16: sources[0].databses: unknown key; did you mean "
        "'databases'?"
    ]


def there_is_no_configuration(site: Site) -> list[str]:
    site.stack.callback((site.folder / "gone.yaml").unlink)
    site.write()
    (site.folder / "kada.yaml").rename(site.folder / "gone.yaml")
    site.config = {}
    return [
        "config  kada.yaml  there is no kada.yaml here: give --config, set $KADA_CONFIG, or "
        "make a project with kada init"
    ]


def the_landing_is_read_only(site: Site) -> list[str]:
    folder = site.folder / "landing_shop"
    folder.mkdir()
    site.stack.enter_context(read_only(folder))
    return [
        f"shop  landing  landing.path: cannot write {folder}: the file system is read-only: "
        "choose another landing.path"
    ]


def a_file_is_where_runs_are_written(site: Site) -> list[str]:
    (site.folder / "output").write_text("")
    found = [
        f"{name}  staging  output_path: cannot write {site.folder / 'output'}: a file is in the "
        "way: choose another output_path"
        for name in ("shop", "hevo", "hightouch", "syncs")
    ]
    return found


def the_disk_is_nearly_full(site: Site) -> list[str]:
    folder = site.folder / "small"
    folder.mkdir()
    site.source("hevo")["output_path"] = "small"
    if not site.stack.enter_context(small_disk(folder, 20_000_000)):
        pytest.skip("this user cannot mount a small disk")
    return [
        f"machine  disk  20 MB are free on the disk of {folder} (staging of hevo): free space, "
        "or choose a folder on another disk"
    ]


def a_mark_is_damaged(site: Site) -> list[str]:
    mark = site.folder / "hwm" / "hevo_hwm.txt"
    mark.parent.mkdir()
    mark.write_bytes(b"\x00\xffgarbage")
    return [
        f"hevo  mark  high water mark {mark}: its line is not a moment; it must hold one line "
        "YYYY-MM-DD HH:MM:SS (UTC). Correct it, or set the mark with `kada hwm set`"
    ]


def the_marks_of_the_bucket_are_closed(site: Site) -> list[str]:
    bucket = site.servers.bucket
    statement = allow(bucket, "s3:*")
    statement["Resource"] = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/lz/hevo/landing/*"]
    keys = site.servers.s3.user(statement)
    site.monkeypatch.setenv("S3_KEY", keys.access_key_id)
    site.monkeypatch.setenv("S3_SECRET", keys.secret_access_key)
    site.config["high_water_marks"] = {"type": "landing"}
    return [
        f"hevo  mark  high water mark s3://{bucket}/lz/hevo/hwm/hevo_hwm_ahead.json: the "
        "credentials may not do this: let them s3:GetObject and s3:ListBucket (else a missing "
        "object looks like this) there (and use the bucket's encryption key, where it has one) "
        "(AccessDenied)"
    ]


def the_role_may_not_make_the_tables_of_marks(site: Site) -> list[str]:
    port, database = site.servers.postgres.port, site.new_database()
    site.config["high_water_marks"] = site.marks_in_tables(database)
    return [
        f"marks  tables  high_water_marks: 127.0.0.1:{port}/{database}: permission denied for "
        f"database {database}; grant it to the role, or let another role make the tables: "
        "docs/marks.md has the statements"
    ]


def the_folder_of_marks_is_read_only(site: Site) -> list[str]:
    folder = site.folder / "hwm"
    folder.mkdir()
    site.stack.enter_context(read_only(folder))
    return [
        f"marks  folder  high water mark {folder}: the file system is read-only: choose another "
        "folder for high water marks"
    ]


def the_bucket_of_runs_does_not_exist(site: Site) -> list[str]:
    site.source("syncs")["output_path"] = "s3://kada-no-such-bucket/staging"
    for name, value in s3_environment(site.servers.s3).items():
        site.monkeypatch.setenv(name, value)
    return [
        "syncs  staging  output_path: s3://kada-no-such-bucket/staging/syncs cannot be written: "
        "there is no such bucket or container; make it, or correct output_path"
    ]


def the_snapshot_is_damaged(site: Site) -> list[str]:
    file = site.folder / "account_snapshot.json"
    file.write_text('{"format": 1, "taken')
    return [
        f"account  snapshot  {file}: this is no snapshot of a Fivetran account (this is not "
        "JSON); make it anew with `kada fivetran snapshot` or the account's snapshot job"
    ]


def the_sql_file_of_a_task_is_missing(site: Site) -> list[str]:
    task = site.folder / "load/routes/erp/staging/t/task.yaml"
    task.write_text("mode: sql\nsql: [fill.sql]\n")
    return [f"dwh  project  {task}:1: {task.parent / 'fill.sql'}: there is no such file"]


def the_target_may_not_be_changed(site: Site) -> list[str]:
    grant = f"GRANT USAGE ON SCHEMA staging TO {site.role}"
    database = site.new_database("CREATE SCHEMA staging", grant)
    site.connections["target"] = {**site.connections["target"], "database": database}
    role = site.role
    return [
        f"dwh  target permissions  there is no schema kada_loader, and {role} may not make one: "
        f'CREATE SCHEMA "kada_loader" AUTHORIZATION "{role}"',
        f"dwh  target permissions  {role} may not make tables in schema staging: GRANT USAGE, "
        f'CREATE ON SCHEMA "staging" TO "{role}"',
    ]


def a_source_of_the_loader_is_down(site: Site) -> list[str]:
    port = closed_port()
    site.connections["erp"] = {**site.connections["erp"], "port": port}
    return [
        f"dwh  erp server  127.0.0.1:{port} refuses connections: start the server, or correct "
        "server and port"
    ]


def a_variable_of_the_loader_is_not_set(site: Site) -> list[str]:
    site.connections["erp"] = {**site.connections["erp"], "password": "${ERP_PASSWORD}"}
    return [f"dwh  erp secrets  environment variable ERP_PASSWORD is not set: {SET_IT}"]


def a_variable_that_a_task_sends_is_not_set(site: Site) -> list[str]:
    site.connections["web"] = {"type": "http", "url": "http://127.0.0.1:1"}
    route = site.folder / "load" / "routes" / "web"
    task = route / "staging" / "orders" / "task.yaml"
    task.parent.mkdir(parents=True)
    (route / "route.yaml").write_text("source: web\n")
    http = '{path: /orders, params: {api_key: "${WEB_KEY}"}}'
    task.write_text(f"mode: http\nsource: {{http: {http}}}\ntarget: {{ddl: auto}}\n")
    return [
        f"dwh  web secrets  environment variable WEB_KEY is not set: {SET_IT}",
    ]


def the_home_of_dagster_is_relative(site: Site) -> list[str]:
    site.monkeypatch.setenv("DAGSTER_HOME", "home")
    return [
        f"dagster  home  $DAGSTER_HOME is 'home', which is relative: give the full path, "
        f"{site.folder / 'home'} from here"
    ]


def the_home_of_dagster_is_gone(site: Site) -> list[str]:
    home = site.folder / "elsewhere"
    site.monkeypatch.setenv("DAGSTER_HOME", str(home))
    return [
        f"dagster  home  $DAGSTER_HOME: there is no folder {home}: make it, or name another one"
    ]


def a_key_of_dagster_yaml_is_wrong(site: Site) -> list[str]:
    file = site.folder / "home" / "dagster.yaml"
    file.write_text(file.read_text() + "run_queu: {}\n")
    return [
        f"dagster  dagster.yaml  {file}: Dagster refuses it: Received unexpected config "
        'entry "run_queu" at the root.'
    ]


def the_storage_of_dagster_is_down(site: Site) -> list[str]:
    file, port = site.folder / "home" / "dagster.yaml", closed_port()
    url = f"postgresql+psycopg2://kada:{site.password}@127.0.0.1:{port}/dagster"
    file.write_text(f"{file.read_text()}storage: {{postgres: {{postgres_url: '{url}'}}}}\n")
    return [
        f'dagster  storage  127.0.0.1:{port}/dagster: connection to server at "127.0.0.1", port '
        f"{port} failed: Connection refused; Is the server running on that host and accepting "
        "TCP/IP connections?: start the server, or correct storage.postgres of dagster.yaml"
    ]


def the_daemons_of_dagster_have_died(site: Site) -> list[str]:
    long_ago = time.time() - 7200
    with DagsterInstance.from_config(str(site.folder / "home")) as instance:
        names = sorted(instance.get_required_daemon_types())
        for name in names:
            instance.add_daemon_heartbeat(DaemonHeartbeat(long_ago, name, "id", []))
    return [
        f"dagster  daemons  {', '.join(names)}: no report for 2 hours: start dagster-daemon run "
        "(or dagster dev), and look at its log"
    ]


BREAKS = [
    a_key_is_misspelt,
    there_is_no_configuration,
    the_landing_is_read_only,
    a_file_is_where_runs_are_written,
    the_disk_is_nearly_full,
    a_mark_is_damaged,
    the_marks_of_the_bucket_are_closed,
    the_role_may_not_make_the_tables_of_marks,
    the_folder_of_marks_is_read_only,
    the_bucket_of_runs_does_not_exist,
    the_snapshot_is_damaged,
    the_sql_file_of_a_task_is_missing,
    the_target_may_not_be_changed,
    a_source_of_the_loader_is_down,
    a_variable_of_the_loader_is_not_set,
    a_variable_that_a_task_sends_is_not_set,
    the_home_of_dagster_is_relative,
    the_home_of_dagster_is_gone,
    a_key_of_dagster_yaml_is_wrong,
    the_storage_of_dagster_is_down,
    the_daemons_of_dagster_have_died,
]
