"""What START may come to in a random world: a model by hand, in seconds since it was called.

It knows the rules of the API and the promises of `start`, and nothing of how they are kept. Where
an end lies between two reads or near the deadline, more than one answer is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kada_dagster.sandbox.fivetran import Outcome

Kind = Literal["succeeded", "failed", "timeout", "rescheduled", "paused", "unavailable"]

READ = 30.0  # seconds between two reads at most
PUT_OFF_READ = 60.0  # likewise, while a sync is put off
IDLE = 120.0  # seconds after which it is asked for once more
MARGIN = 60.0  # seconds after the moment it was put off to, in which it is asked for
LEAST = 5.0


@dataclass(frozen=True)
class Case:
    """A random world.

    Attributes:
        outcomes: of the syncs to come; those after them succeed in a minute.
        timeout: of START.
        manual: whether the schedule is manual.
        age: seconds that a sync runs already; None: none does.
        on_running: policy.
        on_reschedule: policy.
        pause: when its owner pauses the connection; None: never.
        blips: reads that fail in a row.
        blips_after: reads before these.
        post: what becomes of one request for a sync.
        post_after: requests before that one.
        history: whether there is one.
    """

    outcomes: tuple[Outcome, ...]
    timeout: float
    manual: bool
    age: float | None
    on_running: Literal["attach", "queue", "force"]
    on_reschedule: Literal["wait", "fail"]
    pause: float | None
    blips: int
    blips_after: int
    post: Literal["", "lost", "dropped", "500 before", "500 after"]
    post_after: int
    history: bool

    @property
    def slack(self) -> float:
        """Seconds that what goes wrong may cost."""
        return PUT_OFF_READ * self.blips + PUT_OFF_READ * bool(self.post)

    @property
    def may_be_mistaken(self) -> bool:
        """Whether a sync in place of another, over before anybody looks for it, can be taken for
        that one: none runs then, no history is asked, and it is asked for once more."""
        is_first = self.post in ("lost", "500 after") and not self.post_after
        replaces = self.age is not None and self.on_running == "force"
        begun = self.outcomes[1] if len(self.outcomes) > 1 else Outcome.success()
        return is_first and replaces and begun.seconds <= self.slack


@dataclass
class _Story:
    """The moments in which the next sync may start, and what START may have come to."""

    case: Case
    lo: float = 0.0
    hi: float = 0.0
    may_be: set[Kind] = field(default_factory=set["Kind"])
    is_over: bool = False
    kicks: int = 1

    def passes(self, least: float, most: float) -> None:
        """So much time passes; the deadline and the owner's pause may come in it."""
        self.lo, self.hi = self.lo + least, self.hi + most
        pause = self.case.pause
        if pause is not None and pause <= self.hi:
            self.may_be.add("paused")
            if self.case.blips and pause + READ + self.case.slack >= self.case.timeout:
                self.may_be.add("timeout")  # the reads that would have seen it may fail
        if self.hi >= self.case.timeout:
            self.may_be.add("timeout")
        if self.lo > self.case.timeout or (pause is not None and pause < self.lo):
            self.is_over = True

    def ends(self, kind: Kind) -> None:
        self.may_be.add(kind)
        self.is_over = True

    def has(self, outcome: Outcome, seconds: float) -> None:
        """A sync that runs comes to its end."""
        self.passes(seconds, seconds)
        if self.is_over:
            return
        if self.case.blips and self.hi + READ + self.case.slack >= self.case.timeout:
            self.may_be.add("timeout")  # the read that would have seen it may be one that fails
        if outcome.kind == "success":
            self.ends("succeeded")
        elif outcome.kind == "failure":
            self.ends("failed")
        elif outcome.kind == "reschedule":
            self.is_put_off(outcome.wait)
        else:
            self.is_idle(seconds)

    def is_put_off(self, wait: float) -> None:
        case = self.case
        if self.lo + READ + case.slack >= case.timeout:
            self.may_be.add("timeout")  # it may never be seen that it was
        if case.on_reschedule == "fail":
            if case.pause is not None and case.pause <= self.hi + READ + case.slack:
                self.may_be.add("paused")
            self.ends("rescheduled")
            return
        least = LEAST if case.manual else 0.0
        if self.hi + wait + least + MARGIN + PUT_OFF_READ >= case.timeout:
            self.may_be.add("rescheduled")
        if self.lo + wait + least > case.timeout:
            if case.pause is not None and case.pause <= self.hi + READ + case.slack:
                self.may_be.add("paused")
            self.is_over = True
            return
        most = MARGIN + PUT_OFF_READ + case.slack if case.manual else 0.0
        self.passes(wait + least, wait + most)

    def is_idle(self, ran: float) -> None:
        """A sync was cancelled that had run so many seconds."""
        is_soon_over = ran <= self.case.slack
        if self.case.post in ("lost", "500 after") and (is_soon_over or not self.kicks):
            # what it started was gone when that was looked for, and it was asked for once more
            self.may_be |= {"succeeded", "failed", "rescheduled"}
        if not self.kicks:
            if self.case.pause is not None:
                self.may_be.add("paused")
            self.ends("timeout")
            return
        self.kicks -= 1
        self.passes(IDLE - READ - self.case.slack, IDLE + 2 * READ + self.case.slack)


def expected(case: Case) -> set[Kind]:
    """What START may come to."""
    found = _comes_to(case, list(case.outcomes))
    if case.may_be_mistaken:
        found |= _comes_to(case, [*case.outcomes[:1], *case.outcomes[2:]])
    return found


def _comes_to(case: Case, coming: list[Outcome]) -> set[Kind]:
    story = _Story(case)
    if case.age is not None and coming:
        _already(story, case, coming)
    else:
        story.passes(0.0, case.slack)
    while not story.is_over:
        outcome = coming.pop(0) if coming else Outcome.success()
        story.has(outcome, outcome.seconds)
    return story.may_be


def _already(story: _Story, case: Case, coming: list[Outcome]) -> None:
    """What becomes of the sync that runs when START is called."""
    running = coming.pop(0)
    left = running.seconds - (case.age or 0.0)
    if case.on_running == "attach":
        story.has(running, left)
    elif case.on_running == "queue":
        if case.blips and left + READ + case.slack >= case.timeout:
            story.may_be.add("unavailable")  # there is no time left to look again
        story.passes(left, left + READ + case.slack)
        if not story.is_over and running.kind == "reschedule":
            if running.wait <= story.hi - left:  # it may have come and gone between two reads
                story.may_be |= {"succeeded", "failed", "rescheduled", "timeout"}
            # asked for too early, it is put off to the same moment again
            story.is_put_off(running.wait - (story.hi - left))
            story.lo = min(story.lo, left + running.wait)
    else:
        if case.post and not case.post_after and not case.history:
            story.may_be.add("unavailable")
        unheard = bool(case.post) and not case.post_after
        if unheard and running.kind == "reschedule" and left <= case.slack:
            # it is put off while nobody knows whether another was asked for
            story.may_be |= {"succeeded", "failed", "rescheduled", "timeout"}
        story.passes(0.0, case.slack)
