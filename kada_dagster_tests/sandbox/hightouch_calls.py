"""Talking to the Hightouch stand-in as any client does, and what the vendor says of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import requests
from openapi_schema_validator import OAS30Validator

from kada_dagster.sandbox.hightouch import HightouchServer

DOCUMENT: dict[str, Any] = json.loads(
    files("kada_dagster.sandbox.hightouch").joinpath("openapi.json").read_text("utf-8")
)


def get(server: HightouchServer, path: str, **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token}"}
    return requests.get(f"{server.url}{path}", params=query, headers=headers, timeout=10)


def data(server: HightouchServer, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = get(server, path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(server: HightouchServer, path: str, **query: Any) -> list[Any]:
    return [row["id"] for row in data(server, path, **query)]


def pages(server: HightouchServer, path: str, limit: int) -> Iterator[dict[str, Any]]:
    """Pages until one is not full."""
    offset = 0
    while True:
        page = get(server, path, limit=limit, offset=offset).json()
        yield page
        if len(page["data"]) < limit:
            return
        offset += limit


def faults_of(body: Any, path: str, status: int = 200) -> list[str]:
    """Where an answer is not as the vendor's document has it."""
    answers = DOCUMENT["paths"][path]["get"]["responses"]
    schema = answers[str(status)]["content"]["application/json"]["schema"]
    validator = OAS30Validator({**schema, "components": DOCUMENT["components"]})
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(body)
    ]
