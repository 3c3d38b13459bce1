"""How everything is, as text for a terminal and as Markdown for Dagster's UI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from kada_dagster.hwm.window import format_hwm
from kada_dagster.operations.situation import (
    AccountSituation,
    LastFailure,
    RouteSituation,
    Situation,
    SourceSituation,
)
from kada_dagster.operations.spans import span_text

Row = tuple[str, ...]

_SOURCES = ("source", "state", "mark (UTC)", "lag", "allowed", "missing", "type")
_RUNS = (
    "source",
    "last extract (UTC)",
    "rows",
    "bytes",
    "last success (UTC)",
    "last failure (UTC)",
)
_ROUTES = ("route", "loads", "last load (UTC)", "rows", "state")
_ACCOUNTS = ("account", "connections", "state")
_RIGHT = {"lag", "allowed", "missing", "rows", "bytes", "loads", "connections"}


def text_lines(situation: Situation) -> Iterator[str]:
    """The lines of a terminal: tables, then what is wrong and what to do about it."""
    for head, rows in _tables(situation):
        yield from _aligned(head, rows)
        yield ""
    for title, facts in _troubles(situation):
        yield title
        for name, text in facts:
            first, *more = text.splitlines() or [""]
            yield f"  {name:<10} {first}"
            yield from (f"  {'':<10} {line}" for line in more)
    if not situation.records:
        yield "runs, loads and syncs: not shown; they are in Dagster's records, at DAGSTER_HOME"
    if situation.is_well and (situation.sources or situation.records):
        yield "OK: nothing lags" + ", nothing failed last" * bool(situation.records)


def markdown(situation: Situation) -> str:
    """The same for Dagster's UI."""
    parts = [_markdown_table(head, rows) for head, rows in _tables(situation)]
    for title, facts in _troubles(situation):
        lines = [f"- {name}: {_cell(text)}" for name, text in facts]
        parts.append("\n".join([f"**{_cell(title)}**", "", *lines]))
    return "\n\n".join(parts)


def _tables(situation: Situation) -> Iterator[tuple[Row, list[Row]]]:
    if situation.sources:
        yield _SOURCES, [_source(one) for one in situation.sources]
        yield _RUNS, [_runs(one) for one in situation.sources]
    if situation.routes:
        yield _ROUTES, [_route(one) for one in situation.routes]
    if situation.accounts:
        yield _ACCOUNTS, [_account(one) for one in situation.accounts]


def _source(one: SourceSituation) -> Row:
    at = one.position
    return (
        one.name,
        one.state,
        "?" if at.trouble else _moment(at.mark),
        span_text(at.age) if at.age is not None else "?",
        span_text(at.allowed.fail_after) if at.allowed else "-",
        "?" if at.trouble else str(at.windows),
        one.type,
    )


def _runs(one: SourceSituation) -> Row:
    extracted, failure = one.extracted, one.failure
    return (
        one.name,
        f"{extracted.window.start_hwm} ... {extracted.window.end_hwm}" if extracted else "-",
        f"{extracted.rows:,}" if extracted else "-",
        f"{extracted.size:,}" if extracted else "-",
        _moment(one.succeeded) if one.succeeded else "-",
        _moment(failure.at) if failure else "-",
    )


def _route(one: RouteSituation) -> Row:
    failing = f"{len(one.failing)} failing" if one.failing else ""
    old = f"{len(one.old)} old" if one.old else ""
    state = ", ".join(filter(None, (failing, old))) or "well"
    return one.name, str(one.loads), _moment(one.loaded), f"{one.rows:,}", state


def _account(one: AccountSituation) -> Row:
    return one.name, str(one.connections), f"{len(one.failing)} failing" if one.failing else "well"


def _troubles(situation: Situation) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What is wrong, each with its facts."""
    for one in situation.sources:
        if not one.is_well:
            yield f"source {one.name}: {one.state}", list(_source_facts(one))
    for route in situation.routes:
        for name, cause in route.failing:
            yield f"load {name}: failed", [("cause", cause)]
        for name in route.old:
            yield f"load {name}: its rows are old", []
    for account in situation.accounts:
        for name, reason in account.failing:
            yield f"sync {name}: failed", [("cause", reason)] if reason else []


def _source_facts(one: SourceSituation) -> Iterator[tuple[str, str]]:
    at, failure = one.position, one.failure
    if at.trouble:
        yield "cause", at.trouble
    if at.verdict == "lags":
        allowed = at.allowed.fail_after if at.allowed else timedelta()
        yield "mark", f"{_moment(at.mark)}, {span_text(at.age or allowed)} old"
    if at.missing:
        yield "missing", f"{at.missing[0].start_hwm} ... {at.missing[-1].end_hwm}"
    if failure is not None and not failure.is_over:
        yield from _failure_facts(failure)
    elif at.verdict == "lags":
        yield "next step", f"switch {one.name}_schedule on, or launch {one.name}_job for them"
    if one.succeeded is not None:
        yield "success", _moment(one.succeeded)


def _failure_facts(failure: LastFailure) -> Iterator[tuple[str, str]]:
    what = f"{failure.what} " if failure.what else ""
    yield "failed", f"{what}at {_moment(failure.at)}, run {failure.run_id}"
    yield "cause", failure.cause
    yield "next step", failure.next_step


def _moment(at: datetime | None) -> str:
    return "none yet" if at is None else format_hwm(at)


def _aligned(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    for row in (head, *rows):
        cells = [
            f"{cell:>{width}}" if name in _RIGHT else f"{cell:<{width}}"
            for name, cell, width in zip(head, row, widths)
        ]
        yield "  ".join(cells).rstrip()


def _markdown_table(head: Row, rows: Iterable[Row]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "|".join(" ---: " if name in _RIGHT else " --- " for name in head) + "|")
    unbroken = (map(_unbroken, row) for row in rows)
    lines += ["| " + " | ".join(row) + " |" for row in unbroken]
    return "\n".join(lines)


def _unbroken(text: str) -> str:
    return _cell(text).replace(" ", "\N{NO-BREAK SPACE}")


def _cell(text: str) -> str:
    """A single line, without markup of its own."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
