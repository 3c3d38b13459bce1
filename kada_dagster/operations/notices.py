"""What there is to tell: failed runs, states that begin and end, and the notices made of them.

Values only. What becomes a notice is decided in `decision`; how one reads is in `texts`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Facts = tuple[tuple[str, str], ...]
"""Lines of a notice: what they are called, and what they say."""

Kind = Literal["failed", "failed again", "recovered", "began", "ended"]


@dataclass(frozen=True)
class Failure:
    """A run that failed and is not tried again.

    Attributes:
        run_id: of the run.
        subject: whose run it is, as `source shop`; failures of a subject end together.
        step: what of it failed, as `extract`; empty where no step did.
        windows: the span of time it was about, UTC; empty where there is none.
        error: class of the error.
        cause: what the error says, without secrets.
        next_step: what to do about it.
        at: when it failed.
    """

    run_id: str
    subject: str
    step: str
    windows: str
    error: str
    cause: str
    next_step: str
    at: datetime


@dataclass(frozen=True)
class Condition:
    """Something that should not be, as a mark that lags: whether it is so now.

    Attributes:
        key: tells it apart from others.
        holds: None where that could not be found out, which says nothing.
        begins: title of the notice when it begins.
        ends: title of the notice when it is over.
        facts: of the present.
        page: page of Dagster's UI about it.
        patience: how long it must have been so before it is told.
    """

    key: str
    holds: bool | None
    begins: str
    ends: str
    facts: Facts = ()
    page: str = ""
    patience: timedelta = timedelta()


@dataclass(frozen=True)
class Notice:
    """One thing an operator is told.

    Attributes:
        id: the same for the same thing, whenever it is found.
        kind: what has happened.
        title: a line.
        facts: the rest.
        page: page of Dagster's UI about it, behind its address.
        at: when it happened, or was seen first.
    """

    id: str
    kind: Kind
    title: str
    facts: Facts
    page: str
    at: datetime

    @property
    def is_bad(self) -> bool:
        """Whether it is about something that should not be."""
        return self.kind not in ("recovered", "ended")


@dataclass(frozen=True)
class Message:
    """Notices that are sent together.

    Attributes:
        notices: oldest first.
        left_out: how many more there were.
    """

    notices: tuple[Notice, ...]
    left_out: int = 0

    @property
    def id(self) -> str:
        """The same for the same notices, so that whoever gets it twice can tell."""
        names = "\n".join([*(notice.id for notice in self.notices), str(self.left_out)])
        return hashlib.sha256(names.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Seen:
    """What a look has found.

    Attributes:
        failures: runs that have failed since the last look.
        succeeded: by subject, when it last did what it is for.
        conditions: all there are; None where nobody looked at them.
    """

    failures: Sequence[Failure] = ()
    succeeded: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    conditions: Sequence[Condition] | None = None
