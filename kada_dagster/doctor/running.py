"""Checks done side by side: each in a thread, each with an end, none in the way of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Thread
from time import monotonic

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.doctor.check import Check, Finding, Status, Verdict, fail, skip
from kada_dagster.errors import KadaError

AT_ONCE = 16
"""Checks at work at the same time."""

_Answer = tuple[Check, Sequence[Verdict]]


def run_checks(
    checks: Sequence[Check], *, limit: float, within: float, offline: bool = False
) -> Iterator[Finding]:
    """Do checks, and tell what they found in their order.

    Args:
        checks: those a check needs, or waits for, are among them.
        limit: seconds one check may take.
        within: seconds all of them may take.
        offline: skip what asks over the network.

    Yields:
        A finding for each verdict, as soon as those of the checks before are told.
    """
    work = _Round(checks, limit, monotonic() + within, offline)
    for check in checks:
        while check not in work.done:
            work.go_on()
        began, ended = work.begun.get(check, 0.0), work.ended.get(check, 0.0)
        for verdict in work.done[check]:
            message = " ".join(verdict.message.split())
            yield Finding(check.subject, check.name, verdict.status, message, ended - began)


@dataclass
class _Round:
    """The state of one run.

    Attributes:
        checks: all of them.
        limit: seconds one may take.
        end: moment when all must have ended.
        offline: skip what asks over the network.
        done: what came of those that have ended.
        begun, ended: moments.
    """

    checks: Sequence[Check]
    limit: float
    end: float
    offline: bool
    done: dict[Check, Sequence[Verdict]] = field(default_factory=dict[Check, Sequence[Verdict]])
    begun: dict[Check, float] = field(default_factory=dict[Check, float])
    ended: dict[Check, float] = field(default_factory=dict[Check, float])
    _answers: Queue[_Answer] = field(default_factory=Queue[_Answer])

    def go_on(self) -> None:
        """Begin what can begin, and wait until something ends or has to."""
        ready = self._ready()
        for check in ready:
            self._begin(check)
        if not self._working():
            if not ready:
                raise ValueError("checks need one another, or one that is not there")
            return
        try:
            check, verdicts = self._answers.get(timeout=max(0.0, self._next_end() - monotonic()))
        except Empty:
            self._give_up()
        else:
            if check not in self.done:  # else it was given up
                self._finish(check, verdicts)

    def _ready(self) -> list[Check]:
        return [
            check
            for check in self.checks
            if check not in self.begun
            and check not in self.done
            and all(other in self.done for other in (*check.needs, *check.after))
        ]

    def _working(self) -> list[Check]:
        return [check for check in self.begun if check not in self.done]

    def _begin(self, check: Check) -> None:
        if reason := self._reason_against(check):
            self.done[check] = (skip(reason),)
        elif len(self._working()) < AT_ONCE:
            self.begun[check] = monotonic()
            # daemon: a driver that hangs must not keep the process from ending
            Thread(target=_work, args=(check, self._answers), daemon=True).start()

    def _reason_against(self, check: Check) -> str:
        if self.offline and check.remote:
            return "not checked: --offline"
        for need in check.needs:
            worst = {verdict.status for verdict in self.done[need]}
            if worst & {Status.FAIL, Status.SKIP}:
                state = "failed" if Status.FAIL in worst else "was not checked"
                return f"not checked: {_named(need, check)} {state}"
        return "not checked: no time was left" if monotonic() > self.end else ""

    def _next_end(self) -> float:
        return min(self.end, *(self.begun[check] + self.limit for check in self._working()))

    def _give_up(self) -> None:
        """End what has been at work for too long. Its thread is left alone."""
        now = monotonic()
        for check in self._working():
            seconds = now - self.begun[check]
            if seconds >= self.limit or now >= self.end:
                message = f"did not end within {seconds:.1f} s: it hangs or is very slow; look at "
                self._finish(check, [fail(message + "the server or network, or raise --timeout")])

    def _finish(self, check: Check, verdicts: Sequence[Verdict]) -> None:
        self.done[check], self.ended[check] = verdicts, monotonic()


def _work(check: Check, answers: Queue[_Answer]) -> None:
    verdicts: list[Verdict] = []
    try:
        verdicts.extend(check.probe())
    except ConfigFileError as error:
        verdicts += [fail(str(problem)) for problem in error.problems]
    except KadaError as error:
        verdicts.append(fail(str(error)))
    except Exception as error:  # a check that breaks is a finding, not the end of the others
        verdicts.append(fail(f"the check itself failed: {type(error).__name__}: {error}"))
    answers.put((check, verdicts))


def _named(need: Check, check: Check) -> str:
    return need.name if need.subject == check.subject else f"{need.subject} {need.name}"
