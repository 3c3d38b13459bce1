"""Runs of an account's jobs and assets in this process, and what they told Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kada_dagster_tests.fivetran.account_location import AccountLocation


@dataclass(frozen=True)
class Done:
    """A run that has ended.

    Attributes:
        result: Dagster's.
        instance: where it ran.
    """

    result: dg.ExecuteInProcessResult
    instance: dg.DagsterInstance

    @property
    def success(self) -> bool:
        return self.result.success

    def materialized(self) -> dict[str, dict[str, Any]]:
        """Metadata of each asset that was reported, in the order of the reports."""
        return {
            event.asset_key.to_user_string(): plain(event.materialization.metadata)
            for event in self.result.all_events
            if event.is_step_materialization and event.asset_key
        }

    def checks(self) -> list[tuple[str, str, bool]]:
        """Asset, name and outcome of each check."""
        return [
            (one.asset_key.to_user_string(), one.check_name, one.passed)
            for one in self.result.get_asset_check_evaluations()
        ]

    def failure(self) -> tuple[str, dict[str, Any]]:
        """What the one step that failed says, and its metadata."""
        (event,) = self.result.filter_events(lambda event: event.is_step_failure)
        data: Any = event.step_failure_data
        return data.user_failure_data.description, plain(data.user_failure_data.metadata)

    def output(self) -> dict[str, Any]:
        """The metadata of the one output."""
        (event,) = self.result.filter_events(lambda event: event.is_successful_output)
        return plain(event.step_output_data.metadata)

    def retries(self) -> list[float]:
        """Seconds to wait before each further attempt."""
        found = self.result.filter_events(lambda event: event.is_step_up_for_retry)
        return [float(event.step_retry_data.seconds_to_wait or 0) for event in found]

    def tags(self) -> Mapping[str, str]:
        run = self.instance.get_run_by_id(self.result.run_id)
        assert run is not None
        return run.tags

    def everything(self) -> str:
        """All that Dagster keeps of the run, as text."""
        run = self.instance.get_run_by_id(self.result.run_id)
        return repr([run, *self.instance.all_logs(self.result.run_id)])


def plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.value for key, value in metadata.items()}


def run_job(location: AccountLocation, action: str, **config: Any) -> Done:
    """Run the job of an action."""
    instance = dg.DagsterInstance.ephemeral()
    job = location.definitions().resolve_job_def(f"fivetran_{action}_job")
    result = job.execute_in_process(
        run_config={"ops": {f"fivetran_{action}": {"config": config}}},
        instance=instance,
        raise_on_error=False,
    )
    return Done(result, instance)


def materialize(
    location: AccountLocation, *keys: str, more: Sequence[dg.AssetsDefinition] = ()
) -> Done:
    """Materialize assets; keys as users write them."""
    instance = dg.DagsterInstance.ephemeral()
    definitions = dg.Definitions.merge(location.definitions(), dg.Definitions(assets=more))
    selection = [dg.AssetKey.from_user_string(key) for key in keys]
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(selection)
    )
    return Done(job.execute_in_process(instance=instance, raise_on_error=False), instance)
