"""A stand-in for Hightouch: its API over real HTTP, and workspaces whose contents are known.

Belongs here: the shapes, paging, limits and faults of the API as far as they are known, and what
an extract of a given workspace must hold. Not here: anything of the collector. The truth is told
from the workspace's description, never read back from what is served.
"""

from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.faults import Faults, failure
from kada_dagster.sandbox.hightouch.server import HightouchServer, WriteAttemptedError

__all__ = ["Faults", "HightouchEstate", "HightouchServer", "WriteAttemptedError", "failure"]
