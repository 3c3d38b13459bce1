"""What came of a run, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kada_dagster.cli.choice import Choice
from kada_dagster.cli.output import printable
from kada_dagster.collector.steps import WindowOutcome
from kada_dagster.hwm.history import MarkChange
from kada_dagster.hwm.window import Window, format_hwm
from kada_dagster.landing.base import Landing


def summary_json(
    choice: Choice, outcome: WindowOutcome, landing: Landing | None, *, held: bool
) -> str:
    """The manifest of the run, and what became of its files and of the mark, as JSON.

    Args:
        choice: the source.
        outcome: what came of the run.
        landing: where the files went.
        held: the run stopped before the upload.
    """
    mark = outcome.mark.mark
    facts: dict[str, Any] = {
        **json.loads(outcome.manifest.to_json()),
        "folder": str(outcome.folder),
        "checks": {check.name: dict(check.facts) for check in outcome.checks},
        "landing": landing.describe() if landing else None,
        "waits_for_upload": held,
        "uploaded": [asdict(receipt) for receipt in outcome.receipts],
        "high_water_mark": format_hwm(mark) if mark else None,
        "high_water_mark_kept_in": choice.marks.describe(choice.settings.name),
        "held_by": span_json(outcome.held_by),
    }
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)


def summary_text(
    choice: Choice, outcome: WindowOutcome, landing: Landing | None, *, held: bool
) -> str:
    """The same in a few lines."""
    manifest = outcome.manifest
    lines = [f"{manifest.name}: extracted {manifest.window}"]
    for file in manifest.files:
        lines.append(
            f"  {file.family:<13}{file.rows:>12,} rows{file.bytes:>16,} bytes  {file.file}"
        )
    lines += [f"  {line}" for line in _warnings(outcome)]
    lines += [f"  {label:<9}{text}" for label, text in _places(choice, outcome, landing, held)]
    return "\n".join(lines)


def span_json(span: Window | None) -> dict[str, str] | None:
    """A span of time for scripts."""
    return {"start_hwm": span.start_hwm, "end_hwm": span.end_hwm} if span else None


def mark_text(mark: datetime | None, held_by: Window | None) -> str:
    """Where a mark is, and what it waits for."""
    text = f"{format_hwm(mark)} UTC" if mark else "none yet"
    return f"{text}, held: nothing was uploaded for {held_by}" if held_by else text


def change_text(change: MarkChange) -> str:
    """One change of a mark as a line."""
    before, after = (format_hwm(m) if m else "none" for m in (change.before, change.after))
    moved = f"stays at {after}" if before == after else f"{before} -> {after}"
    window = f" {change.window}" if change.window else ""
    return f"{format_hwm(change.at)}  {change.action}{window}: {moved}"


def _warnings(outcome: WindowOutcome) -> Iterator[str]:
    for warning in outcome.manifest.warnings:
        sample = printable(warning.sample)
        yield f"warning  {warning.code}: {warning.count:,}, for example {sample}"


def _places(
    choice: Choice, outcome: WindowOutcome, landing: Landing | None, held: bool
) -> Iterator[tuple[str, str]]:
    yield "folder", str(outcome.folder)
    if held:
        yield "landing", "nothing sent yet: look at the folder, then run `kada upload`"
    elif landing is None:
        yield "landing", "none configured: push the files yourself; the mark has moved already"
    else:
        sent = sum(receipt.sent for receipt in outcome.receipts)
        there = len(outcome.receipts) - sent
        yield "landing", f"{landing.describe()}: {sent} files sent, {there} there already"
    kept = choice.marks.describe(choice.settings.name)
    yield "mark", f"{mark_text(outcome.mark.mark, outcome.held_by)} (in {kept})"
