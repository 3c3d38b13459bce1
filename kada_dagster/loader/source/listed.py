"""Tables as a source lists them, some of which may not be readable."""

from __future__ import annotations

from collections.abc import Callable

from kada_dagster.loader.errors import SourceDeniedError, SourceReadError
from kada_dagster.loader.source.base import TableInfo


def listed(name: tuple[str, ...], read: Callable[[], TableInfo]) -> TableInfo:
    """A table; one that cannot be read, as a view of what is gone, with the reason.

    Args:
        name: its parts.
        read: asks for its columns. A failure in it must leave the connection usable.
    """
    try:
        return read()
    except (SourceReadError, SourceDeniedError) as error:
        return TableInfo(name, (), problem=str(error))
