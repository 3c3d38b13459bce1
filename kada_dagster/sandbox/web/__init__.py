"""What all stand-ins for APIs share: a server over real HTTP, faults told in advance, a budget.

Belongs here: what is the same whoever's API it is. Not here: paths, shapes, error bodies and
quirks of a vendor, which are in the vendor's folder. What a test compares is in `sandbox.facts`.
"""

from kada_dagster.sandbox.web.answers import Answer
from kada_dagster.sandbox.web.budget import CallBudget
from kada_dagster.sandbox.web.faults import Fault, FaultPlan
from kada_dagster.sandbox.web.request import Request
from kada_dagster.sandbox.web.server import StandIn

__all__ = ["Answer", "CallBudget", "Fault", "FaultPlan", "Request", "StandIn"]
