"""Loads side by side, each behind those it waits for.

In threads: nearly all of a load is done by the two servers and by the C code of the driver, which
lets other threads run. Two loads of a million rows between two PostgreSQL servers took 0.5 s of
this process' CPU in threads and 1.2 s in processes; from SQLite, whose rows pass through Python,
threads were no slower than processes on two cores.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread

from kada_dagster.loader.definition.profiles import Profile
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.route import RouteDefinition
from kada_dagster.loader.engine.stopping import Stop, stoppable
from kada_dagster.loader.engine.watching import join
from kada_dagster.loader.runs.attempts import Do, attempt
from kada_dagster.loader.runs.choice import Load
from kada_dagster.loader.runs.outcome import Outcome


class Crew:
    """Runs the loads of a project.

    The first range of a task is loaded alone: it may make the table.

    Args:
        project: they are of; says what waits for what, and how many may run at once.
        jobs: loads at the same time.
        do: loads once.
        report: told what begins, from several threads.
    """

    def __init__(
        self, project: Project, jobs: int, do: Do, report: Callable[[Load, str], None]
    ) -> None:
        self._project, self._jobs, self._do, self._report = project, jobs, do, report
        self._stop = Stop()
        self._ended: SimpleQueue[Outcome] = SimpleQueue()
        self._running: dict[Load, Thread] = {}

    def run(self, loads: Sequence[Load]) -> Generator[Outcome]:
        """Run them; gives what came of each as it ends.

        An exception in the thread that iterates, as KeyboardInterrupt, breaks all of them off; so
        does closing the generator.

        Args:
            loads: each behind those it waits for.
        """
        plan = _Plan(self._project, loads)
        try:
            while self._running or not plan.is_empty:
                yield from plan.given_up()
                while len(self._running) < self._jobs:
                    load = plan.next(self._running)
                    if load is None:
                        break
                    self._start(load)
                if self._running:
                    outcome = self._ended.get()
                    self._running.pop(outcome.load).join()
                    plan.note(outcome)
                    yield outcome
        finally:
            self._break_off()

    def _start(self, load: Load) -> None:
        thread = Thread(target=self._work, args=(load,), daemon=True, name=str(load))
        self._running[load] = thread
        thread.start()

    def _work(self, load: Load) -> None:
        with stoppable(self._stop):
            self._ended.put(attempt(load, self._do, partial(self._report, load), self._stop))

    def _break_off(self) -> None:
        if self._running:
            self._stop.set()
            for thread in self._running.values():
                join(thread)


class _Plan:
    """Which load may begin next."""

    def __init__(self, project: Project, loads: Sequence[Load]) -> None:
        self._project = project
        self._waiting: dict[str, deque[Load]] = {}
        for load in sorted(loads, key=lambda load: -load.task.definition.run.priority):
            self._waiting.setdefault(load.task.id, deque()).append(load)
        self._left = Counter(load.task.id for load in loads)
        self._begun: set[str] = set()  # tasks whose first load has ended well
        self._failed: dict[str, str] = {}  # tasks, and the load of theirs that failed

    @property
    def is_empty(self) -> bool:
        """Whether no load waits."""
        return not self._waiting

    def next(self, running: Iterable[Load]) -> Load | None:
        """The first that waits for nothing and finds room; taken out of those that wait."""
        routes = Counter(load.task.route for load in running)
        sources = Counter(load.task.connection for load in running)
        busy = {load.task.id for load in running}
        for name, loads in self._waiting.items():
            task, is_check = loads[0].task, bool(loads[0].checks)
            if name in busy and (is_check or name not in self._begun):
                continue
            if any(self._left[other] for other in self._project.waits_for[name]):
                continue
            profile = self._project.connections.get(task.connection or "")
            if _has_room(routes[task.route], self._project.routes[task.route]) and _has_room(
                sources[task.connection], profile
            ):
                return self._take(name)
        return None

    def note(self, outcome: Outcome) -> None:
        """A load has ended."""
        name = outcome.load.task.id
        self._left[name] -= 1
        if outcome.result is not None:
            self._begun.add(name)
        elif outcome.holds_others:
            self._failed.setdefault(name, str(outcome.load))

    def given_up(self) -> Iterator[Outcome]:
        """Those that cannot begin any more, taken out of those that wait."""
        while self._failed and (name := self._hopeless()) is not None:
            outcome = Outcome(self._take(name), because=f"{self._cause(name)} failed")
            self.note(outcome)
            yield outcome

    def _take(self, name: str) -> Load:
        load = self._waiting[name].popleft()
        if not self._waiting[name]:
            del self._waiting[name]
        return load

    def _hopeless(self) -> str | None:
        return next((name for name in self._waiting if self._cause(name)), None)

    def _cause(self, name: str) -> str:
        """What failed, so that nothing of a task can be loaded; '' where it can."""
        is_over = name not in self._begun or bool(self._waiting[name][0].checks)
        if name in self._failed and is_over:
            return self._failed[name]
        causes = (self._failed.get(master) for master in self._project.waits_for[name])
        return next(filter(None, causes), "")


def _has_room(used: int, limit: Profile | RouteDefinition | None) -> bool:
    most = None if limit is None else limit.max_concurrent
    return most is None or used < most
