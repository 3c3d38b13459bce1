"""Transformations as objects: what they need, the models they make, and their last runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kada_dagster.api.values import list_of, moment_iso, object_of, text
from kada_dagster.extracts.contract import Confidence, json_cell, timestamp
from kada_dagster.extracts.identity import object_id
from kada_dagster.extracts.output import Item
from kada_dagster.fivetran.allowed import compact, scalars
from kada_dagster.fivetran.extraction.reading import Reading

_OVER = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "PARTIALLY_SUCCEEDED"})
_SCHEDULE = ("schedule_type", "interval", "time_of_day", "smart_syncing")
_CONFIG = ("project_id", "package_name")


def write_transformations(
    reading: Reading, answers: Iterable[Mapping[str, Any]], only: Collection[str] | None
) -> None:
    """Write transformations.

    Args:
        reading: what all parts of the collector share.
        answers: as the API lists them.
        only: ids of connections of which one must be needed; None for all transformations.
    """
    count = 0
    for given in answers:
        if not text(given.get("id")):
            reading.output.warn("without_id", "transformation")
        elif only is None or any(number in only for number in connections_of(given)):
            count += _write(reading, given)
    reading.progress("transformations", count)


def connections_of(given: Mapping[str, Any]) -> list[str]:
    """Ids of the connections a transformation waits for or reads."""
    places = (object_of(given.get("schedule")), object_of(given.get("transformation_config")))
    numbers = [text(one) for place in places for one in list_of(place.get("connection_ids"))]
    return [number for number in dict.fromkeys(numbers) if number]


def _write(reading: Reading, given: Mapping[str, Any]) -> bool:
    number, config = text(given.get("id")), object_of(given.get("transformation_config"))
    item = _item(reading, number)
    name = text(config.get("name")) or text(config.get("package_name")) or number
    is_new = reading.output.meta(
        item,
        "FIVETRAN_TRANSFORMATION",
        name,
        path=reading.path(name),
        created_at=timestamp(moment_iso(given.get("created_at"))),
        owner=text(given.get("created_by_id")),
        status=text(given.get("status")),
        attributes=json_cell(_facts(given, config)),
    )
    for connection in connections_of(given):
        reading.output.depends(item, reading.connection(connection))
    for other in list_of(object_of(given.get("schedule")).get("transformation_ids")):
        if text(other):
            reading.output.depends(item, _item(reading, text(other)))
    for model in list_of(given.get("output_model_names")):
        if text(model):
            _write_model(reading, item, (number, text(model)), (name, text(model)))
    _write_run(reading, item, number, given)
    return is_new


def _item(reading: Reading, number: str) -> Item:
    return reading.item("PIPELINE", "transformation", number)


def _write_model(
    reading: Reading, transformation: Item, own: tuple[str, str], path: tuple[str, str]
) -> None:
    """Write a model. Nobody says which schema its table is in, so it is no table of a database."""
    item = reading.item("DATASET_TABLE", "model", *own)
    reading.output.meta(
        item,
        "FIVETRAN_MODEL",
        own[1],
        path=reading.path(*path),
        parent_id=transformation.id,
    )
    reading.output.lineage(transformation, item, Confidence.DIRECT)


def _write_run(reading: Reading, item: Item, number: str, given: Mapping[str, Any]) -> None:
    """Write the last run, if it ended in the window; a status may be that of a later one."""
    started, ended = (moment_iso(given.get(f"last_{word}_at")) for word in ("started", "ended"))
    if ended is None or not reading.window.start <= ended < reading.window.end:
        return
    status, stamp = text(given.get("status")), ended.strftime("%Y%m%dT%H%M%S%fZ")
    is_later = started is not None and started > ended
    reading.output.run(
        object_id(reading.host, "transformation_run", number, stamp),
        item,
        ended,
        status=status if status in _OVER and not is_later else "",
        started_at="" if is_later else timestamp(started),
    )


def _facts(given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, object]:
    schedule = object_of(given.get("schedule"))
    lists = {key: _texts(schedule.get(key)) for key in ("cron", "days_of_week")}
    return compact(
        **scalars(given, "type", "paused", "last_started_at", "last_ended_at"),
        **scalars(config, *_CONFIG),
        schedule=compact(**scalars(schedule, *_SCHEDULE), **lists),
    )


def _texts(value: object) -> list[str]:
    """Texts in an order of their own: the API calls some of these lists sets."""
    return sorted(text(one) for one in list_of(value) if text(one))
