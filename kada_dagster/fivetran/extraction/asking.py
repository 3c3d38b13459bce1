"""Asks for the schema configs and columns of connections, as seldom as possible.

A schema config is kept until its connection has synced again or was set up otherwise. Columns make
Fivetran ask the source itself, so they are kept for days; each table's days end at another moment,
so that they are not all asked for again at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.kept_answers import KeptAnswers
from kada_dagster.api.values import object_of, text
from kada_dagster.fivetran.client import FivetranClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.tasks import Answer

_FORMAT = "1"  # of what is kept; a change of `trimmed` needs another
_CONFIG_KEYS = ("enable_new_by_default", "schema_change_handling")
_ENTRY_KEYS = ("name_in_destination", "enabled", "sync_mode", "hashed", "is_primary_key")


@dataclass(frozen=True)
class Asking:
    """Asks for what belongs to one connection. Thread-safe.

    Attributes:
        client: makes the calls.
        answers: what was asked before.
        budgets: calls that make Fivetran ask a source.
        column_seconds: how long the columns of a table are kept.
        now: seconds since 1970, of the whole crawl.
    """

    client: FivetranClient
    answers: KeptAnswers
    budgets: tuple[RateBudget, ...]
    column_seconds: float
    now: float

    def schemas(self, connection: Connection) -> Answer:
        """The schema config of a connection.

        Raises:
            KadaError: see `FivetranClient.schemas`.
        """
        what = f"{_FORMAT} schemas {connection.id}"
        found = self.answers.answer(what, mark_of(connection), lambda: self._schemas(connection.id))
        if found is None:
            return Answer(problem="schema_missing", sample=connection.name)
        return Answer(found)

    def columns(self, connection: str, schema: str, table: str, mark: object) -> Answer:
        """The columns of a table.

        Args:
            connection: id.
            schema: as the source spells it.
            table: likewise.
            mark: what is known of the table without asking.

        Raises:
            KadaError: see `FivetranClient.columns`.
        """
        what = json.dumps([_FORMAT, "columns", connection, schema, table])
        period = int((self.now + crc32(what.encode()) % self.column_seconds) // self.column_seconds)

        def ask() -> dict[str, Any]:
            with self._paid():
                return trimmed_columns(self.client.columns(connection, schema, table))

        marks = json.dumps([mark, period], sort_keys=True)
        return Answer({"columns": self.answers.answer(what, marks, ask)})

    def _schemas(self, connection: str) -> dict[str, Any] | None:
        found = self.client.schemas(connection)
        return None if found is None else trimmed(found)

    @contextmanager
    def _paid(self) -> Generator[None]:
        with ExitStack() as stack:
            for budget in self.budgets:
                stack.enter_context(budget.call())
            yield


def mark_of(connection: Connection) -> str:
    """What changes when a connection's schema config may have; empty before its first sync."""
    if connection.succeeded_at is None:
        return ""
    synced = connection.succeeded_at.isoformat()
    names = connection.raw.get("destination_schema_names")
    facts = [synced, connection.service, connection.schema, connection.setup_state, text(names)]
    return json.dumps([*facts, dict(connection.config)], sort_keys=True)


def trimmed(config: dict[str, Any]) -> dict[str, Any]:
    """What is used of a schema config."""
    schemas = object_of(config.get("schemas"))
    kept = {text(name): _entry(one, tables=_tables) for name, one in schemas.items()}
    return {**_picked(config, _CONFIG_KEYS), "schemas": kept}


def trimmed_columns(answer: dict[str, Any]) -> dict[str, Any]:
    """What is used of the columns of a table."""
    return _columns(object_of(answer.get("columns")))


def _tables(given: dict[str, Any]) -> dict[str, Any]:
    return {text(name): _entry(one, columns=_columns) for name, one in given.items()}


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    return {text(name): _entry(one) for name, one in given.items()}


def _entry(given: object, **below: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """What is used of a schema, table or column, and of what is below it."""
    one = object_of(given)
    kept = _picked(one, _ENTRY_KEYS)
    if reason := text(object_of(one.get("enabled_patch_settings")).get("reason_code")):
        kept["reason_code"] = reason
    for key, trim in below.items():
        if inner := trim(object_of(one.get(key))):
            kept[key] = inner
    return kept


def _picked(given: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: given[key] for key in keys if given.get(key) is not None}
