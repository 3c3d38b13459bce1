"""Talking to the Fivetran stand-in as any client does, and what the vendor says of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import requests
from openapi_schema_validator import OAS30Validator

from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld

DOCUMENT: dict[str, Any] = json.loads(
    files("kada_dagster.sandbox.fivetran").joinpath("openapi.json").read_text("utf-8")
)


class Caller:
    """A session with the key of a server."""

    def __init__(self, server: FivetranSandbox) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.auth = (server.api_key, server.api_secret)

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        """Any request to a path behind `/v1`."""
        return self.session.request(method, f"{self.server.base_url}{path}", timeout=10, **given)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.ask("POST", path, json=body)

    def patch(self, path: str, **fields: Any) -> requests.Response:
        return self.ask("PATCH", path, json=fields)

    def data(self, path: str, **query: Any) -> Any:
        """`data` of a good answer."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["code"] == "Success"
        return answer.json()["data"]

    def pages(self, path: str, **query: Any) -> Iterator[list[Any]]:
        """The items of page after page."""
        while True:
            data = self.data(path, **query)
            yield data["items"]
            if not data.get("next_cursor"):
                return
            query["cursor"] = data["next_cursor"]


@contextmanager
def served(world: FivetranWorld, **settings: Any) -> Iterator[Caller]:
    """A world over HTTP and somebody to ask it."""
    with FivetranSandbox(world, **settings) as server:
        caller = Caller(server)
        with caller.session:
            yield caller


def faults_of(body: Any, path: str, method: str = "get", status: int = 200) -> list[str]:
    """Where an answer is not as the vendor's document has it."""
    answers = DOCUMENT["paths"][path][method]["responses"]
    content = answers[str(status)]["content"]
    schema = next(iter(content.values()))["schema"]
    validator = OAS30Validator({**schema, "components": DOCUMENT["components"]})
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(body)
    ]
