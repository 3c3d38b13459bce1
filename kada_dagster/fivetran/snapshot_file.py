"""The file a snapshot of an account is kept in: JSON, a connection a line, replaced at one stroke.

It may be kept under version control: a line changes only when the connection does, or has synced.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from kada_dagster.api.values import object_of
from kada_dagster.config.problems import field_name
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.snapshot_model import KnownConnection, Snapshot

FORMAT = 1
_CURE = "make it anew with `kada fivetran snapshot` or the account's snapshot job"


class SnapshotError(ConfigError):
    """The file of a snapshot cannot be read or written."""


def read_snapshot(file: Path) -> Snapshot | None:
    """The snapshot in a file; None where there is no file.

    Raises:
        SnapshotError: the file cannot be read, or is no snapshot of this version.
    """
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(f"{file}: {error.strerror or 'cannot be read'}") from None
    return _parsed(file, text)


def write_snapshot(file: Path, snapshot: Snapshot) -> None:
    """Replace the file; folders that are missing are made.

    Raises:
        SnapshotError: it cannot be written; what was there is as it was.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    with _writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_text(_text(snapshot), encoding="utf-8")
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)


@contextmanager
def _writing(file: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"{file}: {error.strerror or 'cannot be written'}") from None


def _text(snapshot: Snapshot) -> str:
    """The snapshot as JSON; what does not say anything is left out."""
    head = _adapter(Snapshot).dump_python(replace(snapshot, connections=()), mode="json")
    del head["connections"]
    line = partial(_adapter(KnownConnection).dump_json, exclude_defaults=True)
    lines = [line(connection).decode() for connection in snapshot.connections]
    start = json.dumps({"format": FORMAT, **head}, ensure_ascii=False, sort_keys=True)
    return start[:-1] + ', "connections": [\n' + ",\n".join(lines) + "\n]}\n"


def _parsed(file: Path, text: bytes) -> Snapshot:
    from pydantic import ValidationError

    try:
        value: Any = json.loads(text)
        found = object_of(value).get("format")
        if found == FORMAT:
            return _each_once(_adapter(Snapshot).validate_python(value))
        reason = f"format {found!r} is not {FORMAT}"
    except (ValueError, RecursionError) as error:
        reason = "this is not JSON"
        if isinstance(error, ValidationError):
            reason = f"{field_name(error.errors()[0]['loc'])} is not as it should be"
    raise SnapshotError(f"{file}: this is no snapshot of a Fivetran account ({reason}); {_CURE}")


def _each_once(snapshot: Snapshot) -> Snapshot:
    """Two connections of one id, as after a merge of two versions, would be two assets of one key:
    the code location would not load."""
    first = {one.id: one for one in reversed(snapshot.connections)}
    kept = tuple(one for one in snapshot.connections if first[one.id] is one)
    return replace(snapshot, connections=kept)


@cache
def _adapter(kind: type[Any]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
