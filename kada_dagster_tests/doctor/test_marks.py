"""A store that does not mind conditions would lose marks: the doctor notices."""

from __future__ import annotations

import pytest

from kada_dagster.doctor.marks import try_objects
from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.objects import Versioned


class Careless:
    """Objects of a store without conditional writes."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def read(self, name: str) -> Versioned:
        return Versioned(self.kept.get(name), None)

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        self.kept[name] = data
        return True

    def describe(self, name: str) -> str:
        return f"s3://bucket/hwm/{name}"


class Careful(Careless):
    """Objects of one that has them."""

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        return version is None and super().replace(name, data, version)


def test_a_store_that_writes_in_spite_of_a_condition_is_refused() -> None:
    with pytest.raises(WatermarkError, match="s3://bucket/hwm/kada_doctor_probe was written"):
        try_objects(Careless())


def test_where_conditions_count_nothing_is_written() -> None:
    objects = Careful()
    try_objects(objects)
    assert not objects.kept
