"""The client of a REST API that only reads: `GET`, pages, and many of both at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from kada_dagster import __version__
from kada_dagster.api.address import address, checked_base, next_address
from kada_dagster.api.auth import Auth, NoAuth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.call import READ, Call, Reply, date_of
from kada_dagster.api.calling import Caller
from kada_dagster.api.exchange import Answer, Exchange
from kada_dagster.api.failures import unreadable
from kada_dagster.api.gathering import Gathering
from kada_dagster.api.lookahead import Stream
from kada_dagster.api.paging import Paging, PagingError
from kada_dagster.api.retrying import Retries
from kada_dagster.api.stopping import Stop, current

T = TypeVar("T")
R = TypeVar("R")
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class ApiClient:
    """Reads JSON from one API, from as many threads as one likes. A context manager.

    Args:
        base_url: what all paths are put behind, as `https://api.example.com/v1`.
        service: name of the API for messages, as `Hevo`.
        auth: signs the requests; None for an API without credentials.
        timeout: seconds for a connection and for every silence of the server; one whole answer
            may take five times as long.
        budget: calls the account may make. Clients of the same account share one.
        concurrency: requests at the same time at most.
        retries: of calls that got 408, 425, 429, a 5xx, or no whole answer. Each counts as a call.
        accept: media type asked for.

    Raises:
        ConfigError: `base_url` is no address to use.

    It sends nothing but GET; see `kada_dagster.api.sending` for a client that does.
    """

    methods: ClassVar[frozenset[str]] = frozenset({READ})

    def __init__(
        self,
        base_url: str,
        *,
        service: str,
        auth: Auth | None,
        timeout: float,
        budget: RateBudget,
        concurrency: int = 8,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        accept: str = "application/json",
    ) -> None:
        self._base, self._service = checked_base(base_url), service
        headers = {"Accept": accept, "User-Agent": f"kada_dagster/{__version__}"}
        signed = auth or NoAuth()
        self._exchange = Exchange(signed, timeout, concurrency, headers, self.methods)
        self._caller = Caller(service, self._exchange, signed, budget, retries)
        self._concurrency = concurrency
        self._closed = Stop()

    @property
    def calls(self) -> int:
        """Requests sent so far, retries and redirects among them."""
        return self._caller.calls

    @property
    def date(self) -> datetime | None:
        """When the server gave its last answer, by its own clock; None before the first."""
        return self._caller.date

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str | None = None,
    ) -> Any:
        """Read one thing.

        Args:
            path: behind the base address; encode names in it with `api.address.segment`.
            params: of the query.
            accept: media type to ask for, if not the client's.

        Returns:
            The parsed JSON; None for an answer without a body (204).

        Raises:
            KadaError: see `read`.
        """
        return self.read(path, params, accept=accept).value

    def read(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str | None = None,
        timeout: float | None = None,
        within: float | None = None,
    ) -> Reply:
        """Read one thing, and what came with it.

        Args:
            path: see `get`.
            params: see `get`.
            accept: see `get`.
            timeout: seconds, if not the client's.
            within: seconds in which attempts may begin, all waits among them. At 0 there is one.

        Raises:
            ApiUnauthorizedError: 401.
            ApiForbiddenError: 403.
            ApiNotFoundError: 404 or 410.
            ApiUnavailableError: no usable answer after all retries.
            ApiError: anything else that is no JSON.
            ConfigError: the credentials cannot be looked up.
            StoppedError: called by a `gather` that was stopped, or the client was closed.
        """
        url = address(self._base, path, params)
        call = Call(_shown(path), url, accept=accept, timeout=timeout, within=within)
        for _ in range(_MOST_REDIRECTS):
            answer = self._answer(call)
            if answer.status not in _REDIRECTS:
                return self._reply(call, answer)
            call = replace(call, url=self._next(call, answer))
        raise unreadable(self._service, call, None, "it redirects without end")

    def items(
        self,
        path: str,
        paging: Paging,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str | None = None,
        within: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page; a page is asked for when the one before is used up.

        Args:
            path: see `get`.
            paging: how this API cuts lists into pages.
            params: of every page's query.
            accept: see `get`.
            within: seconds for each page, see `read`.

        Yields:
            The items. One that is a bare text comes as `{"name": text}`.

        Raises:
            ApiError: the list does not end, or a page is no page. Other errors: see `get`.
        """
        given = dict(params or {})
        pages = paging.pages(
            lambda more: self.read(path, {**given, **more}, accept=accept, within=within).value
        )
        try:
            for page in pages:
                yield from page
        except PagingError as error:
            reason = str(error)
        else:
            return
        raise unreadable(self._service, Call(_shown(path), ""), None, reason)

    def gather(self, jobs: Iterable[T], fetch: Callable[[T], R]) -> Generator[tuple[T, R]]:
        """Fetch for many jobs at once, and hand the results out in the order of the jobs.

        Jobs are taken, in the caller's thread, as results are: at most four times the concurrency
        are begun and not yet handed out. `fetch` runs in other threads. The first error, in time,
        stops everything at once; so do closing the iterator and an interrupt: waits end and no
        further request is sent, while answers on their way are not waited for.

        Args:
            jobs: what to fetch for; may itself make calls.
            fetch: called once for each job.

        Yields:
            Each job and what `fetch` returned.
        """
        return self._gathering(fetch).run(jobs)

    def gather_streams(
        self,
        streams: Iterable[Stream[T]],
        fetch: Callable[[T], R],
        *,
        width: int,
        depth: int,
    ) -> Generator[tuple[T, R]]:
        """As `gather`, for jobs that come from several lists, which are read side by side.

        A fetch begins when its list gives the job; results come in the order of the lists.

        Args:
            streams: each makes an iterator of jobs, which is used in a thread of its own.
            fetch: called once for each job.
            width: lists that are read at the same time, at most.
            depth: jobs of one list that are begun and not yet handed out, at most.

        Yields:
            Each job and what `fetch` returned.
        """
        return self._gathering(fetch).run_streams(streams, width=width, depth=depth)

    def close(self) -> None:
        """Stop what still runs in `gather` and close the connections."""
        self._closed.set()
        self._exchange.close()

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ApiClient({self._service}, {self._base})"

    def _gathering(self, fetch: Callable[[T], R]) -> Gathering[T, R]:
        return Gathering(fetch, self._concurrency, current.get(), self._closed)

    def _answer(self, call: Call) -> Answer:
        self._closed.check()
        return self._caller.call(call)

    def _reply(self, call: Call, answer: Answer) -> Reply:
        return Reply(self._value(call, answer), date_of(answer.headers), answer.headers)

    def _value(self, call: Call, answer: Answer) -> Any:
        """The JSON of a success; None where there is no body."""
        if not answer.body.strip():
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            said = self._caller.reason(answer.body)
        raise unreadable(self._service, call, answer.status, f"this is not JSON: {said}")

    def _next(self, call: Call, answer: Answer) -> str:
        """Where a redirect leads; only to the same host, since credentials go along."""
        found = next_address(call.url, answer.headers.get("Location", ""))
        if found is None:
            reason = "it redirects to another address; check base_url or the region"
            raise unreadable(self._service, call, answer.status, reason)
        return found


def _shown(path: str) -> str:
    """A path as messages have it: a query may hold anything."""
    return path.partition("?")[0]
