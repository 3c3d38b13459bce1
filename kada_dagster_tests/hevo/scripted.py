"""A server that answers each path with what a test wrote down, for shapes one wants to see.

Accounts with a truth are the sandbox's; this one knows nothing of Hevo but its paths.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from typing_extensions import Self

CLASSIC = "/api/public/v2.0"
EDGE = "/api/v1"
Answer = tuple[int, object]
"""Status, and what becomes JSON; bytes are sent as they are."""


def listed(*rows: object) -> Answer:
    """A list on one page, as both families have it."""
    return 200, {"data": list(rows), "has_more": False, "next_cursor": None}


class ScriptedServer:
    """Answers GET. A list that is not in the script is empty; anything else that is not, 404.

    Args:
        script: answers by path, decoded, without its query.

    Attributes:
        requests: how often each path was asked for, and with which method.
    """

    def __init__(self, script: Mapping[str, Answer]) -> None:
        self.script = dict(script)
        self.requests: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                outer.requests["GET", path] += 1
                status, body = outer.answer(path)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(0 if status == 204 else len(data)))
                self.end_headers()
                self.wfile.write(b"" if status == 204 else data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> Answer:
        if path in self.script:
            return self.script[path]
        lists = ("pipelines", "destinations", "models", "workflows", "objects", "event-types")
        if path.endswith((*lists, "jobs", "users")):
            return listed()
        if path.endswith("transformations"):
            return 204, None
        return 404, {"message": f"nothing at {path}"}
