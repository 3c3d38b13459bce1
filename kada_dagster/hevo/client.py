"""The two APIs of a Hevo account, both read with one key: which address holds what.

Facts: https://api-docs.hevodata.com/reference (classic) and https://edge-api-docs.hevodata.com
(Edge). Only reads; `transformations/sample` holds customers' rows and is never asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.api.address import segment
from kada_dagster.api.auth import BasicAuth
from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.client import ApiClient
from kada_dagster.api.pages import Fetch, Page, Paging
from kada_dagster.api.paging import CursorPaging, TokenPaging
from kada_dagster.api.retrying import Retries
from kada_dagster.api.values import list_of, object_of
from kada_dagster.secrets import Secret

CLASSIC = "/api/public/v2.0"
EDGE = "/api/v1"
CALLS_A_MINUTE = 100
"""What an account's user may make in any minute; Hevo's support can raise it."""

_TOKENS, _CURSORS = TokenPaging(limit=100), CursorPaging(limit=100)


@dataclass(frozen=True)
class Account:
    """A Hevo account and how to reach it.

    Attributes:
        base_url: `https://<region>.hevodata.com`.
        api_key: access key.
        api_secret: its secret.
        timeout: seconds for the connection, and for every silence of the server.
        concurrency: requests at the same time.
        calls_a_minute: the rate limit of the key's user.
        retries: of calls that may do better.
        budget: calls that may be made; None for the one that all of this account share.
    """

    base_url: str
    api_key: Secret
    api_secret: Secret
    timeout: float = 20
    concurrency: int = 8
    calls_a_minute: int = CALLS_A_MINUTE
    retries: Retries = field(default_factory=Retries)
    budget: RateBudget | None = None

    def open(self, retries: Retries | None = None) -> HevoClient:
        """A client; close it.

        Args:
            retries: other than the account's.

        Raises:
            ConfigError: the key cannot be looked up, or `base_url` is no address.
        """
        api = ApiClient(
            self.base_url,
            service="Hevo",
            auth=BasicAuth(self.api_key, self.api_secret),
            timeout=self.timeout,
            budget=self.budget or self._shared_budget(),
            concurrency=self.concurrency,
            retries=retries or self.retries,
        )
        return HevoClient(api)

    def _shared_budget(self) -> RateBudget:
        account = f"{self.base_url} {self.api_key.reveal()}"
        return shared_budget("Hevo", account, self.calls_a_minute, 60)


@dataclass(frozen=True)
class Until:
    """Pages of another paging until one is enough.

    Attributes:
        paging: makes the pages.
        is_enough: called with each page once it was used.
    """

    paging: Paging
    is_enough: Callable[[Page], bool]

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `Paging.pages`."""
        for page in self.paging.pages(fetch):
            yield page
            if self.is_enough(page):
                return


@dataclass(frozen=True)
class HevoClient:
    """Reads lists and single things of both families.

    Attributes:
        api: the client below.
    """

    api: ApiClient

    def items(self, family: str, *names: str) -> Iterator[dict[str, Any]]:
        """The items of a list; the next page is asked for when one is used up.

        Args:
            family: `CLASSIC` or `EDGE`.
            names: parts of the path behind it, not encoded.

        Raises:
            KadaError: see `ApiClient.items`.
        """
        return self.api.items(path_of(family, *names), _TOKENS if family == CLASSIC else _CURSORS)

    def jobs(self, pipeline: str, is_enough: Callable[[Page], bool]) -> Iterator[dict[str, Any]]:
        """The jobs of an Edge pipeline, until a page is enough.

        Raises:
            KadaError: see `ApiClient.items`.
        """
        path = path_of(EDGE, "pipelines", pipeline, "jobs")
        return self.api.items(path, Until(_CURSORS, is_enough))

    def one(self, path: str) -> dict[str, Any]:
        """A single thing; what is wrapped in `data` is unwrapped. Empty if there is none.

        Raises:
            KadaError: see `ApiClient.get`.
        """
        return unwrapped(self.api.get(path))

    def close(self) -> None:
        """Close the connections and stop what still runs."""
        self.api.close()


def path_of(family: str, *names: str) -> str:
    """The path of something: names are encoded."""
    return "/".join((family, *map(segment, names)))


def unwrapped(answer: object) -> dict[str, Any]:
    """The object in an answer, with or without its `data` envelope."""
    body = object_of(answer)
    inner = list_of(body.get("data"))
    return object_of(inner[0] if len(inner) == 1 else body.get("data")) or body
