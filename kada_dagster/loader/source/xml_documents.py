"""Rows of XML, read element by element. Entities and document types are refused.

A row is an element: its attributes are columns `@name`, its child elements columns of their names,
attributes of a child without children of its own `child@name`. What is nested deeper is JSON, what
is there more than once a list, and a geometry of GML its GML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.json_rows import EXTRA

_GML = "{http://www.opengis.net/gml"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TEXT = "#text"
_STEP = re.compile(r"/(?![^{]*\})")  # not one within a namespace
_NAME = re.compile(r"\*|(?:\{[^{}]*\})?[^{}/:*]+")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes: ...


def xml_records(stream: Readable, rows: str | None, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a document of XML.

    Args:
        stream: the document; it says its encoding itself.
        rows: names of elements below the root with '/' between, as `member/Parcel`; `*` for any;
            `//Parcel` at any depth. None for the children of the root.
        name: of the document, for messages.

    Raises:
        ConfigError: `rows` is no such path.
        SourceReadError: it is no XML, or not all of it, or has a document type.
    """
    path = _Path(rows or "*")
    etree = driver("lxml.etree", EXTRA)
    return _elements(etree, stream, path, name)


class _Path:
    def __init__(self, text: str) -> None:
        self._is_anywhere = text.startswith("//")
        self._names = _STEP.split(text.removeprefix("//"))
        if not all(map(_NAME.fullmatch, self._names)):
            raise ConfigError(
                f"rows: {text!r} must be names of elements without prefixes, as member/Parcel or "
                "//Parcel, or with the namespace before them: {urn:x}Parcel"
            )

    def is_at(self, names: list[str]) -> bool:
        """Whether the element these names lead to is a row; the root is the first of them."""
        names = names[1:] if not self._is_anywhere else names[-len(self._names) :]
        return len(names) == len(self._names) and all(
            wanted in ("*", have, _local(have)) for wanted, have in zip(self._names, names)
        )


def _elements(etree: Any, stream: Readable, path: _Path, name: str) -> Iterator[dict[str, Any]]:
    names: list[str] = []
    depth = 0  # of the row that is being read; 0 outside of one
    try:
        for event, element in _events(etree, stream):
            if event == "start":
                if not names and element.getroottree().docinfo.doctype:
                    raise _document_type(name)
                names.append(str(element.tag))
                depth = depth or (len(names) if path.is_at(names) else 0)
                continue
            if depth in (0, len(names)):
                if depth:
                    yield _record(etree, element)
                    depth = 0
                _drop(element)
            names.pop()
    except etree.XMLSyntaxError as error:
        reason = str(error.msg).partition(" Bytes:")[0]  # what follows is of the data
    else:
        return
    raise SourceReadError(f"{name}: this is no XML, or not all of it: {reason}")


def _events(etree: Any, stream: Readable) -> Any:
    return etree.iterparse(
        stream,
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _drop(element: Any) -> None:
    """Free an element and those before it; the parser goes on behind it."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _document_type(name: str) -> SourceReadError:
    return SourceReadError(
        f"{name}: it has a document type (<!DOCTYPE ...>), which may make it something else than "
        "it is; remove it"
    )


def _record(etree: Any, element: Any) -> dict[str, Any]:
    record = _attributes(element, "@")
    for child in element:
        key = _local(child.tag)
        if not len(child):
            for attribute, value in _attributes(child, f"{key}@").items():
                _put(record, attribute, value)
        _put(record, key, _value(etree, child, in_row=True))
    if not len(element):
        record[_TEXT] = element.text
    elif text := _between(element):
        record[_TEXT] = text
    return record


def _value(etree: Any, element: Any, *, in_row: bool = False) -> Any:
    """Text of a leaf, JSON of what is nested, GML of a geometry; None of what is empty."""
    if element.get(_NIL) in ("true", "1"):
        return None
    if not len(element):
        attributes = {} if in_row else _attributes(element, "@")
        return {**attributes, _TEXT: element.text} if attributes else element.text
    if len(element) == 1 and str(element[0].tag).startswith(_GML):
        return _text_of(etree, element[0])
    made = _attributes(element, "@")
    for child in element:
        _put(made, _local(child.tag), _value(etree, child))
    if text := _between(element):
        made[_TEXT] = text
    return made


def _between(element: Any) -> str:
    """The text before, between and behind the children of an element."""
    texts = [element.text, *(child.tail for child in element)]
    return "".join(part for part in texts if part).strip()


def _attributes(element: Any, before: str) -> dict[str, Any]:
    """By their names without namespaces: `gml:id` and `id` make a list."""
    found: dict[str, Any] = {}
    for key, value in element.items():
        if key != _NIL:
            _put(found, f"{before}{_local(key)}", value)
    return found


def _put(record: dict[str, Any], key: str, value: Any) -> None:
    """A value; what comes again makes a list."""
    if key not in record:
        record[key] = value
    elif isinstance(record[key], list):
        record[key].append(value)
    else:
        record[key] = [record[key], value]


def _text_of(etree: Any, element: Any) -> str:
    from copy import deepcopy

    alone = deepcopy(element)
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode", with_tail=False)


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]
