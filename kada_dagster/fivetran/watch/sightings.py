"""How a look is taken, and what one finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.cursor import Cursor
from kada_dagster.fivetran.watch.identity import Completion, Failure

HistoryMode = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class LookOptions:
    """How a look is taken.

    Attributes:
        history: whether to ask for the sync history of connections that advanced: as long as the
            account has one, always, or never.
        emit_on_first: whether the first look reports the last success of each connection.
        most: syncs reported in one look; the others wait for the next.
        most_events: what the syncs may weigh together.
        weight: of a sync of a connection, by its id: the events that report it.
        seconds: after which no more histories are asked for.
    """

    history: HistoryMode = "auto"
    emit_on_first: bool = False
    most: int = 200
    most_events: int = 2000
    weight: Callable[[str], int] = lambda connection_id: 1  # noqa: ARG005
    seconds: float = 35.0


@dataclass(frozen=True)
class Sighting:
    """What is reported of one connection.

    Attributes:
        connection: as the list has it.
        before: the success reported last, microseconds since 1970.
        completions: its successes, oldest first.
        failure: its newest failure.
    """

    connection: Watched
    before: int | None
    completions: Sequence[Completion] = ()
    failure: Failure | None = None


@dataclass
class Look:
    """What a look found.

    Attributes:
        cursor: to be kept together with what is reported.
        listed: all connections.
        is_first: nothing was known before.
        sightings: what is reported, longest waiting first.
        waiting: ids of connections that wait for the next look, with the reason.
        histories: how many were asked for.
        ahead: seconds by which our clock is ahead of the API's.
    """

    cursor: Cursor
    listed: Sequence[Watched]
    is_first: bool
    sightings: list[Sighting] = field(default_factory=list[Sighting])
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    histories: int = 0
    ahead: int = 0
