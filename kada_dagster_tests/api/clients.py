"""Clients for the tests' servers, quick to give up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from kada_dagster.api.auth import Auth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.client import ApiClient
from kada_dagster.api.retrying import Retries
from kada_dagster.api.sending import SendingClient
from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen
from kada_dagster_tests.api.manual_clock import ManualClock

FEW = Retries(most=2, backoff=1.0, longest_wait=60.0, within=300.0)


def plenty() -> RateBudget:
    """A budget nothing waits for, with waits that take no time."""
    return RateBudget(1_000_000, 1.0, ManualClock())


def client(url: str, auth: Auth | None = None, **options: Any) -> ApiClient:
    """A client with three attempts a call."""
    given: dict[str, Any] = {"timeout": 5.0, "budget": plenty(), "retries": FEW, **options}
    return ApiClient(url, service="Sample", auth=auth, **given)


@contextmanager
def served(
    respond: Callable[[Seen], Reply], auth: Auth | None = None, **options: Any
) -> Generator[tuple[HttpServer, ApiClient]]:
    """A server, and a client of it."""
    with HttpServer(respond) as server, client(server.url, auth, **options) as api:
        yield server, api


def sender(url: str, auth: Auth | None = None, **options: Any) -> SendingClient:
    """A client that sends, with three attempts a call."""
    given: dict[str, Any] = {"timeout": 5.0, "budget": plenty(), "retries": FEW, **options}
    return SendingClient(url, service="Sample", auth=auth, **given)
