"""Requests that the API does not do, in its own words."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: of HTTP.
        code: the API's `code`. Which it has for 401, 403, 409 and 5xx is not documented.
        message: for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(message: str) -> RefusedError:
    """400: something in the request is not as it must be."""
    return RefusedError(400, "InvalidInput", message)


def not_found(kind: str, id: str) -> RefusedError:
    """404 of a thing, e.g. `NotFound_Connection`."""
    return RefusedError(404, f"NotFound_{kind}", f"{kind} with id '{id}' does not exist.")


def no_schema_config(id: str) -> RefusedError:
    """404: the schema configuration has not been read from the source yet."""
    text = f"Connection with id '{id}' doesn't have schema config"
    return RefusedError(404, "NotFound_SchemaConfig", text)


def no_such_path() -> RefusedError:
    """404 of a path that the API does not have."""
    return RefusedError(404, "NotFound", "HTTP 404 Not Found")


def conflict(message: str) -> RefusedError:
    """409: not in this state."""
    return RefusedError(409, "Conflict", message)


def not_stopped() -> RefusedError:
    """500: the time a call may take was over before the sync had stopped."""
    text = "Failed to stop in-progress sync after trying for 60 seconds"
    return RefusedError(500, "InternalServerError", text)
