"""A Hevo account: all that the API serves, and all that an extract of it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.sandbox.hevo.classic import ClassicPipeline, Destination, Model, User, Workflow
from kada_dagster.sandbox.hevo.edge import EdgePipeline

if TYPE_CHECKING:
    from datetime import datetime

    from kada_dagster.hwm.window import Window
    from kada_dagster.sandbox.facts import LinkFact
    from kada_dagster.sandbox.hevo.facts import EventFact, MetaFact
    from kada_dagster.sandbox.hevo.naming import MappingEntry


@dataclass(frozen=True)
class HevoEstate:
    """An account with both families. Each tuple is in the order in which the API lists it."""

    destinations: tuple[Destination, ...] = ()
    pipelines: tuple[ClassicPipeline, ...] = ()
    models: tuple[Model, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    users: tuple[User, ...] = ()
    edge_destinations: tuple[Destination, ...] = ()
    edge_pipelines: tuple[EdgePipeline, ...] = ()

    @classmethod
    def generate(
        cls, seed: int = 0, objects: int = 100, *, jobs: int | None = None, edge_share: float = 0.5
    ) -> HevoEstate:
        """Make up an account with every shape and oddity that is known.

        Args:
            seed: the same seed gives the same account.
            objects: of pipelines, both families together.
            jobs: of all Edge pipelines together; as many as objects by default.
            edge_share: part of the objects that is Edge's, 0 to 1.
        """
        from kada_dagster.sandbox.hevo.generator import generate

        return generate(seed, objects, jobs=jobs, edge_share=edge_share)

    def meta(self, host: str, *, users: bool = False) -> set[MetaFact]:
        """What META must hold, with code that is not masked.

        Args:
            host: the account's label in K.
            users: whether users are asked for.
        """
        from kada_dagster.sandbox.hevo.truth_meta import meta

        return set(meta(self, host, users=users))

    def linkage(
        self, host: str, mapping: Mapping[str, MappingEntry] | None = None
    ) -> set[LinkFact]:
        """What LINKAGE must hold.

        Args:
            host: the account's label in K.
            mapping: from names of connections to what is onboarded in K, as in the settings.
        """
        from kada_dagster.sandbox.facts import first_of_each
        from kada_dagster.sandbox.hevo.truth_linkage import linkage

        return set(first_of_each(linkage(self, host, mapping or {})))

    def events(
        self, host: str, window: Window, *, seen_at: datetime | None = None
    ) -> set[EventFact]:
        """What EVENTS of a window must hold.

        Args:
            host: the account's label in K.
            window: as of the extract.
            seen_at: when the account is read; by default when nothing happens any more. It
                decides about classic runs, of which only the last is shown.
        """
        from kada_dagster.sandbox.hevo.truth_events import events

        return set(events(self, host, window, seen_at))

    def least_calls(
        self,
        window: Window,
        *,
        users: bool = False,
        lookback_hours: float = 24,
        edge_full_list: bool = False,
    ) -> int:
        """How many calls an extract of a window needs that skips and resumes nothing.

        Args:
            window: as of the extract.
            users: whether users are asked for.
            lookback_hours: how long a job may run and still be found.
            edge_full_list: see `Quirks`.
        """
        from kada_dagster.sandbox.hevo.truth_calls import least_calls

        return least_calls(
            self,
            window,
            users=users,
            lookback_hours=lookback_hours,
            edge_full_list=edge_full_list,
        )
