"""Answers about single things of Hevo, which are kept: see `api.kept_answers`.

The rate limit makes calls dear: a crawl of 10,000 mappings takes 100 minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kada_dagster.api.kept_answers import RESUME_WITHIN, KeptAnswers
from kada_dagster.api.values import object_of
from kada_dagster.hevo.client import HevoClient

__all__ = ["RESUME_WITHIN", "Answers", "Trim", "as_it_is"]

Trim = Callable[[dict[str, Any]], dict[str, Any]]


def as_it_is(answer: dict[str, Any]) -> dict[str, Any]:
    """All of an answer."""
    return answer


class Answers(KeptAnswers):
    """Asks for single things, and keeps what it was told. A context manager.

    Args:
        client: what to ask.
        folder, resume, skip_unchanged, clock: see `KeptAnswers`.
    """

    def __init__(
        self,
        client: HevoClient,
        folder: Path | None,
        *,
        resume: bool = True,
        skip_unchanged: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(folder, "hevo", resume=resume, skip_unchanged=skip_unchanged, clock=clock)
        self._client = client

    def get(self, path: str, mark: str, trim: Trim) -> dict[str, Any]:
        """A single thing.

        Args:
            path: of the call.
            mark: what changes when the answer may have changed; empty if nothing tells.
            trim: takes from an answer what is used, and may be kept: no secrets.

        Raises:
            KadaError: see `ApiClient.get`.
        """
        return object_of(self.answer(path, mark, lambda: trim(self._client.one(path))))
