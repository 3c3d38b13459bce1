"""`indexes: rebuild`: indexes are dropped before rows come in place, and made again behind them.

Those that keep a constraint or make keys unique stay, and those with settings of their own that
could not be made again. Readers wait from the drop until the commit.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.replacement import local_setting, lock_from_readers
from kada_dagster.loader.engine.table import describe


@contextmanager
def rebuilt_indexes(context: LoadContext) -> Generator[list[str]]:
    """Drop the indexes of the table, and make them again at the end.

    Args:
        context: of the load.

    Yields:
        The names of the indexes.

    Raises:
        LoaderError: readers kept the table, or the server refuses.
    """
    plan, target = context.plan, context.target
    table = describe(target, plan.schema, plan.table)
    text = files("kada_dagster.loader.ddl").joinpath("sql").joinpath("indexes.sql")
    rows = target.catalogue(f"indexes of {table}", text.read_text("utf-8"), {"oid": table.oid})
    if rows:
        lock_from_readers(target, table, plan.lock_seconds)
    for name, drop, _ in rows:
        target.run(f"drop index {name}", drop)
    yield [row[0] for row in rows]
    for name, _, create in rows:
        context.report(f"make index {name} again")
        with local_setting(target, "default_tablespace", ""):  # where it was
            target.run(f"index {name}", create)
