"""The code location: what Dagster loads. Everything is made by `build_definitions`."""

from kada_dagster.collector.build import build_definitions

defs = build_definitions()
