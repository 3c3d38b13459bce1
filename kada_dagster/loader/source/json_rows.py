"""Which values of a JSON document are rows: a JMESPath expression, piece by piece where it can be.

Facts: https://jmespath.org/specification.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.json_numbers import as_decimals, as_floats

EXTRA = "files"
"""Extra that installs what is needed here."""

_Node = dict[str, Any]
PER_ELEMENT = ("projection", "filter_projection", "flatten")
"""What gives the same for a list as for its elements one by one."""


class JsonRows:
    """A JMESPath expression.

    Args:
        text: of it; None for the document itself.

    Attributes:
        path: names that lead to the list whose elements can be taken one by one; None where the
            whole document is needed.

    Raises:
        ConfigError: it is none.
    """

    def __init__(self, text: str | None) -> None:
        self._text = text or "@"
        self._module = driver("jmespath", EXTRA)
        try:
            compiled = self._module.compile(self._text)
        except self._module.exceptions.JMESPathError as error:
            raise ConfigError(
                f"rows: {self._text!r} is no JMESPath: {_first_line(error)}"
            ) from None
        self._whole = cast("_Node", compiled.parsed)
        self._computes = _computes(self._whole)
        self._interpreter = self._module.visitor.TreeInterpreter()
        self.path, self._single = _split(self._whole)

    def of(self, document: object, where: str) -> Iterator[object]:
        """The rows of a document: the elements of a list, or the one value that was found.

        Raises:
            SourceReadError: the expression finds nothing.
        """
        found = self._search(self._whole, document, where)
        if isinstance(found, list):
            yield from cast("list[object]", found)
        elif found is None:
            raise self.nothing(where, document)
        else:
            yield found

    def of_element(self, element: object, where: str) -> list[object]:
        """The rows an element of the list at `path` gives."""
        return self._search(self._single, [element], where)

    def nothing(self, where: str, document: object = None) -> SourceReadError:
        """The error of an expression that found nothing."""
        names = ", ".join(list(cast("_Node", document))[:20]) if isinstance(document, dict) else ""
        has = f"; the document has {names}" if names else ""
        return SourceReadError(
            f"{where}: rows: {self._text} finds nothing{has}. Where a list may be missing, write "
            "[] for that, as in items || `[]`"
        )

    def _search(self, node: _Node, value: object, where: str) -> Any:
        try:
            if self._computes:
                return as_decimals(self._interpreter.visit(node, as_floats(value)))
            return self._interpreter.visit(node, value)
        except self._module.exceptions.JMESPathError as error:
            kind = type(error).__name__  # what it says shows the value
        raise SourceReadError(f"{where}: rows: {self._text} cannot be computed ({kind})")


def _split(whole: _Node) -> tuple[tuple[str, ...] | None, _Node]:
    """The path to a list, and the expression for a list of some of its elements."""
    spine: list[_Node] = []
    node = whole
    while (node := turned(node))["type"] in PER_ELEMENT:
        spine.append(node)
        node = node["children"][0]
    path = _names(node)
    single: _Node = {"type": "identity", "children": []}
    for outer in reversed(spine):
        single = {**outer, "children": [single, *outer["children"][1:]]}
    return path, single


def turned(node: _Node) -> _Node:
    """`a.(b[*])`, as JMESPath reads `a.b[*]`, as `(a.b)[*]`, which is the same."""
    last: _Node = node["children"][-1] if node["type"] == "subexpression" else node
    if last is node or last["type"] not in PER_ELEMENT:
        return node
    path = {**node, "children": [*node["children"][:-1], last["children"][0]]}
    return {**last, "children": [path, *last["children"][1:]]}


def _computes(node: _Node) -> bool:
    """Whether an expression looks at numbers, not only passes them on."""
    if node["type"] in ("comparator", "function_expression"):
        return True
    children: list[Any] = node.get("children") or []
    return any(isinstance(child, dict) and _computes(cast("_Node", child)) for child in children)


def _names(node: _Node) -> tuple[str, ...] | None:
    if node["type"] in ("identity", "current"):
        return ()
    fields = node["children"] if node["type"] == "subexpression" else [node]
    if any(field["type"] != "field" or _is_odd(field["value"]) for field in fields):
        return None
    return tuple(field["value"] for field in fields)


def _is_odd(name: str) -> bool:
    """Whether the reader of large documents could take a name for a path, or for an element."""
    return "." in name or name == "item"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
