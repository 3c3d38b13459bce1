"""A Hightouch workspace: all that the API serves, and all that an extract of it must hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from kada_dagster.sandbox.hightouch.entities import Destination, Entity, Source
from kada_dagster.sandbox.hightouch.model import Model
from kada_dagster.sandbox.hightouch.naming import MappingEntry
from kada_dagster.sandbox.hightouch.runs import Run
from kada_dagster.sandbox.hightouch.sync import Sync

if TYPE_CHECKING:
    from kada_dagster.hwm.window import Window
    from kada_dagster.sandbox.facts import LinkFact
    from kada_dagster.sandbox.hightouch.facts import EventFact, MetaFact

Kind = Literal["sources", "models", "destinations", "syncs"]
KINDS: tuple[Kind, ...] = ("sources", "models", "destinations", "syncs")

END_OF_TIME = datetime(9999, 1, 1, tzinfo=timezone.utc)


@dataclass
class HightouchEstate:
    """A workspace. It may change while it is served: between two answers, not during one.

    Attributes:
        sources, models, destinations, syncs: by id.
        runs: of each sync, by the sync's id; those of a sync that is gone are gone, too.
        sequence_runs: answers to runs of sequences, by their ids; no list holds these.
        mapping: from names of connections to what is onboarded in K; no part of the workspace.
        now: the moment at which the API is asked; runs go on as it moves.
        last_run_at: which moment of its last run a sync's `lastRunAt` is; the vendor does not say.
        version: of what is listed, counted up by `put` and `delete`.
    """

    sources: dict[int, Source] = field(default_factory=dict[int, Source])
    models: dict[int, Model] = field(default_factory=dict[int, Model])
    destinations: dict[int, Destination] = field(default_factory=dict[int, Destination])
    syncs: dict[int, Sync] = field(default_factory=dict[int, Sync])
    runs: dict[int, list[Run]] = field(default_factory=dict[int, list[Run]])
    sequence_runs: dict[str, Any] = field(default_factory=dict[str, Any])
    mapping: Mapping[str, MappingEntry] = field(default_factory=dict[str, MappingEntry])
    now: datetime = END_OF_TIME
    last_run_at: Literal["created", "started", "finished"] = "started"
    version: int = 0

    @classmethod
    def of(
        cls,
        sources: Iterable[Source] = (),
        models: Iterable[Model] = (),
        destinations: Iterable[Destination] = (),
        syncs: Iterable[Sync] = (),
        runs: dict[int, list[Run]] | None = None,
    ) -> HightouchEstate:
        """Make a workspace of these; runs by the id of their sync."""
        return cls(
            {one.id: one for one in sources},
            {one.id: one for one in models},
            {one.id: one for one in destinations},
            {one.id: one for one in syncs},
            dict(runs or {}),
        )

    @classmethod
    def generate(
        cls, seed: int = 0, objects: int = 100, *, runs: int | None = None, quirks: bool = True
    ) -> HightouchEstate:
        """Make up a workspace with every shape that is known.

        Args:
            seed: the same seed gives the same workspace.
            objects: sources, models, destinations and syncs together.
            runs: of all syncs together; as many as objects by default.
            quirks: whether there is also what the vendor's document rules out, e.g. null names.
        """
        from kada_dagster.sandbox.hightouch.generator import generate

        return generate(seed, objects, runs=objects if runs is None else runs, quirks=quirks)

    def put(self, entity: Source | Model | Destination | Sync) -> None:
        """Add the entity, or put it in the place of the one with its id."""
        self.version += 1
        if isinstance(entity, Source):
            self.sources[entity.id] = entity
        elif isinstance(entity, Model):
            self.models[entity.id] = entity
        elif isinstance(entity, Destination):
            self.destinations[entity.id] = entity
        else:
            self.syncs[entity.id] = entity

    def delete(self, kind: Kind, number: int) -> None:
        """Take an entity away; what refers to it stays. The runs of a sync go with it."""
        self.version += 1
        lists = (self.sources, self.models, self.destinations, self.syncs)
        lists[KINDS.index(kind)].pop(number)
        if kind == "syncs":
            self.runs.pop(number, None)

    def entities(self, kind: Kind) -> Mapping[int, Entity]:
        """The entities of a list of the API, by id."""
        lists = (self.sources, self.models, self.destinations, self.syncs)
        return lists[KINDS.index(kind)]

    def runs_of(self, sync: int) -> Sequence[Run]:
        """The runs of a sync that the API knows now."""
        return [run for run in self.runs.get(sync, ()) if run.is_listed(self.now)]

    def state_of(self, sync: Sync) -> tuple[str, datetime | None]:
        """`status` and `lastRunAt` of a sync now."""
        moments = ((self._moment(run), run) for run in self.runs_of(sync.id))
        ran = [(moment, run) for moment, run in moments if moment]
        if not ran:
            return "disabled" if sync.disabled else "pending", None
        moment, run = max(ran, key=lambda pair: (pair[0], pair[1].id))
        return "disabled" if sync.disabled else run.shown_status(self.now), moment

    def _moment(self, run: Run) -> datetime | None:
        if self.last_run_at == "created":
            return run.created_at
        if self.last_run_at == "started":
            return run.started(self.now)
        return run.finished_at if run.is_over(self.now) else None

    def meta(self, host: str, mapping: Mapping[str, MappingEntry] | None = None) -> set[MetaFact]:
        """What META must hold, with code that is not masked.

        Args:
            host: the workspace's label in K.
            mapping: as in the settings; the estate's own by default.
        """
        from kada_dagster.sandbox.facts import cleaned
        from kada_dagster.sandbox.hightouch.truth_meta import meta

        return set(map(cleaned, meta(self, host, self.mapping if mapping is None else mapping)))

    def linkage(
        self, host: str, mapping: Mapping[str, MappingEntry] | None = None
    ) -> set[LinkFact]:
        """What LINKAGE must hold; arguments as of `meta`."""
        from kada_dagster.sandbox.facts import cleaned, first_of_each
        from kada_dagster.sandbox.hightouch.truth_linkage import Linkage

        links = Linkage(self, host, self.mapping if mapping is None else mapping).links()
        return set(map(cleaned, first_of_each(links)))

    def events(self, host: str, window: Window, *, mask: bool = False) -> set[EventFact]:
        """What EVENTS of a window must hold, once all of its runs are seen to have ended.

        Args:
            host: the workspace's label in K.
            window: as of the extract.
            mask: whether the texts of errors are masked.
        """
        from kada_dagster.sandbox.facts import cleaned
        from kada_dagster.sandbox.hightouch.truth_events import events

        return set(map(cleaned, events(self, host, window, mask=mask)))

    def least_calls(self, window: Window, *, lookback_hours: float = 24, page: int = 100) -> int:
        """How many calls an extract of a window needs.

        Args:
            window: as of the extract.
            lookback_hours: how long a run may take and still be found.
            page: rows of a page; lists that do not say `hasMore` end with a page that is not full.
        """
        from kada_dagster.sandbox.hightouch.truth_calls import least_calls

        return least_calls(self, window, lookback_hours=lookback_hours, page=page)
