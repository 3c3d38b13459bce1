"""An HTTP API as a source: its answers, page by page, as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from typing_extensions import Self

from kada_dagster.api.address import address
from kada_dagster.api.call import Call
from kada_dagster.api.exchange import Answer
from kada_dagster.api.pages import PagingError
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import HttpProfile
from kada_dagster.loader.definition.sent_values import variables_in, with_variables
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.errors import NotSupportedError, SourceReadError
from kada_dagster.loader.source.base import Column, Selection, TableInfo, TargetColumn
from kada_dagster.loader.source.http.client import HttpClient, client_of
from kada_dagster.loader.source.http.counted import counted_rows
from kada_dagster.loader.source.http.formats import (
    misfit,
    records_in,
    refuse_exception,
    refuse_nothing,
)
from kada_dagster.loader.source.http.paging import Ask, Page, Pager
from kada_dagster.loader.source.places import Places
from kada_dagster.loader.source.records import Records
from kada_dagster.loader.source.row_stream import RowStream

_ACCEPTS: dict[Literal["json", "xml", "csv"], str] = {
    "json": "application/json, */*;q=0.5",
    "xml": "application/xml, text/xml, */*;q=0.5",
    "csv": "text/csv, */*;q=0.5",
}


class ApiSource:
    """Answers of an API. A context manager that closes its connections.

    Args:
        profile: of connections.yaml.
        name: of the profile.
    """

    type = "http"

    def __init__(self, profile: HttpProfile, name: str) -> None:
        self._profile, self._name = profile, name
        self._client: HttpClient | None = None
        self._records: Records | None = None

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`; all pages are read, once."""
        return self._read(selection).columns()

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> RowStream:
        """See `Source.stream`."""
        names = selection.columns or tuple(column.name for column in into)
        return self._read(selection).stream(names, into)

    def count(self, selection: Selection) -> int:
        """See `Source.count`; all pages are read, once."""
        return self._read(selection).count()

    def tables(self, schema: str | None) -> Iterator[TableInfo]:  # noqa: ARG002
        """Never: an API has no tables."""
        raise NotSupportedError(f"{self._name}: an API has no tables")

    def close(self) -> None:
        """Close the connections, and drop what was kept."""
        if self._records is not None:
            self._records.close()
        if self._client is not None:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _read(self, selection: Selection) -> Records:
        if self._records is None:
            written = self._settings(selection)
            settings, secrets = _with_variables(written, self._name)
            self._client = client_of(self._profile, self._name, settings.headers, secrets)
            keys = [key for key in written.params if variables_in({"": written.params[key]})]
            pages = Pages(self._client, settings, keys)
            what = f"{self._name}: {pages.shown}"
            self._records = Records(what, pages.records, place=pages.places, stop=self._client.stop)
        return self._records

    def _settings(self, selection: Selection) -> HttpSource:
        settings = selection.options.get("http")
        if not isinstance(settings, HttpSource):
            raise ConfigError(f"{self._name}: give source.http; an API has no tables")
        if selection.bounds:
            raise NotSupportedError(
                f"{self._name}: an API is read whole, not from a mark or in ranges; use mode: http"
            )
        return settings


class Pages:
    """The pages of one list.

    Args:
        client: asks.
        settings: what for.
        keys: parameters whose values are secret. An address of the next page lacks them at many
            an API; what else it lacks is left out on purpose.

    Attributes:
        shown: the path, for messages.
        places: of the rows.
    """

    def __init__(self, client: HttpClient, settings: HttpSource, keys: Sequence[str] = ()) -> None:
        self._client, self._settings, self._keys = client, settings, keys
        self.shown = settings.path.partition("?")[0]
        self.places = Places()

    def records(self) -> Iterator[object]:
        """All rows, from the first page on; one page at a time is in memory.

        Raises:
            ConfigError: `rows` is not usable.
            LoaderError: a page cannot be read, or the list does not end.
        """
        counted_rows(self._settings)  # what cannot be counted is refused before anything is asked
        pager = Pager(self._settings.paging)
        ask: Ask | None = pager.first()
        number, before = 0, 0
        while ask is not None:
            number += 1
            place = "the answer" if pager.is_single else f"page {number}"
            name = f"{self._client.service}: {self.shown}, {place}"
            call = self._call(ask, "" if pager.is_single else f" ({place})")
            answer = self._answer(call, name)
            self.places.begin(place, before)
            if pager.is_single:
                yield from records_in(answer, self._settings, name)
                return
            refuse_nothing(answer, self._settings.format, name)
            counted = counted_rows(self._settings)
            rows = list(records_in(answer, self._settings, name, counted))
            yield from rows
            before += len(rows)
            elements = rows if counted is None else counted.elements
            ask = self._next(pager, Page(call.url, answer, elements, len(rows), name))

    def _next(self, pager: Pager, page: Page) -> Ask | None:
        try:
            return pager.after(page)
        except PagingError as error:
            raise SourceReadError(f"{page.name}: {error}") from None

    def _answer(self, call: Call, name: str) -> Answer:
        answer = self._client.answer(call)
        wanted = self._settings.format
        if found := misfit(answer, wanted):
            said = self._client.reason(answer.body) if found == "html" else f"it is {found}"
            raise SourceReadError(
                f"{name}: {said} instead of {wanted}; check path, parameters and login"
            )
        if wanted == "xml":
            refuse_exception(answer, name)
        return answer

    def _call(self, ask: Ask, place: str) -> Call:
        """With POST, what says which page is part of the body."""
        settings = self._settings
        is_post = settings.method == "POST"
        params = {key: _text(value) for key, value in settings.params.items()}
        asked = {**params, **({} if is_post else ask.params)}
        body = json.dumps({**(settings.body or {}), **ask.params}).encode() if is_post else None
        return Call(
            f"{self.shown}{place}",
            self._signed(ask.url, params)
            if ask.url
            else address(self._client.base, settings.path, asked),
            method=settings.method,
            body=body,
            accept=_ACCEPTS[settings.format],
            timeout=settings.timeout,
        )

    def _signed(self, url: str, params: Mapping[str, str]) -> str:
        parts = urlsplit(url)
        there = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        lacking = {key: params[key] for key in self._keys if key not in there}
        queries = (parts.query, urlencode(lacking, quote_via=quote, safe=""))
        return parts._replace(query="&".join(filter(None, queries))).geturl()


def _with_variables(settings: HttpSource, name: str) -> tuple[HttpSource, tuple[str, ...]]:
    """The settings with all variables read now, and what these held."""
    held: list[str] = []

    def read(text: Template, where: str) -> str:
        value = text.resolve(where)
        held.extend(Template(f"${{{one}}}").resolve(where) for one in text.variables)
        return value

    where = f"{name}: source.http"
    found = {
        "params": with_variables(settings.params, f"{where}.params", read),
        "body": with_variables(settings.body, f"{where}.body", read),
    }
    return settings.model_copy(update=found), tuple(held)


def _text(value: str | float) -> str:
    """A parameter; truth values as in JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def open_http(profile: HttpProfile, name: str) -> ApiSource:
    """See `registry.open_source`."""
    return ApiSource(profile, name)
