"""Whether a failed run is tried again by Dagster itself. Pure.

Dagster notes that with the run, a moment after it has failed: `dagster/will_retry`, and once the
next run is made, `dagster/auto_retry_run_id` (`dagster._daemon.auto_run_reexecution`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

WILL_RETRY, RETRIED_BY = "dagster/will_retry", "dagster/auto_retry_run_id"

_PATIENCE = timedelta(minutes=15)
"""How long the next run may take to be made; a daemon that is down, or a backfill that was
cancelled, makes none."""

Outcome = Literal["final", "retried", "open"]


def outcome(tags: Mapping[str, str], *, retries_enabled: bool, waited: timedelta) -> Outcome:
    """What becomes of a failed run.

    Args:
        tags: of the run, now.
        retries_enabled: whether Dagster makes failed runs again at all.
        waited: how long it has been known to have failed.

    Returns:
        `final`: nobody tries it again; `retried`: another run has taken its place, whose end
        counts; `open`: that is not known yet.
    """
    if RETRIED_BY in tags:
        return "retried"
    noted = tags.get(WILL_RETRY, "").lower()
    is_open = noted == "true" or (not noted and retries_enabled)
    return "open" if is_open and waited < _PATIENCE else "final"
