"""Sources and accounts behind an API: reached, and the key accepted.

A call is made twice at most: a connection may break by chance, and a check has no time for more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.network import address_of, reach

if TYPE_CHECKING:
    from kada_dagster.api.client import ApiClient
    from kada_dagster.api.retrying import Retries
    from kada_dagster.config import FivetranAccountSettings
    from kada_dagster.fivetran.client import Account as FivetranAccount
    from kada_dagster.fivetran.settings import FivetranSettings
    from kada_dagster.hevo.settings import HevoSettings
    from kada_dagster.hightouch.settings import HightouchSettings


@dataclass(frozen=True)
class Api:
    """An API as its checks need it.

    Attributes:
        url: its address.
        fields: what to correct when that is wrong.
        call: makes one call that needs the key, and gives the client that made it.
    """

    url: str
    fields: str
    call: Callable[[], ApiClient]


def api_checks(name: str, api: Api, secrets: tuple[Check, ...], shared: Shared) -> list[Check]:
    """The checks of an API.

    Args:
        name: of the source or account.
        api: the API.
        secrets: the check of its secrets.
        shared: see there.
    """

    def server() -> Iterator[Verdict]:
        return reach(address_of(api.url, api.fields), shared.patience(10))

    def login() -> Iterator[Verdict]:
        before = time.time()
        client = api.call()
        shared.clocks.note(f"the API of {name}", client.date, before, time.time())
        yield ok("the key is accepted")

    reached = Check(name, "server", server, remote=True)
    return [reached, Check(name, "login", login, needs=(*secrets, reached), remote=True)]


def hevo_api(settings: HevoSettings, shared: Shared) -> Api:
    """The API of a Hevo account: classic, Edge, or both."""
    from kada_dagster.hevo.families import available

    account = settings.extractor().account
    account = replace(account, timeout=shared.patience(account.timeout))

    def call() -> ApiClient:
        with closing(account.open(_retries())) as client:
            available(client, lambda _code, _sample: None)  # an account may have just one of them
            return client.api

    return Api(account.base_url, "region or base_url", call)


def hightouch_api(settings: HightouchSettings, shared: Shared) -> Api:
    """The API of a Hightouch workspace."""
    workspace = settings.extractor().workspace
    workspace = replace(workspace, timeout=shared.patience(workspace.timeout))

    def call() -> ApiClient:
        with closing(workspace.open()) as client:
            # as its check(), which would try again for a minute
            client.api.read("/sources", {"limit": 1, "offset": 0}, within=2)
            return client.api

    return Api(workspace.base_url, "base_url", call)


def fivetran_api(settings: FivetranSettings | FivetranAccountSettings, shared: Shared) -> Api:
    """The API of a Fivetran account."""
    account = _fivetran_account(settings)
    account = replace(account, timeout=shared.patience(account.timeout), retries=_retries())

    def call() -> ApiClient:
        with closing(account.open()) as client:
            client.check()
            return client.api

    return Api(account.base_url, "base_url", call)


def _retries() -> Retries:
    from kada_dagster.api.retrying import Retries

    return Retries(most=1, backoff=0.3, longest_wait=2, obeys=True)


def _fivetran_account(settings: FivetranSettings | FivetranAccountSettings) -> FivetranAccount:
    from kada_dagster.fivetran.orchestration import account_of
    from kada_dagster.fivetran.settings import FivetranSettings

    if isinstance(settings, FivetranSettings):
        return settings.extractor().account
    return account_of(settings)
