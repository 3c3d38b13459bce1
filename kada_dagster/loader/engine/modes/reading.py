"""`file` and `http`: what was read takes the place of all rows, meets them by key, or is added."""

from __future__ import annotations

from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import feed, may_replace
from kada_dagster.loader.engine.modes.full import load_full
from kada_dagster.loader.engine.modes.upsert import load_upsert
from kada_dagster.loader.engine.rows import copy_in_place
from kada_dagster.loader.engine.table import describe


def load_read(context: LoadContext) -> LoadOutcome:
    """Load as `write` says: `full`, `upsert` or `append`.

    Raises:
        LoaderError: the target is as it was.
    """
    if context.plan.write == "full":
        return load_full(context)
    if context.plan.write == "upsert":
        return load_upsert(context)
    return _append(context)


def _append(context: LoadContext) -> LoadOutcome:
    table = describe(context.target, context.plan.schema, context.plan.table)
    copied = copy_in_place(context, table, feed(context, table))
    may_replace(context, copied.rows)
    return LoadOutcome(Counts(copied.rows, copied.rows), copied.size)
