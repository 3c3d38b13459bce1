"""Small real extracts for the tests of this folder, and the strategies they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, EVENTS, LINKAGE, META
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window

DAY = Window.parse("2024-01-01 00:00:00", "2024-01-02 00:00:00")
FAMILIES = (META, LINKAGE, EVENTS, DATABASE_LOG)
Rows = Mapping[str, Sequence[Sequence[str]]]

texts = st.text(
    st.one_of(
        st.sampled_from("\"|\n\r,\\' \t\ufeff\u2028\x85\x1aé€😀"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)
"""What a database may hold: any characters, most often those a CSV file could trip over."""


def rows_of(family: str, max_size: int = 6) -> st.SearchStrategy[list[list[str]]]:
    """Rows of a family with any texts in them."""
    width = len(COLUMNS[family])
    return st.lists(st.lists(texts, min_size=width, max_size=width), max_size=max_size)


def row(family: str, **values: str) -> list[str]:
    """A row with the given columns filled."""
    assert set(values) <= set(COLUMNS[family]), "no such column"
    return [values.get(column, "") for column in COLUMNS[family]]


def meta(kind: str, id_: str, parent: str = "", **values: str) -> list[str]:
    """A row of META."""
    return row(META, OBJECT_TYPE=kind, OBJECT_ID=id_, PARENT_ID=parent, NAME=id_, **values)


def edge(source: str, target: str) -> list[str]:
    """A row of LINKAGE."""
    return row(
        LINKAGE,
        SOURCE_OBJECT_TYPE="TABLE",
        SOURCE_OBJECT_ID=source,
        TARGET_OBJECT_TYPE="TABLE",
        TARGET_OBJECT_ID=target,
        RELATIONSHIP="LINEAGE",
    )


def event(number: int) -> list[str]:
    """A row of EVENTS."""
    return row(EVENTS, EVENT_ID=f"run-{number}", EVENT_TYPE="RUNS", OBJECT_ID="h.d")


def statement(number: int) -> list[str]:
    """A row of DATABASE_LOG."""
    return row(DATABASE_LOG, LOG_ID=f"log-{number}", DATABASE_ID="h.d", QUERY_TEXT="select 1")


def shop(tables: int = 12, events: int = 3) -> dict[str, list[list[str]]]:
    """A small source with something in every family, and every character CSV cares about."""
    names = [f"h.d.s.t{n}" for n in range(tables)]
    return {
        META: [
            meta("DATABASE", "h.d"),
            meta("SCHEMA", "h.d.s", "h.d", DESCRIPTION='quote " pipe | line\nCR\r é€😀'),
            *[meta("TABLE", name, "h.d.s", QUERY_CODE='select "a"|"b"') for name in names],
        ],
        LINKAGE: [edge(one, other) for one, other in pairwise(names)],
        EVENTS: [event(number) for number in range(events)],
        DATABASE_LOG: [statement(number) for number in range(events)],
    }


def write(
    output: Path, rows: Rows, *, compress: bool = False, window: Window = DAY, name: str = "shop"
) -> Path:
    """A real run with exactly these rows. Returns its folder."""
    staging = Staging(output, name)
    head = ExtractHead("postgres", name, "h", tuple(rows), compress)
    with ExtractWriter(staging, window, head) as writer:
        for family, records in rows.items():
            writer.add_rows(family, records)
        writer.commit()
    return staging.run_folder(window)
