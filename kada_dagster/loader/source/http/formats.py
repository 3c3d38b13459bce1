"""The rows in an answer: JSON, XML or CSV. What is none of what was asked for is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from kada_dagster.api.exchange import Answer
from kada_dagster.api.values import object_of, whole
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.csv_blocks import CsvBlocks
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.json_documents import records_by
from kada_dagster.loader.source.json_rows import EXTRA, JsonRows
from kada_dagster.loader.source.xml_documents import xml_records

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html|<html)\b", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_MARK = b"\xef\xbb\xbf"
_CODES = 10_000  # bytes in which they are looked for
_REFUSALS = ("ExceptionReport", "ServiceExceptionReport", "Fault")


def misfit(answer: Answer, wanted: str) -> str:
    """What an answer is instead of what was asked for; '' where nothing speaks against it.

    Args:
        answer: a success.
        wanted: `json`, `xml` or `csv`. Only CSV takes anything for its own.

    Returns:
        `html` for a page for people, as proxies and sign-ins give one; `json`, `xml`.
    """
    told = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    begin = answer.body.removeprefix(_MARK).lstrip()[:1]
    if told == "text/html" or _HTML.match(answer.body):
        return "html"
    if wanted != "csv":
        return ""
    if told.endswith("json") or begin == b"{":
        return "json"
    return "xml" if told.endswith("xml") or begin == b"<" else ""


def records_in(
    answer: Answer, settings: HttpSource, name: str, wanted: JsonRows | None = None
) -> Iterator[object]:
    """The rows.

    Args:
        answer: a success.
        settings: what the task says of answers.
        name: of the answer, for messages.
        wanted: finds the rows in JSON; without it, `rows` of the task.

    Raises:
        ConfigError: `rows` is not usable.
        SourceReadError: it is not of its format, or not all of it.
    """
    if not answer.body.strip():
        return iter(())
    if settings.format == "xml":
        return xml_records(BytesIO(answer.body), settings.rows, name)
    body = BytesIO(_utf8(answer, name))
    if settings.format == "json":
        return records_by(wanted or JsonRows(settings.rows), body, name)
    return _csv_records(body, settings.delimiter, name)


def refuse_nothing(answer: Answer, wanted: str, name: str) -> None:
    """Raise SourceReadError for a page without a body: taken for an empty one, it would end the
    list, and hide the pages behind it. Only a 204 says that there is nothing."""
    is_csv = wanted == "csv" and answer.body  # an empty line is a CSV without names and rows
    if answer.status != 204 and not answer.body.strip() and not is_csv:
        raise SourceReadError(
            f"{name}: the body is empty, though the status is {answer.status}, so that it cannot "
            "be told whether the list ends here; run the load again, and ask who runs the API if "
            "it stays"
        )


def _utf8(answer: Answer, name: str) -> bytes:
    found = _CHARSET.search(answer.headers.get("Content-Type", ""))
    charset = found[1] if found else "utf-8"
    if charset.lower() in ("utf-8", "utf8", "us-ascii"):
        return answer.body.removeprefix(_MARK)
    try:
        return answer.body.decode(charset).encode()
    except LookupError:
        reason = f"no character set {charset} is known"
    except UnicodeDecodeError:
        reason = f"it is not in {charset}, as it says"
    raise SourceReadError(f"{name}: {reason}")


def _csv_records(body: BytesIO, delimiter: str, name: str) -> Iterator[dict[str, str | None]]:
    dialect = CsvDialect(delimiter)
    blocks = CsvBlocks(body, dialect, name)
    first = blocks.first_row(keep=False)
    if first is None:
        return
    names = [dialect.text(value) or "" for value in first]
    if len(set(names)) < len(names) or "" in names:
        raise SourceReadError(f"{name}: the first row does not name every column once")
    row = 0
    for block, _ in blocks:
        for values in dialect.rows(block):
            row += 1
            if len(values) != len(names):
                raise SourceReadError(
                    f"{name}, row {row}: {len(values)} values, but {len(names)} columns; see "
                    "whether `delimiter` is right"
                )
            yield {key: dialect.text(value) for key, value in zip(names, values)}


def found_in(answer: Answer, expression: str, name: str) -> object:
    """What a JMESPath finds in an answer of JSON; None for nothing.

    Raises:
        ConfigError: it is no JMESPath.
        SourceReadError: the answer is no JSON.
    """
    wanted = JsonRows(f"[{expression}]")  # a list, so that a missing value is one, too
    try:
        document: Any = json.loads(_utf8(answer, name)) if answer.body.strip() else {}
    except (ValueError, RecursionError):
        raise SourceReadError(f"{name}: this is no JSON") from None
    return next(wanted.of(document, name), None)


def matched(answer: Answer, name: str) -> Mapping[str, int]:
    """How many rows WFS says there are: `matched` in all, `returned` in this answer, where told.

    Facts: OGC 09-025r2, 7.7.4.2 (numberMatched may be `unknown`).
    """
    is_xml = _is_xml(answer.body)
    told = _root_attributes(answer.body) if is_xml else _members(_utf8(answer, name))
    found = {
        "matched": told.get("numberMatched", told.get("totalFeatures")),
        "returned": told.get("numberReturned", told.get("numberOfFeatures")),
    }
    if not told:
        raise SourceReadError(f"{name}: it does not tell numberMatched, as WFS does")
    return {key: count for key, value in found.items() if (count := whole(value)) is not None}


def refuse_exception(answer: Answer, name: str) -> None:
    """Raise SourceReadError for a refusal of OGC or SOAP, which comes with status 200."""
    if not _is_xml(answer.body):
        return
    root = _root(answer.body)
    if root is not None and str(root.tag).rpartition("}")[2] in _REFUSALS:
        codes = re.findall(rb"""\b(?:exceptionCode|code)=["']([\w.]+)""", answer.body[:_CODES])
        said = ", ".join(code.decode() for code in dict.fromkeys(codes)) or "it gives no code"
        raise SourceReadError(f"{name}: the service refuses: {said}")


def _is_xml(body: bytes) -> bool:
    return body.removeprefix(_MARK).lstrip()[:1] == b"<"


def _root_attributes(body: bytes) -> Mapping[str, object]:
    root = _root(body)
    return {} if root is None else {str(key): value for key, value in root.items()}


def _root(body: bytes) -> Any:
    """The root of a document as far as its first events tell; None where it is no XML."""
    etree = driver("lxml.etree", EXTRA)
    safe = {"resolve_entities": False, "load_dtd": False, "no_network": True}
    try:
        for _, element in etree.iterparse(BytesIO(body), events=("start",), **safe):
            return element
    except etree.XMLSyntaxError:
        return None
    return None


def _members(body: bytes) -> Mapping[str, object]:
    try:
        return object_of(json.loads(body))
    except (ValueError, RecursionError):
        return {}
