"""Which error an answer stands for, and what its message says."""

from __future__ import annotations

from kada_dagster.api.call import READ, Call
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
    403: "give the key's user the right to {do} this, or use the key of one who has it",
    407: "the proxy wants credentials; check the proxy variables of the environment",
    429: "others may use the same account's calls; run again later",
}


def refused(
    service: str,
    call: Call,
    status: int,
    reason: str,
    *,
    attempts: int = 1,
    code: str = "",
    maybe_done: bool = False,
    retry_after: float | None = None,
) -> ApiCallError:
    """The error of an answer that is no success.

    Args:
        service: name of the API, as `Hevo`.
        call: what was asked for.
        status: of the answer.
        reason: what the API said, redacted.
        attempts: made in all.
        code: the API's own code.
        maybe_done: whether one of the attempts may have done it.
        retry_after: seconds, as the server said.
    """
    kind = _KINDS.get(status, ApiUnavailableError if is_worth_a_retry(status) else ApiError)
    said = f": {reason}" if reason else ""
    message = (
        f"{service}: {call.method} {call.path} was answered with {status}{_after(attempts)}{said}"
        f"{_cure(call, status)}{_wait(retry_after)}{_doubt(maybe_done)}"
    )
    return kind(
        message,
        method=call.method,
        path=call.path,
        status=status,
        reason=reason,
        code=code,
        maybe_done=maybe_done,
        retry_after=retry_after,
    )


def unreachable(
    service: str, call: Call, reason: str, attempts: int = 1, maybe_done: bool = False
) -> ApiUnavailableError:
    """The error of a call that got no answer, or not all of one."""
    message = (
        f"{service}: {call.method} {call.path} got no answer{_after(attempts)}: {reason}; check "
        f"the network and the address{_doubt(maybe_done)}"
    )
    return ApiUnavailableError(
        message, method=call.method, path=call.path, reason=reason, maybe_done=maybe_done
    )


def crowded(
    service: str, call: Call, seconds: float, maybe_done: bool = False
) -> ApiUnavailableError:
    """The error of a call that the account's rate limit left no time for."""
    reason = f"the account's calls are used up for another {seconds:.0f} s"
    message = f"{service}: {call.method} {call.path} was not sent: {reason}; run again later"
    return ApiUnavailableError(
        message,
        method=call.method,
        path=call.path,
        reason=reason,
        maybe_done=maybe_done,
        retry_after=seconds,
    )


def unreadable(service: str, call: Call, status: int | None, reason: str) -> ApiError:
    """The error of an answer that nothing can be done with."""
    message = f"{service}: {call.method} {call.path} got an answer that cannot be used: {reason}"
    return ApiError(
        message,
        method=call.method,
        path=call.path,
        status=status,
        reason=reason,
        maybe_done=call.method != READ,
    )


def _cure(call: Call, status: int) -> str:
    cure = _CURES.get(status, "").format(do="read" if call.method == READ else "do")
    return f"; {cure}" if cure else ""


def _wait(retry_after: float | None) -> str:
    return f" (in {retry_after:.0f} s, it says)" if retry_after else ""


def _doubt(maybe_done: bool) -> str:
    return "; it may have been done all the same" if maybe_done else ""


def _after(attempts: int) -> str:
    return f" after {attempts} attempts" if attempts > 1 else ""
