"""Asks an API: one answer a call, with all the persistence of the room `kada_dagster.api`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from kada_dagster import __version__
from kada_dagster.api.address import next_address
from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.call import READ, Call
from kada_dagster.api.calling import Caller
from kada_dagster.api.errors import (
    ApiCallError,
    ApiForbiddenError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.api.exchange import Answer, Exchange
from kada_dagster.api.failures import unreadable
from kada_dagster.api.retrying import Retries
from kada_dagster.api.stopping import Stop, StoppedError, current
from kada_dagster.loader.definition.profiles import HttpProfile
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.source.http.login import Login, base_of, login_of

_RETRIES = Retries(longest_wait=300, within=1800, obeys=True)
_METHODS = frozenset({READ, "POST"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


class HttpClient:
    """Asks one API. Never sends credentials to another host.

    Args:
        base: what all paths are put behind.
        login: signs the requests.
        headers: of every request.
        timeout: seconds to wait for an answer.
        budget: calls that may be made.
        service: name of the profile, for messages.
        connections: at the same time, at most.
        retries: how often and how long.
    """

    def __init__(
        self,
        base: str,
        *,
        login: Login,
        headers: Mapping[str, str],
        timeout: float,
        budget: RateBudget,
        service: str,
        connections: int = 1,
        retries: Retries = _RETRIES,
    ) -> None:
        self.base, self._login, self.service = base, login, service
        self._stop = Stop()
        usual = {"Accept": "*/*", "User-Agent": f"kada_dagster/{__version__}"}
        self._exchange = Exchange(login, timeout, connections, {**usual, **headers}, _METHODS)
        self._caller = Caller(service, self._exchange, login, budget, retries)

    def answer(self, call: Call) -> Answer:
        """A success.

        Raises:
            SourceLostError: no usable answer after all retries.
            SourceDeniedError: the credentials are refused, or lack a permission.
            SourceReadError: another refusal, or a redirect to another host.
        """
        with self._reading():
            for _ in range(_MOST_REDIRECTS):
                answer = self._signed(call)
                if answer.status not in _REDIRECTS:
                    return answer
                call = self._redirected(call, answer)
            raise unreadable(self.service, call, None, "it redirects without end")

    def reason(self, body: bytes) -> str:
        """What a body says, short and without secrets."""
        return self._caller.reason(body)

    def stop(self) -> None:
        """End all waits, from another thread; nothing more is sent."""
        self._stop.set()

    def close(self) -> None:
        """Close the kept connections."""
        self._exchange.close()
        self._login.close()

    def _signed(self, call: Call) -> Answer:
        """With a new token, once, where the one there was is refused."""
        try:
            return self._caller.call(call)
        except ApiUnauthorizedError:
            if not self._login.renew():
                raise
        return self._caller.call(call)

    def _redirected(self, call: Call, answer: Answer) -> Call:
        found = next_address(call.url, answer.headers.get("Location", ""))
        if found is None or call.method != READ:
            reason = (
                "it redirects to another host or less safely, where credentials do not go; "
                "correct the address"
                if found is None
                else "it redirects, and what is sent does not go along; correct the address"
            )
            raise unreadable(self.service, call, answer.status, reason)
        return replace(call, url=found)

    @contextmanager
    def _reading(self) -> Generator[None]:
        before = current.set(self._stop)
        try:
            yield
        except (ApiCallError, StoppedError) as error:
            failure = _meaning(error)
        else:
            return
        finally:
            current.reset(before)
        raise failure


def _meaning(error: ApiCallError | StoppedError) -> Exception:
    if isinstance(error, ApiUnavailableError):
        return SourceLostError(f"{error}; the load can be run again")
    if isinstance(error, (ApiUnauthorizedError, ApiForbiddenError)):
        return SourceDeniedError(str(error))
    return SourceReadError(str(error))


def client_of(
    profile: HttpProfile, name: str, headers: Mapping[str, str], secrets: tuple[str, ...] = ()
) -> HttpClient:
    """The client of a profile.

    Args:
        profile: of connections.yaml.
        name: of it.
        headers: of the task.
        secrets: of the task, that no message may hold.

    Raises:
        ConfigError: a variable is not set, or an address is none.
    """
    login = login_of(profile, name, secrets)
    plain = {key: str(value) for key, value in profile.headers.items() if not value.variables}
    base = base_of(profile.url, f"connections.yaml: {name}.url").rstrip("/")
    return HttpClient(
        base,
        login=login,
        headers={**plain, **headers},
        timeout=profile.timeout,
        budget=shared_budget("http", base, profile.calls, profile.seconds),
        service=name,
        connections=profile.concurrency,
    )
