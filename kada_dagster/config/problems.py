"""What is wrong in a configuration file, said so that the user finds and mends it.

All problems of a file are reported together. A message never repeats what the file holds in a
place where a secret could stand.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from kada_dagster.config.document import FieldPath
from kada_dagster.config.fields import TYPE_TAG
from kada_dagster.errors import ConfigError

_TAG_ERRORS = ("union_tag_invalid", "union_tag_not_found")
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be text; write a number or a truth value in quotes",
    "list_type": "must be a list, like [a, b]",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
}


NO_LIST = "must be a list: put '- ' before the first key of each"


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Attributes:
        where: `file:line`.
        field: path of the field, as `sources[0].window.cron`; empty for the whole file.
        message: what is wrong and what would be right.
    """

    where: str
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.field, self.message) if part)


class ConfigFileError(ConfigError):
    """Everything that is wrong in one configuration file.

    Attributes:
        problems: by file and line.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_place))
        lines = [str(problem) for problem in self.problems]
        head = [] if len(lines) == 1 else [f"{len(lines)} errors in the configuration"]
        super().__init__("\n  ".join([*head, *lines]))


def _place(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (problem.where, 0)


def field_name(path: FieldPath) -> str:
    """A path as users write it: `sources[0].window.cron`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".")


def suggestion(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where one of the known words is near, else nothing."""
    spelled = {text.lower(): text for text in known}
    near = difflib.get_close_matches(str(word).lower(), list(spelled), n=1, cutoff=0.6)
    return f"; did you mean {spelled[near[0]]!r}?" if near else ""


def error_path(error: ErrorDetails) -> FieldPath:
    """The field a pydantic error is about."""
    path = tuple(part for part in error["loc"] if not _is_tag(part))
    if error["type"] in _TAG_ERRORS:
        return (*path, "type") if isinstance(error["input"], Mapping) else path
    return (*path, *error.get("ctx", {}).get("below", ()))


def error_message(error: ErrorDetails, model: type[BaseModel]) -> str:
    """A pydantic error in the words of a user of the file; never with the value itself."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    if kind == "literal_error":
        return f"must be one of {context['expected']}" + _near_choice(error)
    if kind == "value_error":
        return str(context["error"])
    if kind in _TAG_ERRORS:
        return _no_type(error, model) if kind == _TAG_ERRORS[1] else _no_such_type(context)
    return _wrong_kind(kind, error["input"]) or error["msg"].replace("Input should", "must")


def _wrong_kind(kind: str, given: object) -> str | None:
    if given is None and kind in _WORDS:
        return "has no value; write one behind the colon, or take the key away"
    if kind == "list_type" and isinstance(given, Mapping):
        return NO_LIST
    return _WORDS.get(kind)


def _no_such_type(context: Mapping[str, Any]) -> str:
    expected = context["expected_tags"].split(",")
    known = [word.strip(" '").removeprefix(TYPE_TAG) for word in expected]
    near = suggestion(context["tag"].removeprefix(TYPE_TAG), known)
    return f"must be one of {', '.join(known)}{near}"


def _no_type(error: ErrorDetails, model: type[BaseModel]) -> str:
    kinds = [kind.model_fields["type"] for kind in _models_at(model, error["loc"])]
    known = ", ".join(dict.fromkeys(text for kind in kinds for text in get_args(kind.annotation)))
    if isinstance(error["input"], Mapping):
        return f"is required; one of: {known}"
    return f"must be a mapping of keys to values, with the key type: one of {known}"


def _is_tag(part: object) -> bool:
    return isinstance(part, str) and part.startswith(TYPE_TAG)


def _unknown_key(path: FieldPath, model: type[BaseModel]) -> str:
    known = sorted(_models_at(model, path[:-1])[0].model_fields)
    near = suggestion(path[-1], known)
    return "unknown key" + (near or f"; known keys: {', '.join(known)}")


def _near_choice(error: ErrorDetails) -> str:
    choices = error.get("ctx", {})["expected"].replace(" or ", ", ").split(", ")
    return suggestion(error["input"], [choice.strip("'") for choice in choices])


def _models_at(model: type[BaseModel], path: FieldPath) -> Sequence[type[BaseModel]]:
    """The models the mapping at a path below `model` may have."""
    kinds: Sequence[type[BaseModel]] = [model]
    is_mapping = False
    for part in path:
        if isinstance(part, int):  # an item of a list: the model is the list's
            continue
        if is_mapping:  # a name the user chose: the model is the mapping's
            is_mapping = False
        elif _is_tag(part):
            kinds = [kind for kind in kinds if _has_type(kind, str(part))]
        else:
            annotation = kinds[0].model_fields[str(part)].annotation
            kinds, is_mapping = list(_models(annotation)), _is_mapping(annotation)
    return kinds


def _is_mapping(annotation: Any) -> bool:
    """Whether an annotation is `dict[...]` or `dict[...] | None`."""
    return dict in (get_origin(annotation), *map(get_origin, get_args(annotation)))


def _has_type(model: type[BaseModel], tag: str) -> bool:
    field = model.model_fields.get("type")  # without one, its kind is not said by a field
    return field is None or tag.removeprefix(TYPE_TAG) in get_args(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation such as `X | Y | None` allows."""
    if isinstance(annotation, type) and not get_args(annotation):  # to Python 3.10 list[X] is one
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)
