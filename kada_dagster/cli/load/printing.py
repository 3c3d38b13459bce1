"""Tables of results: drawn on a terminal, plain in a pipe, and JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import click

from kada_dagster.cli.output import is_terminal, printable

Row = Sequence[object]


def json_line(facts: Any, clean: Callable[[str], str] = str) -> str:
    """Facts as one line of JSON.

    Args:
        facts: plain data.
        clean: takes the secrets out of a text; in JSON it may be spelled otherwise.
    """
    return json.dumps(_cleaned(facts, clean), ensure_ascii=True, default=str)


def print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print rows on standard output. Numbers stand to the right; columns without values are left
    out.

    Args:
        columns: their heads.
        rows: values; None where there is none.
    """
    used = [place for place in range(len(columns)) if any(_shown(row[place]) for row in rows)]
    heads = [columns[place] for place in used]
    cells = [[_shown(row[place]) for place in used] for row in rows]
    right = {at for at, place in enumerate(used) if any(_is_number(row[place]) for row in rows)}
    if is_terminal(sys.stdout):
        _draw(heads, cells, right)
    else:
        click.echo("\n".join(_lines([heads, *cells], right)))


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(one, clean) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(one, clean) for one in cast("list[Any]", value)]
    return value


def counted(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _draw(heads: list[str], cells: list[list[str]], right: set[int]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, head in enumerate(heads):
        table.add_column(head, justify="right" if at in right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console(highlight=False).print(table)


_STYLES = {"failed": "bold red", "not run": "yellow", "differs": "yellow", "new": "green"}


def _lines(cells: list[list[str]], right: set[int]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells)]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in cells
    ]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    text = f"{value:,}" if _is_number(value) else " ".join(str(value).split())
    return printable(text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
