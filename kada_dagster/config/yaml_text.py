"""YAML, read safely: plain data only, with lines, duplicate keys refused.

Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema): only
`true` and `false` are truth values, so a database called `no` stays text, and moments stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from kada_dagster.config.document import Document, FieldPath, read_text
from kada_dagster.config.problems import ConfigFileError, Problem, field_name
from kada_dagster.errors import ConfigError

MOST_VALUES = 200_000
"""Aliases can make a few lines stand for billions of values; more than this is refused."""

DEEPEST = 50
"""Levels of nesting; kada.yaml needs four."""

_INDICATORS = "[{:-?"
"""One of these begins each level of nesting."""

_SIGN = re.compile(r"(['\"](?:[^\w\s]|<[a-z ]+>)['\"])")
"""What an error of YAML may quote: one sign, as ']', or what the parser calls its own words."""

_CURES = (
    (re.compile("found another document"), "a file holds one document: take the line --- away"),
    (re.compile("parsing a flow"), "close the bracket of {line}, or write the comma"),
    (re.compile("scanning a .*quoted"), "close the quotation mark of {line}"),
    (re.compile(""), "check how the lines are indented; text with special characters needs quotes"),
)
"""What to do about an error of YAML, by its words; what it is in begins in that line."""

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?\Z")
_TRUTH = {"true": True, "false": False}
_KINDS = ("null", "str", "bool", "int", "float", "timestamp", "value", "seq", "map", "merge")
_TAGS = {_TAG + kind for kind in _KINDS}


class WrittenFloat(float):
    """A number that knows how it was written, for fields that take texts, too: `1.10` may be a
    version.

    Attributes:
        text: as in the file.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> WrittenFloat:
        """The number a text stands for."""
        made = cls(text)
        made.text = text
        return made


def read_yaml(file: Path) -> Document:
    """Read a YAML file with one document.

    Args:
        file: UTF-8.

    Returns:
        Its data and lines; an empty file holds an empty mapping.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or repeats a key; names every line.
    """
    node = _compose(file, read_text(file))
    reader = _Reader(file)
    data: object = {}
    try:
        data = data if node is None else reader.value(node, ())
    except RecursionError:
        reader.problems.append(Problem(str(file), "", "an alias stands inside itself"))
    if reader.problems:
        raise ConfigFileError(reader.problems)
    return Document(file, data, reader.lines)


def attribute_lines(file: Path) -> dict[FieldPath, int]:
    """The lines of what stands below `attributes` of a component's file; none where there is none
    that can be read."""
    try:
        lines = read_yaml(file).lines
    except ConfigError:
        return {}
    return {path[1:]: line for path, line in lines.items() if path[:1] == ("attributes",)}


def _compose(file: Path, text: str) -> yaml.Node | None:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parser = cast("Any", yaml)
    try:
        may_be_deep = sum(map(text.count, _INDICATORS)) > DEEPEST
        problem = _too_deep(file, parser.parse(text, Loader=loader)) if may_be_deep else None
        if problem is None:
            return parser.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        problem = _syntax_problem(file, error, text)
    raise ConfigFileError([problem])


def _too_deep(file: Path, events: Iterable[Any]) -> Problem | None:
    """Composing recurses in C: what is nested without end would end the process."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            where = f"{file}:{event.start_mark.line + 1}"
            return Problem(where, "", f"nested more than {DEEPEST} levels deep")
    return None


def _syntax_problem(file: Path, error: yaml.YAMLError, text: str) -> Problem:
    """Where and what, without the text found there: it may be a secret."""
    mark: Any = getattr(error, "problem_mark", None)
    found: Any = getattr(error, "problem", None) or "a character that YAML does not allow"
    where = f"{file}:{mark.line + 1}" if mark else str(file)
    parts = _SIGN.split(str(found))
    parts[::2] = [re.sub(r"\s*['\"].*(['\"]|\Z)", "", part) for part in parts[::2]]
    message = "".join(parts)
    line = text.split("\n")[mark.line : mark.line + 1] if mark else []
    tabs = any(re.match(r" *\t", found) for found in line)
    cure = "indent with spaces, not with tabs" if tabs else _cure(error)
    return Problem(where, "", f"not YAML: {message}; {cure}")


def _cure(error: yaml.YAMLError) -> str:
    begin: Any = getattr(error, "context_mark", None)
    said = [str(getattr(error, name, "")) for name in ("problem", "context")]
    cure = next(cure for sign, cure in _CURES if sign.search("\n".join(said)))
    return cure.format(line=f"line {begin.line + 1}" if begin else "this line")


class _Reader:
    """Turns YAML nodes into data, noting lines and problems on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []
        self._values = 0

    def value(self, node: yaml.Node, path: FieldPath) -> object:
        self._values += 1
        if self._values > MOST_VALUES:
            raise ConfigError(f"{self.file}: more than {MOST_VALUES} values")
        self.lines.setdefault(path, _line(node))
        if node.tag not in _TAGS:
            self._problem(node, path, "tags (!) are not supported; write text in quotes")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: FieldPath) -> dict[str, object]:
        merged: dict[str, object] = {}
        own: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged = {**self._merged(value, path), **merged}
                continue
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name or name in own:
                self._problem(key, (*path, name), "is there twice" if name else "not a key")
                continue
            self.lines[(*path, name)] = _line(key)
            own[name] = self.value(value, (*path, name))
        return {**merged, **own}

    def _merged(self, node: yaml.Node, path: FieldPath) -> dict[str, object]:
        """What `<<: *anchor` or `<<: [*one, *other]` brings; the first one wins."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, object] = {}
        for part in reversed(nodes):
            if isinstance(part, yaml.MappingNode):
                merged.update(self._mapping(part, path))
            else:
                self._problem(part, path, "'<<' takes a mapping")
        return merged

    def _problem(self, node: yaml.Node, path: FieldPath, message: str) -> None:
        where = f"{self.file}:{_line(node)}"
        self.problems.append(Problem(where, field_name(path), message))


def _scalar(node: yaml.Node) -> object:
    text, kind = str(node.value), node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    plain = not getattr(node, "style", None)  # neither quoted nor a block
    return _plain(text) if plain and kind != "str" else text


def _plain(text: str) -> object:
    """The value of an unquoted scalar."""
    if _INTEGER.match(text):
        return int(text)
    return WrittenFloat.of(text) if _FLOAT.match(text) else _TRUTH.get(text.lower(), text)


def _line(node: yaml.Node) -> int:
    mark: Any = node.start_mark
    return mark.line + 1
