"""A stand-in for Fivetran: its REST API over real HTTP, and accounts that live by a clock.

Belongs here: what the API does and how it may fail, as far as it is known, and what an account is
in truth. Not here: anything of the client, the sensor or the collector.
"""

from kada_dagster.sandbox.fivetran.budgets import Budgets
from kada_dagster.sandbox.fivetran.clock import ManualClock, RunningClock
from kada_dagster.sandbox.fivetran.courier import Delivery, WebhookCourier
from kada_dagster.sandbox.fivetran.demo import demo_world
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.generator import generated_world
from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.refusal import RefusedError
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster.sandbox.fivetran.setup_tests import SetupTest
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Request

__all__ = [
    "Budgets",
    "Delivery",
    "Fault",
    "FivetranSandbox",
    "FivetranWorld",
    "ManualClock",
    "Outcome",
    "Quirks",
    "RefusedError",
    "Request",
    "RunningClock",
    "SetupTest",
    "Sync",
    "WebhookCourier",
    "demo_world",
    "generated_world",
]
