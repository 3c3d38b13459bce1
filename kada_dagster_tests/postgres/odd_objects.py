"""Loads `odd_objects.sql`: the kinds of objects and corners that the sample database lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Column = tuple[str, str, str]
EDGES: set[tuple[Column, Column]] = {
    *((("odd", "parent", name), ("odd", "lists", "whole")) for name in "abcdefghijk"),
    (("odd", "parent", "a"), ("odd", "lists", "a")),
    (("odd", "lonely", "last_value"), ("odd", "on_sequence", "last_value")),
    (("odd", "parent", "a"), ("odd", "on_catalogue", "a")),
    (("odd", "parent", "a"), ("odd", "on_statistics", "a")),
    (("odd", "parent", "a"), ("odd", "on_standard", "a")),
}
"""The column lineage of its views."""


def build(connection: Any) -> None:
    version = connection.server_version // 10_000
    with connection.cursor() as cursor:
        cursor.execute(_script(version))


def _script(version: int) -> str:
    lines: list[str] = []
    least = 0
    for line in Path(__file__).with_suffix(".sql").read_text("utf-8").splitlines():
        if line.startswith("-- [since "):
            least = int(line[len("-- [since ") : -1])
        elif line == "-- [end]":
            least = 0
        elif version >= least:
            lines.append(line)
    return "\n".join(lines)
