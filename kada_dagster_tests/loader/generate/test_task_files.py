"""Files made of a table: what they say, that they read back, and which tables cannot have any."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.errors import ConfigError
from kada_dagster.loader.generate.create_table import create_table
from kada_dagster.loader.generate.request import Request, parts_of_name
from kada_dagster.loader.generate.task_files import reason_against, task_files
from kada_dagster.loader.generate.yaml_lines import yaml_text
from kada_dagster.loader.source.base import Column, TableInfo

ID = Column("id", "int", "integer", False)
AT = Column("at", "timestamp", "timestamp with time zone", True, "when it's been")
NOTE = Column("note", "text", "text")
ORDERS = TableInfo(("shop", "orders"), (ID, AT, NOTE), ("id",), "What was ordered")
PLAIN = Request("erp", "shop", "*", "dwh")


def made(table: TableInfo = ORDERS, **request: Any) -> dict[str, Any]:
    return task_files(table, replace(PLAIN, **request)).definition


def test_a_task_says_where_its_rows_are_and_what_tells_them_apart() -> None:
    assert made() == {
        "description": "What was ordered",
        "mode": "full",
        "source": {"table": "shop.orders"},
        "key": ["id"],
        "target": {"ddl": "auto"},
    }


def test_it_names_its_profile_and_what_no_rows_mean_only_when_that_is_asked_for() -> None:
    definition = made(connection="other", empty="replace")
    assert definition["source"] == {"connection": "other", "table": "shop.orders"}
    assert definition["empty"] == "replace"


@pytest.mark.parametrize(
    ("key", "request_", "mode", "note"),
    [
        (("id",), {"mode": "upsert"}, "upsert", ""),
        ((), {"mode": "upsert"}, "full", "full: has no primary key"),
        (
            (),
            {"mode": "incremental", "cursor": "at"},
            "incremental",
            "rows without at come once",
        ),
        (("id",), {"mode": "incremental", "cursor": "id"}, "incremental", ""),
        (
            ("id",),
            {"mode": "incremental", "cursor": "note"},
            "upsert",
            "upsert: has no column note that is a moment or a number",
        ),
        (
            (),
            {"mode": "incremental", "cursor": "gone"},
            "full",
            "full: has no column gone that is a moment or a number, and no primary key",
        ),
    ],
)
def test_the_mode_is_the_next_one_a_table_allows(
    key: tuple[str, ...], request_: dict[str, Any], mode: str, note: str
) -> None:
    files = task_files(replace(ORDERS, key=key), replace(PLAIN, **request_))
    assert (files.definition["mode"], files.note) == (mode, note)
    assert ("cursor" in files.definition) == (mode == "incremental")


@pytest.mark.parametrize(
    "kind", ["smallint", "bigint", "numeric(20,0)", "date", "timestamp(6) without time zone"]
)
def test_a_cursor_is_a_moment_or_a_number(kind: str) -> None:
    table = replace(ORDERS, columns=(Column("c", kind, kind),))
    assert made(table, mode="incremental", cursor="c")["mode"] == "incremental"


@pytest.mark.parametrize(
    "kind", ["text", "boolean", "interval", "time without time zone", "int4range"]
)
def test_nothing_else_is_a_cursor(kind: str) -> None:
    table = replace(ORDERS, columns=(Column("c", kind, kind),))
    assert made(table, mode="incremental", cursor="c")["mode"] != "incremental"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (("orders",), "orders"),
        (("a", "b"), "a.b"),
        (("a.b", "c"), ["a.b", "c"]),
        (("a", "b.c"), ["a", "b.c"]),
    ],
)
def test_names_with_dots_are_lists(name: tuple[str, ...], written: object) -> None:
    assert made(replace(ORDERS, name=name))["source"] == {"table": written}


def test_a_comment_that_looks_like_a_variable_is_left_out() -> None:
    assert "description" not in made(replace(ORDERS, comment="costs ${PRICE}"))


@pytest.mark.parametrize(
    ("table", "schema", "why"),
    [
        (("a/b",), "dwh", "cannot be the name of a folder"),
        (("..",), "dwh", "cannot be the name of a folder"),
        (("orders",), "a/b", "cannot be the name of a folder"),
        (("ü" * 32,), "dwh", "longer than PostgreSQL's 63 bytes"),
        (("ü" * 31,), "dwh", ""),
    ],
)
def test_some_names_are_for_no_task(table: tuple[str, ...], schema: str, why: str) -> None:
    found = reason_against(replace(ORDERS, name=table), schema)
    assert why in found
    assert bool(found) == bool(why)


def test_a_column_with_too_long_a_name_and_none_at_all_are_reasons_too() -> None:
    long = Column("c" * 64, "int", "integer")
    assert "longer than" in reason_against(replace(ORDERS, columns=(long,)), "dwh")
    assert reason_against(replace(ORDERS, columns=()), "dwh") == "it has no columns"


def test_create_table_has_types_key_and_comments() -> None:
    assert create_table("dwh", "Orders", ORDERS) == (
        'CREATE TABLE "dwh"."Orders" (\n'
        '  "id" integer NOT NULL,\n'
        '  "at" timestamp with time zone,\n'
        '  "note" text,\n'
        '  PRIMARY KEY ("id")\n'
        ");\n"
        """COMMENT ON TABLE "dwh"."Orders" IS 'What was ordered';\n"""
        """COMMENT ON COLUMN "dwh"."Orders"."at" IS 'when it''s been';\n"""
    )


def test_a_carriage_return_in_a_name_is_written_as_its_number() -> None:
    text = create_table("d", 'a\r"\\', TableInfo(("t",), (Column("x", "", "text"),)))
    assert text.startswith('CREATE TABLE "d".U&"a\\000d""\\\\" (')


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("erp", ("erp", "*")),
        ("erp.order_*", ("erp", "order_*")),
        ("erp.a.b", ("erp", "a.b")),
        ('"e.rp".x', ("e.rp", "x")),
        ('"e""rp"', ('e"rp', "*")),
        ("*.x", ("*", "x")),
    ],
)
def test_a_schema_and_a_pattern_are_told_apart(text: str, parts: tuple[str, str]) -> None:
    assert parts_of_name(text) == parts


@pytest.mark.parametrize("text", ["", ".x", '"a', '""', "a.", 'a"b'])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write SCHEMA or SCHEMA\.TABLE"):
        parts_of_name(text)


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [("order_*", "order_lines", True), ("order_?", "order_ab", False), ("Order*", "orders", False)],
)
def test_patterns_take_stars_and_question_marks_and_case_counts(
    pattern: str, name: str, is_meant: bool
) -> None:
    assert replace(PLAIN, pattern=pattern).matches(name) is is_meant


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers(-(10**6), 10**6) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@example({"\x85": []})
@example({"a": ["\u2028 x", "\r\n"], "\u2029": {"\r": "x\x85"}})
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_as_yaml_reads_back(data: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.yaml"
        file.write_text(yaml_text(data), encoding="utf-8", newline="\n")
        assert read_yaml(file).data == data


def test_each_key_has_a_line_and_what_is_inside_one_line() -> None:
    text = yaml_text({"mode": "full", "source": {"table": "a.b"}, "key": ["id", "no"]})
    assert text == "mode: full\nsource: {table: a.b}\nkey: [id, 'no']\n"
