"""Fivetran: the client and its actions, the collector, the sync sensor, assets and jobs.

`client`, `connection`, `history`, `actions` talk to the API; `settings`, `extractor` and
`extraction/` are the collector; `watch/` decides what the sensor reports. What imports Dagster is
in the face modules: `resource`, `collector_resource`, `sensor`, `assets`, `jobs` and their kin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

if TYPE_CHECKING:
    from kada_dagster.fivetran.extractor import Extractor

__all__ = ["Extractor"]

__getattr__, __dir__ = exports(__name__, {"Extractor": "kada_dagster.fivetran.extractor"})
