"""A webhook that keeps what is posted to it, and can be told to refuse."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen


@dataclass
class Inbox:
    """What was posted.

    Attributes:
        replies: answers to the next posts; then 200.
        hang: while it is not set, no post is answered.
    """

    replies: list[Reply] = field(default_factory=list[Reply])
    hang: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.server = HttpServer(self._respond)
        self.hang.set()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def posts(self) -> list[Any]:
        """The bodies that were posted, those that were refused too."""
        return [json.loads(seen.body) for seen in self.server.seen]

    @property
    def titles(self) -> list[list[str]]:
        """The titles of the alerts of each post."""
        return [[alert["title"] for alert in post["alerts"]] for post in self.posts]

    def facts(self, place: int = -1) -> dict[str, str]:
        """The facts of the first alert of a post."""
        return self.posts[place]["alerts"][0]["facts"]

    def _respond(self, _seen: Seen) -> Reply:
        self.hang.wait(20)
        return self.replies.pop(0) if self.replies else Reply(b"ok")

    def __enter__(self) -> Inbox:
        self.server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang.set()
        self.server.__exit__(kind, error, trace)
