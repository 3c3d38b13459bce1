"""Tables by the names people give them: looked up in the schema configuration, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from kada_dagster.api.values import flag, object_of, text
from kada_dagster.fivetran.errors import TableDisabledError, TableNotFoundError

_SHOWN = 5


@dataclass(frozen=True)
class _Kind:
    """What is looked up, for messages."""

    word: str
    place: str


def resolve(
    config: Mapping[str, Any], scope: Mapping[str, Sequence[str]], connection: str
) -> dict[str, list[str]]:
    """The tables of a scope by their names in the source.

    Each name may be that in the source, that in the destination, or either of them but for case,
    where only one fits.

    Args:
        config: the schema configuration.
        scope: tables by schema, neither empty.
        connection: for messages.

    Raises:
        TableNotFoundError: none fits, more than one does, or there is nothing to look up.
        TableDisabledError: the table, or its schema, is not synced.
    """
    if not scope or not all(scope.values()):
        raise TableNotFoundError(
            "tables: at least one table is required; to re-sync everything, ask for that"
        )
    schemas, found = object_of(config.get("schemas")), dict[str, list[str]]()
    for schema, tables in scope.items():
        key = _found(schemas, schema, _Kind("schema", connection))
        here = object_of(object_of(schemas[key]).get("tables"))
        _check_enabled(schemas[key], f"schema {key} of {connection}")
        for table in tables:
            name = _found(here, table, _Kind("table", f"schema {key} of {connection}"))
            _check_enabled(here[name], f"table {name} in schema {key} of {connection}")
            found.setdefault(key, []).append(name)
    return {key: list(dict.fromkeys(names)) for key, names in found.items()}


def _found(entries: Mapping[str, Any], name: str, kind: _Kind) -> str:
    if name in entries:
        return name
    arrived = {key: _arrival(entry) for key, entry in entries.items()}
    exact = [key for key, other in arrived.items() if other == name]
    folded = name.casefold()
    alike = [key for key, other in arrived.items() if folded in (key.casefold(), other.casefold())]
    fits = exact or alike
    if len(fits) == 1:
        return fits[0]
    raise _ambiguous(name, fits, kind) if fits else _missing(name, arrived, kind)


def _arrival(entry: object) -> str:
    return text(object_of(entry).get("name_in_destination"))


def _ambiguous(name: str, fits: Sequence[str], kind: _Kind) -> TableNotFoundError:
    listed = ", ".join(sorted(fits)[:_SHOWN])
    return TableNotFoundError(
        f"{kind.word} {name!r}: {kind.place} has more than one: {listed}; use its name in the "
        "source"
    )


def _missing(name: str, arrived: Mapping[str, str], kind: _Kind) -> TableNotFoundError:
    names = sorted({*arrived, *filter(None, arrived.values())})
    by_fold = {other.casefold(): other for other in names}
    close = get_close_matches(name.casefold(), by_fold, n=_SHOWN, cutoff=0.5)
    near = [by_fold[one] for one in close] or names[:_SHOWN]
    hint = f"did you mean {', '.join(near)}?" if near else f"it has no {kind.word}s at all"
    return TableNotFoundError(f"{kind.word} {name!r}: {kind.place} has none of that name; {hint}")


def _check_enabled(entry: object, what: str) -> None:
    if flag(object_of(entry).get("enabled")) is False:
        raise TableDisabledError(f"{what} is not synced; enable it in Fivetran first")
