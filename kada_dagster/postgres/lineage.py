"""Column lineage of views: from PostgreSQL's own parsed rule, confirmed by pg_depend.

`rule_tree` says which columns an output column is computed from; pg_depend says which columns the
rule uses at all. An edge is written only where both agree; anything else is a counted warning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from kada_dagster.extracts.contract import Confidence, Relationship
from kada_dagster.postgres.rule_tree import Origin, RuleTreeError, output_origins

_FIRST_USER_OID = 16_384
"""Below it are the objects of initdb (manual, "OID assignment"): system schemas are left out."""

_LINEAGE, _DIRECT = Relationship.LINEAGE.value, Confidence.DIRECT.value

Edge = tuple[str, str, str, str, str, str, str]
"""A row of LINKAGE."""


def view_edges(
    view: str, names: str, inputs: str, rule: str, warn: Callable[[str, str], None]
) -> Iterator[Edge]:
    """The column lineage of one view.

    Args:
        view: its id.
        names: JSON list of its columns' id components in order.
        inputs: JSON list of `[oid, id, [attnum, ...], [component, ...]]`, a relation each, of the
            columns pg_depend records; empty for a view that uses none.
        rule: `pg_rewrite.ev_action` of its rule.
        warn: called with `view_not_understood` or `lineage_unconfirmed` and a sample.

    Yields:
        Rows of LINKAGE, each once.
    """
    try:
        outputs = output_origins(rule)
    except RuleTreeError as error:
        warn("view_not_understood", f"{view}: {error}")
        return
    known = _input_columns(inputs)
    for name, origins in zip(json.loads(names or "[]"), outputs):
        target = f"{view}.{name}"
        for source in sorted(_sources(origins, known, target, warn)):
            yield ("COLUMN", source, "COLUMN", target, _LINEAGE, _DIRECT, "")


def _input_columns(inputs: str) -> dict[Origin, str]:
    return {
        (oid, number): f"{relation}.{name}"
        for oid, relation, numbers, names in json.loads(inputs or "[]")
        for number, name in zip(numbers, names)
    }


def _sources(
    origins: frozenset[Origin],
    known: dict[Origin, str],
    target: str,
    warn: Callable[[str, str], None],
) -> set[str]:
    found: set[str] = set()
    for oid, number in origins:
        if oid < _FIRST_USER_OID:
            continue
        if number == 0:
            found.update(column for (relation, _), column in known.items() if relation == oid)
        elif (oid, number) in known:
            found.add(known[oid, number])
        else:
            warn("lineage_unconfirmed", f"{target}: column {number} of relation {oid}")
    return found
