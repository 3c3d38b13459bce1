"""The limits a project names (`max_concurrent`) as limits of Dagster's concurrency pools."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg


def set_limits(dagster: dg.DagsterInstance, limits: Mapping[str, int]) -> list[str]:
    """Give pools their limits; other pools are left alone.

    Args:
        dagster: whose pools they are.
        limits: runs or ops at the same time, by pool.

    Returns:
        Names of the pools whose limit was another one.
    """
    storage = dagster.event_log_storage
    if not limits or not storage.supports_global_concurrency_limits:
        return []
    known = {pool.name: pool.limit for pool in storage.get_pool_limits() if not pool.from_default}
    changed = [pool for pool, limit in limits.items() if known.get(pool) != limit]
    for pool in changed:
        storage.set_concurrency_slots(pool, limits[pool])
    return changed
