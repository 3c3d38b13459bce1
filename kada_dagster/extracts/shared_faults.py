"""What a shared place's driver raises, as errors of this package.

Drivers are told apart by the names of their exceptions, so that none has to be imported, and
nothing of what they say is repeated: requests carry signatures and account names.
"""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    PermissionDeniedError,
    StagingError,
)

_REFUSED = frozenset(
    {
        "PermissionError",
        "ClientAuthenticationError",
        "CredentialUnavailableError",
        "CredentialRetrievalError",
        "DefaultCredentialsError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "RefreshError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
_AWAY = frozenset(
    {
        "ClientConnectionError",
        "ClientPayloadError",
        "ConnectionError",
        "HTTPClientError",
        "IncompleteReadError",
        "ProtocolError",
        "ServerTimeoutError",
        "ServiceRequestError",
        "ServiceResponseError",
        "SSHException",
        "TimeoutError",
        "gaierror",
    }
)
_AWAY_ERRNOS = frozenset(
    {
        errno.EBUSY,
        errno.EIO,
        errno.ECONNRESET,
        errno.ECONNREFUSED,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        getattr(errno, "EREMOTEIO", errno.EIO),
    }
)
_MISSING = frozenset({"FileNotFoundError", "ResourceNotFoundError"})
_CODES = {401: _REFUSED, 403: _REFUSED, 404: _MISSING, 408: _AWAY, 429: _AWAY}


class VanishedError(StagingError):
    """A file a manifest names is not there: another run took its place, or somebody removed it."""


@contextmanager
def shared_errors(place: str) -> Generator[None, None, None]:
    """Turn what a driver raises into an error that names the place and the cure.

    `FileNotFoundError`s pass: whether a file must be there is for the caller to say.

    Args:
        place: a URL without credentials.
    """
    try:
        yield
    except (KadaError, FileNotFoundError):
        raise
    except Exception as error:
        raise _error(place, error) from None


def missing(place: str) -> StagingError:
    """What to say where nothing can be written because nothing is there to write to."""
    return StagingError(
        f"output_path: {place} cannot be written: there is no such bucket or container; make it, "
        "or correct output_path"
    )


def _error(place: str, error: Exception) -> KadaError:
    kind, found = fault_of(error)
    if kind == "refused":
        return PermissionDeniedError(
            f"output_path: {place} refuses access ({found}): see that the environment holds "
            "credentials that are valid now and may list, read, write and delete there"
        )
    if kind == "away":
        return ConnectionFailedError(
            f"output_path: {place} does not answer ({found}): check address and network"
        )
    if kind == "missing":
        return missing(place)
    return StagingError(f"output_path: {place} cannot be used ({found})")


def fault_of(error: BaseException) -> tuple[Literal["refused", "away", "missing", "other"], str]:
    """What a driver's error comes to, and its name for people."""
    kinds = {kind for part in _chain(error) for kind in _kinds(part)}
    found = ", ".join(dict.fromkeys(_described(part) for part in _chain(error)))
    if kinds & _REFUSED:
        return "refused", found
    if kinds & _AWAY:
        return "away", found
    return ("missing" if kinds & _MISSING else "other"), found


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _kinds(error: BaseException) -> Iterator[str]:
    """What an error is: its classes by name, and what its status or number says."""
    yield from (kind.__name__ for kind in type(error).__mro__)
    status = _status(error)
    if status is not None:
        yield from _AWAY if status >= 500 else _CODES.get(status, ())
    if isinstance(error, OSError) and error.errno in _AWAY_ERRNOS:
        yield "ConnectionError"


def _status(error: BaseException) -> int | None:
    """The HTTP status an Azure, Google or AWS error carries."""
    for name in ("status_code", "code", "status"):
        if isinstance(value := getattr(error, name, None), int) and value >= 100:
            return value
    answer: Any = getattr(error, "response", None)
    try:
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])
    except (TypeError, LookupError, ValueError):
        return None


def _described(error: BaseException) -> str:
    """The name of an error and its code, which services choose from a list of their own."""
    answer: Any = getattr(error, "response", None)
    code: object = getattr(error, "error_code", None)
    if isinstance(answer, dict):
        code = cast("dict[str, Any]", answer).get("Error", {}).get("Code")
    code = getattr(code, "value", code)  # Azure's are members of an enumeration
    if isinstance(error, OSError) and error.errno:
        code = code or errno.errorcode.get(error.errno)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
