"""What SQLAlchemy's inspector and a cursor's description say of columns, keys and comments."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kada_dagster.loader.source.base import Column
from kada_dagster.loader.source.described import Described, word_of
from kada_dagster.loader.source.products import Product
from kada_dagster.loader.source.type_words import target_type

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Engine

T = TypeVar("T")
_KEY = """
SELECT k.column_name FROM information_schema.table_constraints c
JOIN information_schema.key_column_usage k ON k.constraint_name = c.constraint_name
  AND k.table_schema = c.table_schema AND k.table_name = c.table_name
WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_name = :name
  AND (:schema = '' OR c.table_schema = :schema)
ORDER BY k.ordinal_position
"""


@dataclass(frozen=True)
class Declared:
    """A column of a table as the catalogue has it.

    Attributes:
        word: its type as the server would write it; '' where the dialect does not know it.
        nullable: whether it may be missing.
        comment: of the column.
    """

    word: str
    nullable: bool | None
    comment: str


class Catalogue:
    """Reads the catalogue over connections of its own: a failed question ends a transaction.

    Args:
        engine: of the database.
    """

    def __init__(self, engine: Engine) -> None:
        from sqlalchemy import inspect

        self._engine = engine
        self._inspector: Any = inspect(engine)

    def names(self, schema: str | None) -> list[tuple[str, ...]]:
        """Tables and views, in the order of their names."""
        with _quiet():
            found = [
                *self._inspector.get_table_names(schema=schema),
                *self._inspector.get_view_names(schema=schema),
            ]
        return [(schema, name) if schema else (name,) for name in sorted(set(found))]

    def columns(self, table: tuple[str, ...] | None) -> dict[str, Declared]:
        """The columns of a table by name; none where the dialect cannot tell."""
        if table is None:
            return {}
        found = self._asked(self._inspector.get_columns, table, [])
        return {
            one["name"]: Declared(
                self._word(one["type"]), one.get("nullable"), one.get("comment") or ""
            )
            for one in found
        }

    def key(self, table: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of the primary key."""
        nothing: dict[str, list[str]] = {}
        found = self._asked(self._inspector.get_pk_constraint, table, nothing)
        if found is nothing:
            return self._standard_key(table)
        return tuple(found.get("constrained_columns") or ())

    def comment(self, table: tuple[str, ...]) -> str:
        """The comment on a table."""
        nothing: dict[str, str] = {}
        return self._asked(self._inspector.get_table_comment, table, nothing).get("text") or ""

    def _standard_key(self, table: tuple[str, ...]) -> tuple[str, ...]:
        """By the standard's catalogue, where a dialect has not got its own right."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        *schema, name = table
        try:
            with self._engine.connect() as raw:
                values = {"name": name, "schema": "".join(schema[-1:])}
                return tuple(row[0] for row in raw.execute(text(_KEY), values))
        except SQLAlchemyError:
            return ()

    def _asked(self, question: Callable[..., T], table: tuple[str, ...], otherwise: T) -> T:
        """What the inspector says of a table; something else where the dialect cannot tell."""
        from sqlalchemy.exc import SQLAlchemyError

        *schema, name = table
        try:
            with _quiet():
                return question(name, schema=".".join(schema) or None)
        except (SQLAlchemyError, NotImplementedError):
            return otherwise

    def _word(self, kind: Any) -> str:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return str(kind.compile(dialect=self._engine.dialect))
        except (SQLAlchemyError, NotImplementedError, AttributeError):
            return ""


def described(
    given: Sequence[Sequence[Any]],
    declared: Mapping[str, Declared],
    dialect: Any,
    product: Product,
) -> tuple[Column, ...]:
    """The columns of a result.

    Args:
        given: the cursor's description of them.
        declared: what the catalogue says of those of a table.
        dialect: of SQLAlchemy.
        product: what is read.
    """
    return tuple(_column(Described.of(one), declared, dialect, product) for one in given)


def _column(
    found: Described, declared: Mapping[str, Declared], dialect: Any, product: Product
) -> Column:
    name = dialect.normalize_name(found.name) if dialect.requires_name_normalize else found.name
    known = declared.get(name, Declared("", found.nullable, ""))
    told = word_of(found, dialect.dbapi)
    words = [told, known.word] if product.is_described else [known.word, told]
    targets = [(word, target_type(word, product.words)) for word in words if word]
    word, target = next(((w, t) for w, t in targets if t), (words[0] or words[1], "text"))
    return Column(name, word, target or "text", known.nullable, known.comment)


@contextmanager
def _quiet() -> Generator[None]:
    """The dialects warn of every type they do not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
