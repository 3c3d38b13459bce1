"""One request and its answer over a pooled session: no retry, no budget, no redirect followed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kada_dagster.api.auth import Auth, NoAuth
from kada_dagster.api.call import READ, Call
from kada_dagster.api.packing import Unpacker
from kada_dagster.api.turns import Turns

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

_MOST_BYTES = 128 * 1024 * 1024  # of one answer, unpacked: what is larger is no page of an API
_CHUNK = 64 * 1024
_SLOW = 5  # times the timeout that a whole answer may take


@dataclass(frozen=True)
class Answer:
    """What the server said.

    Attributes:
        status: HTTP status.
        headers: with names in any case.
        body: unpacked.
        is_complete: False where only the end of the connection showed the end of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_complete: bool = True


class LostError(Exception):
    """There was no answer, or not all of it. The message is safe to show.

    Attributes:
        may_return: whether another attempt makes sense.
        was_sent: whether the server may have got the request, and acted on it.
    """

    def __init__(self, reason: str, may_return: bool = True, was_sent: bool = True) -> None:
        super().__init__(reason)
        self.may_return, self.was_sent = may_return, was_sent


class Exchange:
    """Sends requests from many threads over as many kept connections.

    Proxies and certificate authorities come from the environment, as `requests` reads it.

    Args:
        auth: signs the requests.
        timeout: seconds for the connection, and for every silence of the server; a whole answer
            may take five times as long.
        connections: at most, at the same time.
        headers: of every request.
        methods: that may be sent; all others are refused here, whoever asks for them.
    """

    def __init__(
        self,
        auth: Auth,
        timeout: float,
        connections: int,
        headers: Mapping[str, str],
        methods: Set[str] = frozenset({READ}),
    ) -> None:
        from requests import Session
        from requests.adapters import HTTPAdapter

        self._auth, self._timeout, self._methods = auth, timeout, methods
        self._turns = Turns(connections)
        self._environments: dict[tuple[str, str], dict[str, Any]] = {}
        self._patterns: dict[tuple[str, ...], PreparedRequest] = {}
        self._session: Session = Session()
        self._session.headers.update({**headers, "Accept-Encoding": "gzip"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections, max_retries=0))

    def send(self, call: Call) -> Answer:
        """One attempt. The address is sent to the letter.

        Raises:
            LostError: the network or the server broke it off.
            ValueError: the method is none of those that this exchange may send.
        """
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        if call.method not in self._methods:
            raise ValueError(f"a client that does not send {call.method} was asked to")
        timeout = call.timeout or self._timeout
        try:
            with self._turns, self._open(call, timeout) as response:
                return self._read(response, timeout)
        except (RequestException, HTTPError, OSError, ValueError, zlib.error) as error:
            lost = _lost(error)
        raise lost

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _open(self, call: Call, timeout: float) -> Response:
        request = self._prepared(call) if call.body else self._pattern(call).copy()
        request.url = call.url  # `requests` undoes percent-encoding that a path may need
        request = self._auth(request)
        adapter = self._session.get_adapter(call.url)
        return adapter.send(request, timeout=(timeout, timeout), **self._environment(call.url))

    def _pattern(self, call: Call) -> PreparedRequest:
        """A request that differs from the call's in the address only; made once for each host:
        making one takes longer than sending it."""
        key = (*urlsplit(call.url)[:2], call.method, call.accept or "")
        if key not in self._patterns:
            self._patterns[key] = self._prepared(call)
        return self._patterns[key]

    def _prepared(self, call: Call) -> PreparedRequest:
        """The request, without credentials."""
        from requests import Request

        made = Request(call.method, call.url, call.headers, data=call.body, auth=NoAuth())
        return self._session.prepare_request(made)

    def _environment(self, url: str) -> dict[str, Any]:
        """Proxy and certificates for an address; once for each host: looking is not cheap."""
        origin = urlsplit(url)[:2]
        if origin not in self._environments:
            found: Any = self._session.merge_environment_settings(url, {}, True, None, None)
            self._environments[origin] = found
        return self._environments[origin]

    def _read(self, response: Response, timeout: float) -> Answer:
        """The whole body: `read1` hands out what is there, so that a trickle is noticed."""
        headers, body = response.headers, bytearray()
        unpacker = _unpacker(headers.get("Content-Encoding", ""))
        end = monotonic() + _SLOW * timeout
        while piece := response.raw.read1(_CHUNK, decode_content=False):
            room = _MOST_BYTES + 1 - len(body)
            body += unpacker.unpack(piece, room) if unpacker else piece
            if len(body) > _MOST_BYTES:
                raise LostError(f"an answer of more than {_MOST_BYTES >> 20} MiB", False)
            if monotonic() > end:
                raise LostError(f"the answer did not end within {_SLOW * timeout:g} s")
        if unpacker and unpacker.is_cut:
            raise LostError("a packed answer without an end")
        return Answer(response.status_code, headers, bytes(body), _shows_its_end(response))


def _shows_its_end(response: Response) -> bool:
    headers = response.headers
    without_body = response.status_code == 204
    return without_body or "Content-Length" in headers or "Transfer-Encoding" in headers


def _unpacker(encoding: str) -> Unpacker | None:
    """What unpacks the body; None where it is not packed."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return Unpacker()
    raise LostError("an answer packed in a way nobody asked for", False)


def _lost(error: Exception) -> LostError:
    """The error in words that hold no address, query or credential."""
    from requests import exceptions
    from urllib3.exceptions import TimeoutError as TransportTimeoutError

    if isinstance(error, (exceptions.Timeout, TransportTimeoutError)):
        return LostError("no answer in time", was_sent=_was_sent(error))
    if isinstance(error, exceptions.SSLError):
        return LostError("the server's certificate was refused, or TLS failed", False)
    if isinstance(error, exceptions.ProxyError):
        return LostError("the proxy did not let the request through", was_sent=_was_sent(error))
    if isinstance(error, zlib.error):
        return LostError("a packed answer that is damaged, or not packed at all")
    if isinstance(error, ValueError):
        return LostError("the address, or that of a proxy, is not valid", False, was_sent=False)
    return LostError(_cause(error) or "the connection was lost", was_sent=_was_sent(error))


def _cause(error: BaseException) -> str:
    """What the operating system said, from wherever in the chain it stands."""
    said = (one.strerror for one in _chain(error) if isinstance(one, OSError) and one.strerror)
    return next(said, "")


def _was_sent(error: BaseException) -> bool:
    """Whether there was a connection that the request may have gone over."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return not any(
        isinstance(one, (NewConnectionError, ConnectTimeoutError)) for one in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
