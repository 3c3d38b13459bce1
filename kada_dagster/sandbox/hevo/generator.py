"""Makes up accounts: the same seed gives the same one, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from kada_dagster.sandbox.hevo.classic import User, Workflow
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.generated_classic import classic_pipelines
from kada_dagster.sandbox.hevo.generated_connections import destinations
from kada_dagster.sandbox.hevo.generated_edge import edge_pipelines
from kada_dagster.sandbox.hevo.generated_models import models


def generate(seed: int, objects: int, *, jobs: int | None, edge_share: float) -> HevoEstate:
    """See `HevoEstate.generate`."""
    rng = Random(seed)
    edge_objects = round(objects * edge_share)
    count = max(8, objects // 200)
    classic_destinations = destinations(rng, count, edge=False)
    edge_destinations = destinations(rng, count, edge=True)
    pipelines = classic_pipelines(
        rng, list(_sizes(rng, objects - edge_objects)), classic_destinations
    )
    return HevoEstate(
        destinations=classic_destinations,
        pipelines=pipelines,
        models=models(rng, pipelines, 2 + objects // 40),
        workflows=tuple(
            Workflow(n, f"nightly {n}", rng.choice(("ACTIVE", "PAUSED", "HIBERNATING")))
            for n in range(1, 3 + objects // 500)
        ),
        users=tuple(
            User(f"user{n}@example.com", "OWNER" if n == 1 else "NEW_ROLE", "ACTIVE")
            for n in range(1, 4)
        ),
        edge_destinations=edge_destinations,
        edge_pipelines=edge_pipelines(
            rng,
            list(_sizes(rng, edge_objects)),
            edge_destinations,
            objects if jobs is None else jobs,
        ),
    )


def _sizes(rng: Random, objects: int) -> Iterator[int]:
    """Objects of each pipeline: small ones, empty ones, and some of many pages."""
    yield 0
    while objects:
        size = min(objects, rng.choice((1, 3, 7, 20, 60, 100, 101, 250, 1000)))
        yield size
        objects -= size
