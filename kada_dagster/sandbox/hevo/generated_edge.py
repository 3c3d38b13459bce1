"""Edge pipelines of generated accounts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from kada_dagster.sandbox.hevo import names
from kada_dagster.sandbox.hevo.classic import Destination, Field
from kada_dagster.sandbox.hevo.connections import Connection
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgeObject, EdgePipeline, Namespace
from kada_dagster.sandbox.hevo.generated_connections import source
from kada_dagster.sandbox.hevo.times import END, HOUR, START

_OBJECT_STATUSES = (
    *("ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "BLOCKED", "DISABLED", "DELETED", "INACTIVE"),
    *("INACCESSIBLE", "INCONSISTENT", "RESETTING", "HIBERNATING"),
)
_FIELD_STATUSES = (*["ACTIVE"] * 12, "BLOCKED", "DELETED", "DISABLED", "INACTIVE", "HIBERNATING")
_JOB_STATUSES = (
    *["COMPLETED"] * 8,
    *("COMPLETED_WITH_FAILURES", "FAILED", "CANCELLED", "SKIPPED", "DEFERRED"),
    *("DEFERRED_WITH_FAILURES", "IN_PROGRESS", "CANCELLING", "HIBERNATING"),
)
_JOB_TYPES = (
    "INCREMENTAL",
    "INCREMENTAL",
    "HISTORICAL",
    "RESYNC",
    "REFRESHER",
    "TRUNCATE_AND_LOAD",
)
_LONGEST = 10 * HOUR


def edge_pipelines(
    rng: Random, sizes: Sequence[int], destinations: Sequence[Destination], jobs: int
) -> tuple[EdgePipeline, ...]:
    """One pipeline for every size, some on their way out, and one that vanishes."""
    templates = [_fields(rng, count) for count in (*range(1, 13), *range(3, 9))]
    shares = _shares(rng, len(sizes), jobs)
    made = [
        _pipeline(
            rng, number, size, destinations[number % len(destinations)], templates, jobs=share
        )
        for number, (size, share) in enumerate(zip(sizes, shares), 1)
    ]
    last = len(made) + 1
    origin = source(rng, last, edge=True)
    made.append(EdgePipeline(last, f"gone {last}", origin, destinations[0], is_gone=True))
    return tuple(made)


def _shares(rng: Random, pipelines: int, jobs: int) -> list[int]:
    """Jobs of each pipeline, unevenly: some have pages of them, the first has none."""
    cuts = sorted(rng.randrange(jobs + 1) for _ in range(pipelines - 2))
    bounds = [0, *cuts, jobs] if pipelines > 1 else [0]
    return [0, *(end - start for start, end in pairwise(bounds))]


def _pipeline(
    rng: Random,
    number: int,
    size: int,
    destination: Destination,
    templates: list[tuple[Field, ...]],
    *,
    jobs: int,
) -> EdgePipeline:
    origin = source(rng, number, edge=True)
    prefix = rng.choice(("", "hevo_", f"e{number}_"))
    status = rng.choice(("ENABLED", "ENABLED", "DISABLED", "RESTARTING", "HIBERNATING"))
    if number % 9 == 4:
        status = rng.choice(("DELETED", "DELETING"))
    created = START - rng.randrange(1000 * HOUR)
    return EdgePipeline(
        number,
        "" if rng.random() < 0.05 else f"edge {number}",
        origin,
        destination,
        tuple(
            _object(rng, n, origin, destination, prefix=prefix, templates=templates)
            for n in range(size)
        ),
        tuple(_job(rng) for _ in range(jobs)),
        status,
        prefix,
        f"owner{number % 4}@example.com",
        created,
        created + rng.randrange(HOUR),
        created + rng.randrange(HOUR),
    )


def _object(
    rng: Random,
    number: int,
    origin: Connection,
    destination: Destination,
    *,
    prefix: str,
    templates: list[tuple[Field, ...]],
) -> EdgeObject:
    name = names.table(rng, number)
    target = name if rng.random() < 0.8 else f"{prefix}{name}"
    kind = rng.random()
    full = target if target.startswith(prefix) else f"{prefix}{target}"
    return EdgeObject(
        names.uuid(rng),
        _origin(rng, origin, name),
        _target(rng, destination.connection, target),
        None if kind < 0.1 else f"short{number}" if kind < 0.2 else full,
        f"{name} as shown",
        rng.choice(_OBJECT_STATUSES),
        rng.choice(templates),
        is_gone=rng.random() < 0.03,
    )


def _origin(rng: Random, origin: Connection, name: str) -> Namespace:
    if not origin.is_database:
        return Namespace(name, rng.choice((None, None, "sandbox")))
    k2 = rng.choice((None, origin.database, origin.database, "other"))
    return Namespace(name, rng.choice((None, "Sales")) if origin.has_schemas else None, k2)


def _target(rng: Random, destination: Connection, name: str) -> Namespace:
    k2 = rng.choice((None, destination.database or None, "other_db"))
    return Namespace(name, rng.choice((None, "landing", "Landing Zone")), k2)


def _fields(rng: Random, count: int) -> tuple[Field, ...]:
    return (
        *(
            Field(name, name if rng.random() > 0.04 else None, status=rng.choice(_FIELD_STATUSES))
            for name in names.columns(rng, count)
        ),
        Field(None, "__hevo__ingested_at"),
        Field("__hevo_id", "__hevo_id"),
    )


def _job(rng: Random) -> EdgeJob:
    """A job of the week: seconds to hours long, some without an end or a length that is told."""
    created = START + rng.randrange(END - START - _LONGEST)
    duration = rng.choice((0, 1, 999, 5_000, 60_000, rng.randrange(HOUR), rng.randrange(_LONGEST)))
    if rng.random() < 0.3:  # ends on the second, where windows are cut
        created, duration = created // HOUR * HOUR, duration // 1000 * 1000
    shown = rng.random()
    rows = rng.randrange(100_000)
    return EdgeJob(
        names.uuid(rng),
        created,
        None if shown < 0.1 else created + duration - (500 if shown > 0.95 else 0),
        None if shown > 0.8 else duration,
        rng.choice(_JOB_STATUSES),
        rng.choice(_JOB_TYPES),
        rows,
        rows if rng.random() < 0.8 else rows // 2,
        None if shown < 0.02 else rows - rows // 2,
    )
