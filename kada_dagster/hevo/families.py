"""Which of an account's two APIs are there: one may be switched off, or closed to the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from kada_dagster.api.errors import (
    ApiCallError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
)
from kada_dagster.errors import PermissionDeniedError
from kada_dagster.hevo.client import CLASSIC, EDGE, HevoClient

Pipelines = Iterator[dict[str, Any]]
_WORDS = {CLASSIC: "classic API", EDGE: "Edge API"}


def available(client: HevoClient, warn: Callable[[str, str], None]) -> dict[str, Pipelines]:
    """The families that are there, each with its pipelines, of which one page was read.

    Args:
        client: what to ask.
        warn: told of the one that is not there.

    Raises:
        PermissionDeniedError: none is there.
        KadaError: it cannot be told.
    """
    found: dict[str, Pipelines] = {}
    refusals: dict[str, ApiCallError] = {}
    for family, answer in client.api.gather((CLASSIC, EDGE), lambda one: _begun(client, one)):
        if isinstance(answer, ApiCallError):
            refusals[family] = answer
        else:
            found[family] = answer
    if not found:
        raise PermissionDeniedError("; ".join(str(refusals[family]) for family in refusals))
    for family, error in refusals.items():
        warn("family_not_available", f"{_WORDS[family]}: {error}")
    return found


def _begun(client: HevoClient, family: str) -> Pipelines | ApiCallError:
    """The pipelines of a family, one page of them read; or why there are none."""
    pipelines = client.items(family, "pipelines")
    try:
        first = next(pipelines, None)
    except (ApiUnauthorizedError, ApiForbiddenError, ApiNotFoundError) as error:
        return error
    return chain(() if first is None else (first,), pipelines)
