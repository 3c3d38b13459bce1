"""What can go wrong with a call to an API, as exceptions that never hold a credential."""

from __future__ import annotations

from typing_extensions import Self

from kada_dagster.errors import (
    ConnectionFailedError,
    ExtractError,
    KadaError,
    PermissionDeniedError,
)


class ApiCallError(KadaError):
    """Base of all failures of one API call.

    Attributes:
        method: of the request.
        path: of the request, without its query.
        status: HTTP status of the last answer; None if there was none.
        reason: the API's own message, or what broke the connection; redacted and shortened.
        code: the API's own code, as `NotFound_Connection`; '' if it gave none.
        maybe_done: whether the server may have done what was asked for all the same. Never so
            for a read.
        retry_after: seconds after which the server wants to be asked again; None if not said.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "GET",
        path: str = "",
        status: int | None = None,
        reason: str = "",
        code: str = "",
        maybe_done: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.method, self.path, self.status, self.reason = method, path, status, reason
        self.code, self.maybe_done, self.retry_after = code, maybe_done, retry_after

    def saying(self, more: str) -> Self:
        """The same error, whose message says more: what it means where it was met."""
        return type(self)(
            f"{self}; {more}",
            method=self.method,
            path=self.path,
            status=self.status,
            reason=self.reason,
            code=self.code,
            maybe_done=self.maybe_done,
            retry_after=self.retry_after,
        )


class ApiUnauthorizedError(ApiCallError, PermissionDeniedError):
    """401: the credentials are not valid (here)."""


class ApiForbiddenError(ApiCallError, PermissionDeniedError):
    """403: the credentials are valid and lack a permission."""


class ApiNotFoundError(ApiCallError, ExtractError):
    """404 or 410: there is no such thing, or no longer."""


class ApiUnavailableError(ApiCallError, ConnectionFailedError):
    """No usable answer after all retries: the network, a 5xx, or a 429 that does not end."""


class ApiError(ApiCallError, ExtractError):
    """Any other refusal, a body that cannot be read, or paging that does not end."""
