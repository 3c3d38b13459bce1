"""How errors end a step: how long the wait is, and what is not tried again."""

# No `from __future__ import annotations` here: Dagster looks at the annotation of `context`.

from typing import Any

import dagster as dg
import pytest

from kada_dagster.api.errors import ApiUnavailableError
from kada_dagster.config import FivetranAccountSettings
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.fivetran.errors import SyncFailedError, SyncRescheduledError, SyncRunningError
from kada_dagster.fivetran.step_errors import action_errors


def account(**fields: Any) -> FivetranAccountSettings:
    given = {"name": "ft", "api_key": "${KEY}", "api_secret": "${SECRET}"}
    return FivetranAccountSettings.model_validate({**given, **fields})


def ended(error: KadaError, settings: FivetranAccountSettings, **options: Any) -> Any:
    """What a step is told when an error ends its attempt."""

    seen: list[Any] = []

    @dg.op
    def attempted(context: dg.OpExecutionContext) -> None:
        with (
            pytest.raises((dg.RetryRequested, dg.Failure)) as caught,
            action_errors(context, settings, "c", **options),
        ):
            raise error
        seen.append(caught.value)

    @dg.job
    def job() -> None:
        attempted()

    job.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    return seen[0]


@pytest.mark.parametrize(
    ("retry_after", "wait"), [(None, 30), (0.0, 30), (45.0, 45), (3600.0, 3600)]
)
def test_the_wait_is_the_accounts_or_what_the_server_asks_for(
    retry_after: float | None, wait: float
) -> None:
    error = ApiUnavailableError("Too many", status=429, retry_after=retry_after)
    retry = ended(error, account())
    assert isinstance(retry, dg.RetryRequested)
    assert (retry.max_retries, retry.seconds_to_wait) == (3, wait)


def test_a_sync_that_was_put_off_is_tried_again_after_that_moment_where_configured() -> None:
    error = SyncRescheduledError("Put off", connection_id="c", seconds=1800)
    retry = ended(error, account(start={"retry_rescheduled": True}))
    assert isinstance(retry, dg.RetryRequested)
    assert retry.seconds_to_wait == 1860
    assert isinstance(ended(error, account()), dg.Failure)
    unknown = SyncRescheduledError("Put off", connection_id="c")
    assert isinstance(ended(unknown, account(start={"retry_rescheduled": True})), dg.Failure)


@pytest.mark.parametrize(
    "error",
    [SyncFailedError("Failed"), SyncRunningError("Runs"), ConfigError("Wrong")],
)
def test_what_a_policy_or_fivetran_decided_is_not_tried_again(error: KadaError) -> None:
    failure = ended(error, account())
    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is False
    assert failure.description == str(error)


def test_what_may_not_be_repeated_is_not() -> None:
    error = ApiUnavailableError("Lost", maybe_done=True)
    assert isinstance(ended(error, account(), repeatable=False), dg.Failure)


def test_without_retries_the_first_error_is_the_last() -> None:
    failure = ended(ApiUnavailableError("Lost"), account(retries={"max_retries": 0}))
    assert isinstance(failure, dg.Failure)


def test_a_failure_names_what_is_known_and_nothing_else() -> None:
    error = SyncFailedError("Failed", connection_id="warm_salad", reason="No space")
    failure = ended(error, account())
    facts = {key: value.value for key, value in failure.metadata.items()}
    assert facts == {
        "error": "SyncFailedError",
        "connection_id": "warm_salad",
        "reason": "No space",
        "dashboard": "https://fivetran.com/dashboard/connections/warm_salad/status",
        "attempts": 1,
    }
