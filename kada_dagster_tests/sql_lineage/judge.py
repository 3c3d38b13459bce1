"""How a lineage is held against what is true: all of it right, or a part of it and said so."""

from __future__ import annotations

from collections.abc import Mapping, Set

from kada_dagster.sql_lineage import Origin, SqlLineage


def wrong_columns(lineage: SqlLineage, truth: Mapping[str, Set[Origin]]) -> dict[str, object]:
    """The output columns of which something untrue is said.

    A column that is not said to be incomplete must have exactly its origins; one that is may lack
    some, but have no others. One of which nothing is said is not wrong.
    """
    wrong: dict[str, object] = {}
    for name, origins in lineage.columns.items():
        true = truth.get(name)
        fits = origins <= (true or set()) if name in lineage.incomplete else origins == true
        if true is None or not fits:
            wrong[name] = (sorted(origins), sorted(true or ()))
    return wrong
