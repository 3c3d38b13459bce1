"""Where a task's rows come from: the models below `source:` in task.yaml."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from typing_extensions import Self

from kada_dagster.config.fields import Seconds, Settings, Text
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sent_values import (
    as_written,
    path_without_secrets,
    referring_body,
    referring_params,
)
from kada_dagster.loader.definition.written_secrets import is_secret_header
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.files.pattern import Pattern


def _parts(value: Any) -> Any:
    return tuple(value.split(".")) if isinstance(value, str) else value


TableName = Annotated[tuple[str, ...], BeforeValidator(_parts)]
"""`schema.table`; as a list where a part holds a dot."""


class FilesSource(Settings):
    """Files of a folder or of an object store."""

    pattern: Text = Field(min_length=1, description="As *.csv or 2026/**/orders_*.csv.gz.")
    format: Literal["csv", "tsv", "xlsx", "json", "xml"] | None = Field(
        default=None, description="Of the files; without it, by their ending."
    )
    encoding: Text = Field(default="utf-8-sig", description="Of text files.")
    delimiter: Text | None = Field(default=None, description="Between values; comma or tab.")
    quote: Text = Field(default='"', max_length=1, description="Around values; '' for none.")
    header: bool = Field(default=True, description="Whether the first row names the columns.")
    skip_rows: int = Field(default=0, ge=0, description="Rows before the header or the data.")
    nulls: list[str] = Field(default=[""], description="Unquoted texts that stand for no value.")
    dates: Literal["ymd", "dmy", "mdy"] = Field(
        default="ymd",
        description="Order of day, month and year in texts that go into columns of dates.",
    )
    sheet: Text | int | None = Field(default=None, description="Of a workbook, by name or number.")
    rows: Text | None = Field(
        default=None, description="Where the rows are: JMESPath in JSON, a path of elements in XML."
    )
    once: bool = Field(default=False, description="Each file is loaded once, unless it changes.")
    after: Literal["keep", "delete", "move"] = Field(
        default="keep", description="What becomes of a file when its rows are committed."
    )
    move_to: Text | None = Field(default=None, description="Folder for after: move.")
    missing: Literal["fail", "empty"] = Field(
        default="fail", description="What it means that no file is there."
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if (self.after == "move") != (self.move_to is not None):
            raise ValueError("after: move and move_to need each other")
        try:
            Pattern(self.pattern)
            Pattern((self.move_to or "x").strip("/"))
            CsvDialect(self.delimiter or ("\t" if self.format == "tsv" else ","), self.quote)
            codecs.lookup(self.encoding)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        except LookupError:
            raise ValueError(f"encoding: {self.encoding!r} is none that Python knows") from None
        return self


class PagingSettings(Settings):
    """How an API cuts a list into pages."""

    type: Literal["none", "offset", "page", "cursor", "link", "wfs"] = Field(
        default="none", description="Kind of paging."
    )
    size: int = Field(default=100, ge=1, description="Rows a page.")
    size_param: Text | None = Field(
        default=None, description="Parameter of the size: limit, for wfs count; '' for none."
    )
    param: Text | None = Field(
        default=None,
        min_length=1,
        description="Parameter that says which page: offset, page, cursor or startIndex.",
    )
    next: Text | None = Field(
        default=None,
        min_length=1,
        description="JMESPath of the next cursor or address; of offset and page: whether there is "
        "more. Without it, link reads the header Link, offset and page end at an empty page.",
    )
    first: int | None = Field(
        default=None, ge=0, description="Of page: number of the first one, 1; of offset and wfs, 0."
    )

    @model_validator(mode="after")
    def _next_is_said(self) -> Self:
        if self.type == "cursor" and self.next is None:
            raise ValueError("next: is required for cursors: where the next one stands")
        if self.type in ("none", "wfs") and self.next is not None:
            raise ValueError(f"next: is not for paging of type {self.type}")
        return self


class HttpSource(Settings):
    """Answers of an API."""

    path: Annotated[Text, AfterValidator(path_without_secrets)] = Field(
        description="Behind the profile's address."
    )
    method: Literal["GET", "POST"] = Field(default="GET", description="Of the request.")
    params: Annotated[
        dict[str, str | int | float | bool],
        BeforeValidator(as_written),
        AfterValidator(referring_params),
    ] = Field(default={}, description="Of the query; what is secret as ${NAME}.")
    headers: dict[str, Text] = Field(default={}, description="Of the request.")
    body: Annotated[dict[str, Any] | None, AfterValidator(referring_body)] = Field(
        default=None, description="JSON to send; what is secret as ${NAME}."
    )
    format: Literal["json", "xml", "csv"] = Field(default="json", description="Of the answer.")
    rows: Text | None = Field(
        default=None, description="Where the rows are: JMESPath in JSON, a path of elements in XML."
    )
    delimiter: Text = Field(
        default=",", min_length=1, max_length=1, description="Between values of CSV."
    )
    paging: PagingSettings = Field(default=PagingSettings(), description="How lists are cut.")
    timeout: Seconds | None = Field(default=None, description="Seconds, if not the profile's.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.body is not None and self.method != "POST":
            raise ValueError("body: is sent with method: POST only")
        if secret := next(filter(is_secret_header, self.headers), None):
            raise ValueError(f"headers: {secret} belongs to the profile, below headers or auth")
        if self.paging.next is not None and self.format != "json":
            raise ValueError("paging.next: is a JMESPath; it reads JSON only")
        if self.paging.type == "wfs" and self.format == "csv":
            raise ValueError("paging: wfs tells how many rows there are in XML and JSON only")
        return self


class TaskSource(Settings):
    """One of table, query, files, http."""

    connection: Text | None = Field(default=None, description="Profile, if not the route's.")
    table: TableName | None = Field(default=None, description="As schema.table.")
    query: Text | None = Field(default=None, description="A .sql file of the task's folder.")
    files: FilesSource | None = Field(default=None, description="Files of a folder.")
    http: HttpSource | None = Field(default=None, description="Answers of an API.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = [self.table, self.query, self.files, self.http]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give one of table, query, files, http")
        return self
