"""A check: what it is about, how it is done, and what it may come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """What a check comes to; the worst of its verdicts."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True)
class Verdict:
    """One thing a check found.

    Attributes:
        status: how bad it is.
        message: what is so; of what is not right, also what to do.
    """

    status: Status
    message: str


def ok(message: str) -> Verdict:
    """It is as it should be."""
    return Verdict(Status.OK, message)


def warn(message: str) -> Verdict:
    """It works, and somebody should look at it."""
    return Verdict(Status.WARN, message)


def fail(message: str) -> Verdict:
    """It does not work."""
    return Verdict(Status.FAIL, message)


def skip(message: str) -> Verdict:
    """It was not looked at."""
    return Verdict(Status.SKIP, message)


Probe = Callable[[], Iterable[Verdict]]
"""Looks, in a thread of its own. A `KadaError` it raises is a failure with that text."""


@dataclass(frozen=True, eq=False)
class Check:
    """Something to look at.

    Attributes:
        subject: what it belongs to: the name of a source, account or loader, or a part of the
            installation.
        name: what of it.
        probe: looks.
        needs: checks without which this one makes no sense: it is skipped when one fails.
        after: checks it waits for, whatever they come to.
        remote: whether it asks anything over the network.
    """

    subject: str
    name: str
    probe: Probe
    needs: tuple[Check, ...] = ()
    after: tuple[Check, ...] = ()
    remote: bool = False


@dataclass(frozen=True)
class Finding:
    """A verdict and the check it is of: one line of the report.

    Attributes:
        subject: of the check.
        name: of the check.
        status: see `Verdict`.
        message: see `Verdict`; on one line.
        seconds: the check took.
    """

    subject: str
    name: str
    status: Status
    message: str
    seconds: float
