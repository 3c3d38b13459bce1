"""Which error an answer stands for, and what its message says."""

from __future__ import annotations

from kada_dagster.api.errors import (
    ApiCallError,
    ApiError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.api.retrying import is_worth_a_retry

_KINDS: dict[int, type[ApiCallError]] = {
    401: ApiUnauthorizedError,
    403: ApiForbiddenError,
    404: ApiNotFoundError,
    410: ApiNotFoundError,
}
_CURES = {
    401: "check the credentials, and that they belong to this region, account or workspace",
    403: "give the key's user the right to read this, or use the key of one who has it",
    407: "the proxy wants credentials; check the proxy variables of the environment",
    429: "others may use the same account's calls; run again later",
}


def refused(service: str, path: str, status: int, reason: str, attempts: int = 1) -> ApiCallError:
    """The error of an answer that is no success.

    Args:
        service: name of the API, as `Hevo`.
        path: of the request, without its query.
        status: of the answer.
        reason: what the API said, redacted.
        attempts: made in all.
    """
    kind = _KINDS.get(status, ApiUnavailableError if is_worth_a_retry(status) else ApiError)
    said = f": {reason}" if reason else ""
    cure = f"; {_CURES[status]}" if status in _CURES else ""
    message = f"{service}: GET {path} was answered with {status}{_after(attempts)}{said}{cure}"
    return kind(message, path=path, status=status, reason=reason)


def unreachable(service: str, path: str, reason: str, attempts: int = 1) -> ApiUnavailableError:
    """The error of a call that got no answer, or not all of one."""
    message = (
        f"{service}: GET {path} got no answer{_after(attempts)}: {reason}; check the network and "
        "the address"
    )
    return ApiUnavailableError(message, path=path, reason=reason)


def unreadable(service: str, path: str, status: int | None, reason: str) -> ApiError:
    """The error of an answer that nothing can be done with."""
    message = f"{service}: GET {path} got an answer that cannot be used: {reason}"
    return ApiError(message, path=path, status=status, reason=reason)


def _after(attempts: int) -> str:
    return f" after {attempts} attempts" if attempts > 1 else ""
