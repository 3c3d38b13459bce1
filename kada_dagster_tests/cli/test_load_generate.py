"""`kada load generate`: tasks for tables, written once, that load what the tables hold."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.project import read_project
from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.cli.load_project import Load, emptied, tables
from kada_dagster_tests.loader.folders import write

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, at timestamptz NOT NULL, note text);
COMMENT ON TABLE orders IS 'What was ordered: "all" of it';
COMMENT ON COLUMN orders.note IS 'it''s free';
CREATE TABLE order_lines (
  order_id int, line int, price numeric(12,2), PRIMARY KEY (order_id, line));
CREATE TABLE log (at timestamp, what text);
CREATE VIEW open_orders AS SELECT id FROM orders;
INSERT INTO orders VALUES (1, '2026-01-01', 'a'), (2, '2026-01-02', NULL);
INSERT INTO order_lines VALUES (1, 1, 9.99); INSERT INTO log VALUES ('2026-01-01', 'x');
"""


@pytest.fixture
def shop(load: Load) -> Load:
    """A source with a few tables, and a project without a task."""
    load.ends.at_source(SHOP)
    load.write({})
    return load


def text(load: Load, path: str) -> str:
    return (load.folder / "routes" / path).read_text()


def everything(folder: Path) -> dict[Path, tuple[str, int]]:
    """All files, with what they hold and when they were written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_text(), path.stat().st_mtime_ns) for path in files}


def test_each_table_gets_a_task_that_loads_it(shop: Load) -> None:
    said = shop("generate", "public", "--route", "erp", "--source", "erp", "--into", "dwh")
    assert said.code == 0, said.err
    assert [row[:2] for row in said.cells()[2:-1]] == [
        ["dwh.log", "new"],
        ["dwh.open_orders", "new"],
        ["dwh.order_lines", "new"],
        ["dwh.orders", "new"],
    ]
    assert text(shop, "erp/route.yaml") == "source: erp\n"
    assert text(shop, "erp/dwh/orders/task.yaml") == (
        "description: 'What was ordered: \"all\" of it'\n"
        "mode: full\n"
        "source: {table: public.orders}\n"
        "key: [id]\n"
        "target: {ddl: auto}\n"
    )
    assert "key: [order_id, line]" in text(shop, "erp/dwh/order_lines/task.yaml")
    assert shop("run", "--all").code == 0
    for table in ("orders", "order_lines", "log", "open_orders"):
        there = shop.ends.at_target(f"SELECT * FROM dwh.{table} ORDER BY 1")
        assert there == shop.ends.at_source(f"SELECT * FROM {table} ORDER BY 1") != []


def test_a_second_run_writes_nothing(shop: Load) -> None:
    arguments = ("generate", "public", "--route", "erp", "--source", "erp", "--ddl", "files")
    shop(*arguments)
    before = everything(shop.folder)
    said = shop(*arguments)
    assert said.out.splitlines()[-1] == "4 unchanged"
    assert everything(shop.folder) == before


def test_what_was_edited_is_kept_and_named_and_overwritten_only_when_that_is_said(
    shop: Load,
) -> None:
    arguments = ("generate", "public.order*", "--route", "erp", "--source", "erp")
    shop(*arguments)
    file = shop.folder / "routes/erp/public/orders/task.yaml"
    edited = file.read_text().replace("mode: full", "mode: upsert # by hand") + "empty: keep\n"
    file.write_text(edited)
    said = shop(*arguments)
    assert [row for row in said.cells() if row[0] == "public.orders"] == [
        ["public.orders", "differs", "mode,", "empty"]
    ]
    assert file.read_text() == edited
    shop(*arguments, "--overwrite", "--dry-run")
    assert file.read_text() == edited
    said = shop(*arguments, "--overwrite")
    assert "1 unchanged, 1 overwritten" in said.out
    assert "mode: full" in file.read_text()


def test_a_comment_in_a_task_is_no_difference(shop: Load) -> None:
    arguments = ("generate", "public.orders", "--route", "erp", "--source", "erp")
    shop(*arguments)
    file = shop.folder / "routes/erp/public/orders/task.yaml"
    file.write_text("# ours\n" + file.read_text())
    assert shop(*arguments).out.splitlines()[-1] == "1 unchanged"


def test_a_dry_run_writes_nothing(shop: Load) -> None:
    before = everything(shop.folder)
    said = shop("generate", "public", "--route", "new", "--source", "erp", "--dry-run", "--json")
    assert [line["status"] for line in said.lines] == ["new"] * 5
    assert not any(line["written"] for line in said.lines)
    assert everything(shop.folder) == before


def test_a_table_that_is_new_at_the_source_is_added(shop: Load) -> None:
    arguments = ("generate", "public", "--route", "erp", "--source", "erp")
    shop(*arguments)
    shop.ends.at_source(tables("added"))
    said = shop(*arguments)
    assert ["public.added", "new"] in said.cells()
    assert said.out.splitlines()[-1] == "1 new, 4 unchanged"


def test_ddl_files_make_the_table_with_types_key_and_comments(shop: Load) -> None:
    shop("generate", "public.order*", "--route", "erp", "--source", "erp", "--ddl", "files")
    assert text(shop, "erp/public/orders/ver/001_create.sql") == (
        'CREATE TABLE "public"."orders" (\n'
        '  "id" integer NOT NULL,\n'
        '  "at" timestamp with time zone NOT NULL,\n'
        '  "note" text,\n'
        '  PRIMARY KEY ("id")\n'
        ");\n"
        """COMMENT ON TABLE "public"."orders" IS 'What was ordered: "all" of it';\n"""
        """COMMENT ON COLUMN "public"."orders"."note" IS 'it''s free';\n"""
    )
    assert shop("run", "--all").code == 0
    assert shop.ends.at_target("SELECT col_description('orders'::regclass, 3)") == [("it's free",)]
    assert shop.ends.at_target("SELECT price FROM order_lines") != []


def test_a_version_file_is_never_overwritten(shop: Load) -> None:
    arguments = ("generate", "public.orders", "--route", "erp", "--source", "erp", "--ddl", "files")
    shop(*arguments)
    shop.ends.at_source("ALTER TABLE orders ADD more int")
    before = text(shop, "erp/public/orders/ver/001_create.sql")
    said = shop(*arguments, "--overwrite")
    assert ["public.orders", "overwritten", "ver/001_create.sql"] in said.cells()
    assert text(shop, "erp/public/orders/ver/001_create.sql") == before


@pytest.mark.parametrize(
    ("arguments", "modes"),
    [
        (["--mode", "upsert"], {"orders": "upsert", "log": "full"}),
        (["--mode", "incremental", "--cursor", "at"], {"orders": "incremental"}),
        (["--mode", "incremental", "--cursor", "at"], {"log": "incremental"}),
        (["--mode", "incremental", "--cursor", "id"], {"orders": "incremental", "log": "full"}),
        (["--mode", "incremental", "--cursor", "note"], {"orders": "upsert", "log": "full"}),
    ],
)
def test_a_table_that_lacks_what_a_mode_needs_gets_the_next_one_and_that_is_said(
    shop: Load, arguments: list[str], modes: dict[str, str]
) -> None:
    said = shop("generate", "public", "--route", "erp", "--source", "erp", "--json", *arguments)
    project = read_project(shop.folder)
    assert {name: project.tasks[f"public.{name}"].definition.mode for name in modes} == modes
    told = {line["task"]: line["what"] for line in said.lines}
    for name, mode in modes.items():
        assert bool(told[f"public.{name}"]) == (mode != arguments[1] or name == "log")
    assert shop("run", "--all", "--json").code == 0


def test_a_route_that_is_there_keeps_its_source_and_the_task_names_another(shop: Load) -> None:
    shop.ends.at_target(tables("made"))
    shop.write({"erp/route.yaml": "source: erp\n"})
    said = shop("generate", "public.made", "--route", "erp", "--source", "target", "--into", "d")
    assert said.code == 0, said.err
    assert "source: {connection: target, table: public.made}" in text(shop, "erp/d/made/task.yaml")
    assert text(shop, "erp/route.yaml") == "source: erp\n"


def test_a_task_another_route_has_already_is_left_out(shop: Load) -> None:
    shop("generate", "public.log", "--route", "erp", "--source", "erp")
    said = shop("generate", "public.log", "--route", "other", "--source", "erp")
    assert said.code == 0
    assert "public.log  skipped  route erp fills it already" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["public", "-r", "erp"], "give its --source"),
        (["public", "-r", "erp", "--source", "er"], "no such profile in connections.yaml; did you"),
        (["public", "-r", "../x", "--source", "erp"], "must be the name of a folder below routes/"),
        (
            ["nowhere.x*", "-r", "erp", "--source", "erp"],
            "erp: there is no schema 'nowhere'; there are: empty, public\n",
        ),
        (["publik", "-r", "erp", "--source", "erp"], "no schema 'publik'; did you mean 'public'?"),
        (["empty", "-r", "erp", "--source", "erp"], "erp: the schema 'empty' has no tables\n"),
        (["empty.x", "-r", "erp", "--source", "erp"], "erp: the schema 'empty' has no tables\n"),
        (
            ["public.ordrs", "-r", "erp", "--source", "erp"],
            "erp: there is no table 'ordrs' in public; did you mean 'orders'?\n",
        ),
        (["public", "-r", "erp", "--mode", "incremental"], "go together"),
        (['"a', "-r", "erp", "--source", "erp"], "write SCHEMA or SCHEMA.TABLE"),
    ],
)
def test_what_cannot_be_generated_ends_with_2(shop: Load, arguments: list[str], said: str) -> None:
    shop.ends.at_source("CREATE SCHEMA empty")
    done = shop("generate", *arguments)
    assert done.code == 2
    assert said in done.err
    assert not any((shop.folder / "routes").iterdir())


def test_tables_no_task_can_be_for_are_named(shop: Load) -> None:
    shop.ends.at_source(
        'CREATE TABLE "a/b" (id int); CREATE TABLE bare (); CREATE TABLE ok (id int)'
    )
    said = shop("generate", "public", "--route", "erp", "--source", "erp", "--json")
    skipped = {line["task"]: line["what"] for line in said.lines if line["status"] == "skipped"}
    assert skipped == {
        "public.a/b": "'a/b' cannot be the name of a folder",
        "public.bare": "it has no columns",
    }


def test_a_folder_with_nothing_but_connections_becomes_a_project(shop: Load) -> None:
    shutil.rmtree(shop.folder / "routes")
    assert shop("check").code == 2
    usual = ("--route", "erp", "--source", "erp")
    assert shop("generate", "public.log", *usual, "--dry-run").code == 0
    assert shop("generate", "public.lag", *usual).code == 2
    assert not (shop.folder / "routes").exists()
    assert shop("generate", "public.log", "--route", "erp", "--source", "erp").code == 0
    assert shop("check").code == 0


def test_tables_of_sqlite_get_tasks_that_load_them(load: Load) -> None:
    load.write({})
    with closing(sqlite3.connect(load.folder / "shop.db")) as raw:
        raw.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL, price REAL);"
            "INSERT INTO orders VALUES (1, '2026-01-01 10:00:00', 2.5);"
            "CREATE VIEW cheap AS SELECT id FROM orders WHERE price < 10"
        )
    file = load.folder / "connections.yaml"
    file.write_text(file.read_text() + "lite: {type: sqlite, path: shop.db}\n")
    usual = ("-r", "lite", "--source", "lite", "--into", "shop", "--ddl", "files")
    assert load("generate", "main", *usual, "--mode", "upsert").code == 0
    made = text(load, "lite/shop/orders/ver/001_create.sql")
    assert '"at" timestamp without time zone NOT NULL' in made
    assert "table: orders" in text(load, "lite/shop/orders/task.yaml")
    assert load("run", "--all").code == 0
    assert load.ends.at_target("SELECT id, price FROM shop.orders") == [(1, 2.5)]
    assert load.ends.at_target("SELECT * FROM shop.cheap") == [(1,)]


def test_a_view_of_what_is_gone_is_skipped_with_the_reason(load: Load) -> None:
    load.write({})
    with closing(sqlite3.connect(load.folder / "shop.db")) as raw:
        raw.executescript("CREATE TABLE a (id int); CREATE VIEW broken AS SELECT * FROM gone")
    file = load.folder / "connections.yaml"
    file.write_text(file.read_text() + "lite: {type: sqlite, path: shop.db}\n")
    said = load("generate", "main", "-r", "lite", "--source", "lite", "--into", "dwh", "--json")
    assert said.code == 0, said.err
    found = {line["task"]: (line["status"], line["what"]) for line in said.lines}
    assert found["dwh.a"][0] == "new"
    assert found["dwh.broken"][0] == "skipped"
    assert "no such table" in found["dwh.broken"][1]


def test_a_source_without_tables_says_so(load: Load) -> None:
    load.write({})
    file = load.folder / "connections.yaml"
    file.write_text(file.read_text() + "drop: {type: folder, path: .}\n")
    said = load("generate", "main", "-r", "drop", "--source", "drop")
    assert said.code == 1
    assert said.err.startswith("error: drop")
    assert "Traceback" not in said.err


def test_a_file_of_sqlite_has_one_schema(kada: Kada) -> None:
    write(kada.folder, {})
    with closing(sqlite3.connect(kada.folder / "erp.db")) as raw:
        raw.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    usual = ("-p", ".", "-r", "erp", "--source", "erp")
    done = kada("load", "generate", "public", *usual)
    assert done.code == 2
    assert done.err == "error: erp: there is no schema 'public'; there are: main\n"
    done = kada("load", "generate", "main.order", *usual)
    assert done.err == "error: erp: there is no table 'order' in main; did you mean 'orders'?\n"


NAMES = st.sampled_from(
    ["order", "select", "Größe", 'say "hi"', "a.b", "two words", "UPPER", "it's", "x\ty", "1.5"]
    + ["null", "true", "~", "- a", "{b}", "#c", "d: e", "%s", "%(x)s", "\u2028", "😀", "=", "<<"]
) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0/", exclude_categories=["Cs"]),
    min_size=1,
    max_size=15,
).filter(lambda name: name not in (".", ".."))  # fmt: skip
COLUMNS = st.lists(NAMES, min_size=1, max_size=4, unique=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    schema=NAMES,
    made=st.dictionaries(NAMES, COLUMNS, min_size=1, max_size=4),
    comment=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    ddl=st.sampled_from(["auto", "files"]),
)
@example("\r\\", {"\r'\\": ["\r\n"]}, "\r", "files")
def test_whatever_tables_are_called_what_is_generated_reads_back_and_loads_them(
    load: Load, schema: str, made: dict[str, list[str]], comment: str, ddl: str
) -> None:
    emptied(load.ends)
    shutil.rmtree(load.folder, ignore_errors=True)
    load.write({})
    load.ends.at_source(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    for table, columns in made.items():
        place = f"{quoted(schema)}.{quoted(table)}"
        listed = ", ".join(f"{quoted(column)} text" for column in columns)
        load.ends.at_source(f"CREATE TABLE {place} ({listed}, PRIMARY KEY ({quoted(columns[0])}))")
        marks = ", ".join(["%s"] * len(columns))
        load.ends.at_source(f"INSERT INTO {place.replace('%', '%%')} VALUES ({marks})", *columns)
        load.ends.at_source(f"COMMENT ON TABLE {place.replace('%', '%%')} IS %s", comment)
    usual = ("-r", "erp", "--source", "erp", f"--into={schema}", "--ddl", ddl)
    said = load("generate", f"{quoted(schema)}.*", *usual)
    assert said.code == 0, said.err
    assert set(read_project(load.folder).tasks) == {f"{schema}.{table}" for table in made}
    said = load("run", "--all")
    assert said.code == 0, said.err
    for table, columns in made.items():
        query = f"SELECT * FROM {quoted(schema)}.{quoted(table)}"
        assert load.ends.at_target(query) == load.ends.at_source(query) == [tuple(columns)]
