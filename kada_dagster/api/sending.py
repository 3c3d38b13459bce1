"""A client that also sends: POST and PATCH, with care about what may be done twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from kada_dagster.api.address import address
from kada_dagster.api.call import READ, Call, Reply
from kada_dagster.api.client import ApiClient
from kada_dagster.api.failures import unreadable


class SendingClient(ApiClient):
    """An `ApiClient` that may change things. Bodies are in no log and no error."""

    methods: ClassVar[frozenset[str]] = frozenset({READ, "POST", "PATCH"})

    def send(
        self,
        method: Literal["POST", "PATCH"],
        path: str,
        body: Mapping[str, Any],
        *,
        repeatable: bool,
        accept: str | None = None,
        timeout: float | None = None,
        within: float | None = None,
    ) -> Reply:
        """Have something done. Redirects are not followed.

        Args:
            method: of the request.
            path: see `ApiClient.get`.
            body: sent as JSON, also when it is empty.
            repeatable: whether doing it twice does no harm. Then it is tried again as a read is;
                else only after a 429 or where no connection came about.
            accept: media type to ask for, if not the client's.
            timeout: seconds, if not the client's.
            within: seconds in which attempts may begin, all waits among them. A `Retry-After`
                that is longer ends the call at once.

        Raises:
            ApiUnavailableError: no usable answer. Where `maybe_done` is set, look before you ask
                for it again.
            KadaError: see `ApiClient.read`.
        """
        call = Call(
            path.partition("?")[0],
            address(self._base, path, None),
            method=method,
            body=json.dumps(dict(body)).encode(),
            accept=accept,
            timeout=timeout,
            repeatable=repeatable,
            within=within,
        )
        answer = self._answer(call)
        if answer.status >= 300:
            reason = "it redirects, and what is sent does not go along; check base_url"
            raise unreadable(self._service, call, answer.status, reason)
        return self._reply(call, answer)
