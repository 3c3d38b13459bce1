"""The API of one Hightouch workspace: which address holds what.

Facts: https://hightouch.com/docs/developer-tools/api-guide and the OpenAPI document at
https://api.hightouch.io/api/swagger.json. Only reads. A key belongs to one workspace, of which
the budget (200 calls in 10 s) is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from kada_dagster.api.address import segment
from kada_dagster.api.auth import BearerAuth
from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.client import ApiClient
from kada_dagster.api.errors import ApiNotFoundError
from kada_dagster.hightouch.pages import Pages
from kada_dagster.secrets import Secret

BASE_URL = "https://api.hightouch.com/api/v1"
CALLS, SECONDS = 200, 10.0
"""What a workspace may call in any span of so many seconds."""

_PAGES = Pages()
_BY_ID = {"orderBy": "id"}  # new rows come last, so pages do not shift


@dataclass(frozen=True)
class Workspace:
    """A workspace and how to reach it.

    Attributes:
        api_token: its API key.
        base_url: address of the API.
        timeout: seconds for a connection, and for every silence of the server.
        concurrency: requests at the same time.
        budget: calls that may be made; None for the one that all of this workspace share.
    """

    api_token: Secret
    base_url: str = BASE_URL
    timeout: float = 20
    concurrency: int = 8
    budget: RateBudget | None = None

    def open(self) -> HightouchClient:
        """A client; close it.

        Raises:
            ConfigError: the key cannot be looked up, or `base_url` is no address.
        """
        api = ApiClient(
            self.base_url,
            service="Hightouch",
            auth=BearerAuth(self.api_token),
            timeout=self.timeout,
            budget=self.budget or self._shared_budget(),
            concurrency=self.concurrency,
        )
        return HightouchClient(api)

    def _shared_budget(self) -> RateBudget:
        account = f"{self.base_url} {self.api_token.reveal()}"
        return shared_budget("Hightouch", account, CALLS, SECONDS)


@dataclass(frozen=True)
class HightouchClient:
    """Reads the lists of a workspace.

    Attributes:
        api: the client below.
    """

    api: ApiClient

    def check(self) -> None:
        """Read one source.

        Raises:
            KadaError: see `ApiClient.get`.
        """
        self.api.get("/sources", {"limit": 1, "offset": 0, **_BY_ID})

    def items(self, name: str) -> Iterator[dict[str, Any]]:
        """All of a list, ascending by id, each item once: `sources`, `models`, ...

        Raises:
            KadaError: see `ApiClient.items`.
        """
        return self.api.items(f"/{name}", _PAGES, _BY_ID)

    def runs(self, sync: str, after: datetime, before: datetime) -> Iterator[dict[str, Any]]:
        """The runs of a sync that started between two moments; whether these count is not said.

        Raises:
            KadaError: see `ApiClient.items`.
        """
        bounds = {"after": _moment(after), "before": _moment(before)}
        return self.api.items(f"/syncs/{segment(sync)}/runs", _PAGES, {**_BY_ID, **bounds})

    def is_there(self, sync: str) -> bool:
        """Whether there is such a sync.

        Raises:
            KadaError: see `ApiClient.get`, but for 404.
        """
        try:
            self.api.get(f"/syncs/{segment(sync)}")
        except ApiNotFoundError:
            return False
        return True

    def close(self) -> None:
        """Close the connections and stop what still runs."""
        self.api.close()


def _moment(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds and `Z`, as the API's own."""
    utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='milliseconds')}Z"
