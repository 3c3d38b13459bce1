"""Makes up workspaces of any size that hold every shape and oddity that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from random import Random

from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.generated_models import models
from kada_dagster.sandbox.hightouch.generated_places import destinations, sources
from kada_dagster.sandbox.hightouch.generated_runs import runs_of_syncs
from kada_dagster.sandbox.hightouch.generated_syncs import Pool, syncs
from kada_dagster.sandbox.hightouch.model import Model
from kada_dagster.sandbox.hightouch.naming import MappingEntry
from kada_dagster.sandbox.hightouch.sync import Sync

BEGINNING = datetime(2025, 6, 1, 8, 30, 0, 123000, tzinfo=timezone.utc)
"""When the first entity was made."""


def generate(seed: int, objects: int, *, runs: int, quirks: bool) -> HightouchEstate:
    """See `HightouchEstate.generate`."""
    random = Random(seed)
    counts = _counts(objects)
    made = [BEGINNING + timedelta(minutes=number, milliseconds=number) for number in range(objects)]
    all_sources = list(sources(counts[0], seed, made, quirks))
    all_destinations = list(destinations(counts[1], seed, made))
    all_models = list(models(random, counts[2], all_sources, made, quirks))
    pool = Pool(
        {one.id: one for one in all_sources},
        {one.id: one for one in all_models},
        {one.id: one for one in all_destinations},
    )
    all_syncs = list(syncs(random, counts[3], pool, made, quirks))
    estate = HightouchEstate.of(
        all_sources,
        _with_syncs_of_models(all_models, all_syncs),
        _with_syncs(all_destinations, all_syncs),
        all_syncs,
        runs_of_syncs(random, [one.id for one in all_syncs], runs, quirks),
    )
    estate.mapping = _mapping([*all_sources, *all_destinations])
    return estate


def _counts(objects: int) -> tuple[int, int, int, int]:
    """Sources, destinations, models, syncs; a sync needs one of each."""
    if objects < 4:
        return objects, 0, 0, 0
    sources, destinations = max(1, objects // 30), max(1, objects // 20)
    models = max(1, objects * 2 // 5)
    return sources, destinations, models, objects - sources - destinations - models


def _with_syncs_of_models(rows: list[Model], all_syncs: list[Sync]) -> list[Model]:
    used: dict[int, list[int]] = {}
    for sync in all_syncs:
        used.setdefault(sync.model_id, []).append(sync.id)
    return [replace(row, syncs=tuple(used.get(row.id, ()))) for row in rows]


def _with_syncs(rows: list[Destination], all_syncs: list[Sync]) -> list[Destination]:
    used: dict[int, list[int]] = {}
    for sync in all_syncs:
        used.setdefault(sync.destination_id, []).append(sync.id)
    return [replace(row, syncs=tuple(used.get(row.id, ()))) for row in rows]


def _mapping(connections: list[Source | Destination]) -> dict[str, MappingEntry]:
    """Of every other connection an entry: by name, slug or id, in turn, in each of the shapes."""
    entries: dict[str, MappingEntry] = {}
    for number, one in enumerate(connections):
        if number % 2:
            continue
        key = (one.name, one.slug, str(one.id))[number // 2 % 3] or one.slug
        host = f"onboarded-{number}.example.org"
        both = {"host": host, "database": f"Mapped{number}"}
        is_whole = one.place.has_schemas and one.place.has_tables and number % 4 == 0
        entries[key] = both if is_whole else host
    return entries
