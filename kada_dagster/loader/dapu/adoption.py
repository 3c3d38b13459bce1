"""SQL that tells the target what dapu has done there: versions and marks are not begun anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kada_dagster.loader.dapu.layout import OldTask
from kada_dagster.loader.dapu.task_draft import TaskDraft
from kada_dagster.loader.ddl.versions import checksum
from kada_dagster.loader.definition.task_folder import version_of
from kada_dagster.loader.engine.state import SCHEMA
from kada_dagster.loader.engine.table import sql

FILE_NAME = "adopt.sql"
_HEAD = """\
-- Run this once in the target, when dapu is stopped and before the first load: it notes which
-- version files dapu has applied, and from where loads by a moment go on. Run again, it changes
-- nothing. It is no part of the project; delete it afterwards.
BEGIN;
CREATE SCHEMA IF NOT EXISTS {schema};
"""


def adoption_sql(drafts: Sequence[TaskDraft], settings: Mapping[str, Any], routes: Path) -> str:
    """The statements; '' where there is nothing to adopt.

    Args:
        drafts: the tasks of the new project; their files are written.
        settings: of `conf/conf.yaml`: where dapu has its registry.
        routes: the new project's.
    """
    registry = f'"{settings.get("DAPU_SCHEMA") or "meta"}"."{_prefix(settings)}registry"'
    tables = sql("state_tables").format(schema=SCHEMA).strip()
    parts = [_HEAD.format(schema=SCHEMA), f"{tables.rstrip(';')};\n"]
    versions: list[str] = []
    marks: list[str] = []
    for draft in drafts:
        versions += _versions(draft, routes)
        if draft.definition.get("mode") == "incremental":
            marks.append(f"({_literal(draft.old.old_id)}, {_literal(draft.old.id)})")
    made = [row for draft in drafts for row in _made(draft, routes)]
    if not versions and not marks and not made:
        return ""
    if versions:
        parts.append(_VERSIONS.format(schema=SCHEMA, registry=registry, rows=_listed(versions)))
    if made:
        parts.append(_MADE.format(schema=SCHEMA, rows=_listed(made)))
    if marks:
        parts.append(_MARKS.format(schema=SCHEMA, registry=registry, rows=_listed(marks)))
    return "".join([*parts, "COMMIT;\n"])


_VERSIONS = """
INSERT INTO {schema}.versions (task, number, file, checksum)
SELECT v.task, v.number, v.file, v.checksum
FROM (VALUES
{rows}
) AS v(old, task, number, file, checksum)
JOIN {registry} r ON r.task_id = v.old AND r.table_version >= v.number
ON CONFLICT DO NOTHING;
"""
_MADE = """
INSERT INTO {schema}.versions (task, number, file, checksum)
SELECT v.task, v.number, v.file, v.checksum
FROM (VALUES
{rows}
) AS v(schema, name, task, number, file, checksum)
JOIN pg_catalog.pg_namespace n ON n.nspname = v.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = v.name
ON CONFLICT DO NOTHING;
"""
_MARKS = """
INSERT INTO {schema}.state (task, part, mark, fingerprint, rows, finished_at)
SELECT v.task, '', r.synced_until_ts::text, '', 0, clock_timestamp()
FROM (VALUES
{rows}
) AS v(old, task)
JOIN {registry} r ON r.task_id = v.old AND r.synced_until_ts IS NOT NULL
ON CONFLICT DO NOTHING;
"""


def _versions(draft: TaskDraft, routes: Path) -> Iterator[str]:
    old = draft.old
    for path in draft.files:
        if path.startswith("ver/") and path not in draft.made:
            yield _row([old.old_id], old, routes, path)


def _made(draft: TaskDraft, routes: Path) -> Iterator[str]:
    """Files that only say what dapu did to each new table: done, where the table is there."""
    for path in draft.made:
        yield _row([draft.old.schema, draft.old.table], draft.old, routes, path)


def _row(first: list[str], old: OldTask, routes: Path, path: str) -> str:
    file = routes / old.route / old.schema / old.table / path
    texts = [_literal(one) for one in (*first, old.id, file.name, checksum(file))]
    texts.insert(-2, str(version_of(file)))
    return f"({', '.join(texts)})"


def _prefix(settings: Mapping[str, Any]) -> str:
    return str(settings.get("DAPU_PREFIX") or "")


def _listed(rows: list[str]) -> str:
    return ",\n".join(f"  {row}" for row in rows)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
