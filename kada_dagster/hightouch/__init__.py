"""The Hightouch collector: one workspace's sources, models, syncs and runs for K.

`settings` are its fields in kada.yaml, `extractor` reads, `resource` is its Dagster face; the
others are parts of the extractor. `docs/hightouch.md` says what is written, under which ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

if TYPE_CHECKING:
    from kada_dagster.hightouch.extractor import Extractor

__all__ = ["Extractor"]

__getattr__, __dir__ = exports(__name__, {"Extractor": "kada_dagster.hightouch.extractor"})
