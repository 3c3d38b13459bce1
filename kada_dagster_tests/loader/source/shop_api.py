"""A small API over real HTTP: one list of orders, cut and written in every way there is."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

from kada_dagster.api.budget import RateBudget
from kada_dagster.sandbox.web import Answer, Request, StandIn
from kada_dagster.sandbox.web.answers import in_json
from kada_dagster_tests.api.manual_clock import ManualClock

SECRET = "s3cr&t/ü+pass word"
XML, CSV = "application/xml", "text/csv; charset=utf-8"
_WFS = (
    '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:s="urn:s" '
    'numberMatched="{matched}" numberReturned="{returned}">{members}</wfs:FeatureCollection>'
)
_MEMBER = "<wfs:member><s:order><s:id>{id}</s:id><s:name>{name}</s:name></s:order></wfs:member>"


class ShopApi(StandIn):
    """Serves orders `{"id": 1, "name": "order 1"}` ... below `/api`.

    Attributes:
        orders: all of them.
        most: rows a page has at most, whatever is asked for.
        tokens: good ones, of OAuth 2; each is taken `uses` times.
        lifetime: seconds that a token is said to be good for.
        asked: bodies and credentials of requests for a token.
    """

    def __init__(self, orders: int) -> None:
        super().__init__(prefix="/api")
        self.orders: list[dict[str, Any]] = [
            {"id": i, "name": f"order {i}"} for i in range(1, orders + 1)
        ]
        self.most = 1000
        self.tokens: list[str] = []
        self.uses, self.lifetime = 1000, 3600
        self.asked: list[tuple[str, bytes]] = []
        self.matched: str | None = None

    def answer(self, request: Request, authorization: str) -> Answer:
        """See `StandIn`."""
        if request.path == "/token":
            return self._token(request, authorization)
        if request.path.startswith("/private") and not self._admits(authorization):
            return in_json(401, {"error": f"not with {authorization}"})
        kind = request.path.removeprefix("/private").strip("/")
        make = getattr(self, f"_{kind}", None)
        return make(request) if make else in_json(404, {"message": "no such thing"})

    def _token(self, request: Request, authorization: str) -> Answer:
        pair = b64decode(authorization.removeprefix("Basic ")).decode()
        self.asked.append((pair, request.body))
        if unquote_plus(pair) != f"loader:{SECRET}":
            return in_json(
                401, {"error": "invalid_client", "message": f"{pair} {unquote_plus(pair)}"}
            )
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        self._left = self.uses
        return in_json(200, {"access_token": self.tokens[-1], "expires_in": self.lifetime})

    def _admits(self, authorization: str) -> bool:
        if self.tokens and authorization == f"Bearer {self.tokens[-1]}":
            self._left -= 1
            return self._left >= 0
        basic = b64decode(authorization.removeprefix("Basic ") or b"").decode(errors="replace")
        return authorization == "Bearer fixed-token" or basic == f"loader:{SECRET}"

    def _page(self, start: int, size: int) -> list[dict[str, Any]]:
        return self.orders[start : start + min(size, self.most)]

    def _number(self, request: Request, name: str, usual: int) -> int:
        return int(request.query.get(name, (str(usual),))[0])

    def _all(self, request: Request) -> Answer:
        return in_json(200, self.orders)

    def _offset(self, request: Request) -> Answer:
        start, size = self._number(request, "offset", 0), self._number(request, "limit", 10)
        return in_json(
            200, {"items": self._page(start, size), "more": start + size < len(self.orders)}
        )

    def _paged(self, request: Request) -> Answer:
        number, size = self._number(request, "page", 1), self._number(request, "per_page", 10)
        return in_json(200, {"items": self._page((number - 1) * size, size), "page": number})

    def _cursor(self, request: Request) -> Answer:
        start, size = self._number(request, "cursor", 0), self._number(request, "limit", 10)
        end = start + min(size, self.most)
        following = end if end < len(self.orders) else None
        return in_json(200, {"items": self._page(start, size), "meta": {"next": following}})

    def _linked(self, request: Request, path: str = "linked") -> Answer:
        start = self._number(request, "from", 0)
        more = start + 3 < len(self.orders)
        link = f"{self.url}/{path}?from={start + 3}" if more else None
        header = {"Link": f'<{self.url}/x>; rel="first", <{link}>; rel=next'} if more else {}
        return in_json(200, {"items": self._page(start, 3), "@odata.nextLink": link}, **header)

    def _keyed(self, request: Request) -> Answer:
        """As `linked`, for who sends a key that no link holds."""
        good = request.query.get("key") == (SECRET,)
        return self._linked(request, "keyed") if good else in_json(401, {"error": "no key"})

    def _search(self, request: Request) -> Answer:
        asked = request.json
        found = self._page(asked["offset"], asked["limit"])
        return in_json(200, {"items": [one for one in found if asked["word"] in one["name"]]})

    def _wfs(self, request: Request) -> Answer:
        start, size = self._number(request, "startIndex", 0), self._number(request, "count", 10)
        found = self._page(start, size)
        members = "".join(_MEMBER.format(**one) for one in found)
        matched = self.matched or str(len(self.orders))
        body = _WFS.format(matched=matched, returned=len(found), members=members)
        return Answer(200, body.encode(), XML)

    def _csv(self, request: Request) -> Answer:
        lines = [f'{one["id"]},"{one["name"]}"' for one in self.orders]
        return Answer(200, "\n".join(["id,name", *lines, ""]).encode(), CSV)

    def _moved(self, request: Request) -> Answer:
        return Answer(302, headers={"Location": f"{self.url}/all"})


@contextmanager
def shop(orders: int = 7) -> Iterator[ShopApi]:
    """A running one."""
    with ShopApi(orders) as api:
        yield api


def patient(clock: ManualClock) -> Any:
    """A budget whose waits take no time, in place of the shared one."""
    return lambda *_: RateBudget(1000, 60, clock)
