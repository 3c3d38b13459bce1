"""A stand-in for Hevo: both API families over real HTTP, and accounts whose contents are known.

Belongs here: the shapes, paging, limits and faults of the API as far as they are known, and what
an extract of a given account must hold. Not here: anything of the collector. The truth is told
from the account's description, never read back from what is served.
"""

from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.faults import Fault
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.hevo.server import HevoServer
from kada_dagster.sandbox.web import Request

__all__ = ["Fault", "HevoEstate", "HevoServer", "Quirks", "Request"]
