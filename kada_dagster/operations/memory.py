"""What the sensor knows from one look to the next, as text for its cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from kada_dagster.operations.decision import AlertState
from kada_dagster.operations.notices import Message

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True)
class Memory:
    """What is kept between two looks.

    Attributes:
        after: number of the last event of Dagster's log that was looked at.
        undecided: failed runs of which it is open whether they are tried again, and since when.
        looked: when the conditions were looked at last.
        state: what was told.
        outbox: what waits to be sent, by channel.
    """

    after: int
    undecided: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    looked: datetime | None = None
    state: AlertState = field(default_factory=AlertState)
    outbox: Mapping[str, tuple[Message, ...]] = field(
        default_factory=dict[str, tuple[Message, ...]]
    )

    def to_json(self) -> str:
        """As the text of a cursor."""
        return _adapter().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Memory | None:
        """The memory a cursor holds; None where it holds none that can be read."""
        try:
            return _adapter().validate_json(text)
        except ValueError:
            return None


@cache
def _adapter() -> TypeAdapter[Memory]:
    from pydantic import TypeAdapter

    return TypeAdapter(Memory)
