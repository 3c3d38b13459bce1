"""Which types of PostgreSQL hold every value of which others, and so may follow a source."""

from __future__ import annotations

from kada_dagster.loader.type_parts import type_parts

_NUMBERS = ("smallint", "integer", "bigint", "numeric")
_FLOATS = ("real", "double precision")
_TEXTS = ("character", "character varying", "text")


def is_wider(new: str, old: str) -> bool:
    """Whether a type holds every value of another one, and is not the same.

    Args:
        new, old: as `format_type` prints them.
    """
    if new == old:
        return False
    (name, *size), (was, *old_size) = type_parts(new), type_parts(old)
    for family in (_NUMBERS, _FLOATS, _TEXTS):
        if name in family and was in family and name != was:
            return family.index(name) > family.index(was) and size == [None, None]
    if name != was:
        return False
    return _is_larger(size, old_size)


def _is_larger(size: list[int | None], old: list[int | None]) -> bool:
    """No limit, or more digits before the point and no fewer behind it."""
    if size[0] is None:
        return True
    if old[0] is None:
        return False
    behind, was_behind = size[1] or 0, old[1] or 0
    return size[0] - behind >= old[0] - was_behind and behind >= was_behind
