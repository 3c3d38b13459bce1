"""Calling the Hevo sandbox as a client would, with `requests`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from kada_dagster.sandbox.hevo import HevoServer

CLASSIC, EDGE = "/api/public/v2.0", "/api/v1"
KEY = ("sandbox-key", "sandbox-secret")


def send(method: str, url: str, **options: Any) -> requests.Response:
    """One request over a connection of its own, past any proxy or ~/.netrc of the machine."""
    with session() as one:
        return one.request(method, url, **{"timeout": 10, **options})


def session() -> requests.Session:
    """A session that nothing of the machine has a say in."""
    made = requests.Session()
    made.trust_env = False
    return made


def get(server: HevoServer, path: str, auth: Any = KEY, **query: Any) -> requests.Response:
    """One call over a connection of its own."""
    return send("GET", server.url + path, params=query, auth=auth)


def classic(server: HevoServer, path: str, **query: Any) -> Any:
    """The JSON of the classic family; None for no content."""
    return _json(get(server, f"{CLASSIC}/{path}", **query))


def edge(server: HevoServer, path: str, **query: Any) -> Any:
    """The JSON of the Edge family; None for no content."""
    return _json(get(server, f"{EDGE}/{path}", **query))


def classic_pages(server: HevoServer, path: str, **query: Any) -> Iterator[list[Any]]:
    """All pages of a classic list."""
    page = classic(server, path, **query)
    while page is not None:
        yield page["data"]
        if "pagination" not in page:
            return
        page = classic(server, path, **{**query, **_token(page["pagination"])})


def edge_pages(server: HevoServer, path: str, **query: Any) -> Iterator[list[Any]]:
    """All pages of an Edge list."""
    page = edge(server, path, **query)
    while page is not None:
        yield page["data"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return
        page = edge(server, path, **{**query, "cursor": page["next_cursor"]})


def _token(pagination: dict[str, Any]) -> dict[str, Any]:
    return {"starting_after": pagination["starting_after"]}


def _json(response: requests.Response) -> Any:
    assert response.status_code in (200, 204), (response.status_code, response.text)
    assert (response.status_code == 204) == (response.content == b"")
    return None if response.status_code == 204 else response.json()
