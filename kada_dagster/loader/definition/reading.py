"""One file of a project, read into its model; what is wrong in it is gathered, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from kada_dagster.config.document import Document
from kada_dagster.config.problems import (
    ConfigFileError,
    Problem,
    error_message,
    error_path,
    field_name,
)
from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class Reader:
    """Reads the files of one project.

    Attributes:
        problems: everything that was wrong so far.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def document(self, file: Path) -> Document | None:
        """A YAML file that holds a mapping; None if it is none."""
        try:
            document = read_yaml(file)
        except ConfigFileError as error:
            self.problems += error.problems
            return None
        except ConfigError as error:
            self.problems.append(Problem(str(error), "", ""))
            return None
        if isinstance(document.data, dict):
            return document
        self.add(document, (), "must hold a mapping of keys to values")
        return None

    def model(
        self,
        document: Document,
        kind: type[M],
        fields: Mapping[str, Any],
        *,
        is_wrapped: bool = False,
    ) -> M | None:
        """The model of a file's fields; None if they are not usable.

        Args:
            document: the file.
            kind: the model.
            fields: what the file holds.
            is_wrapped: whether all of it stands below one key, which the file does not have.
        """
        try:
            return kind.model_validate(dict(fields), context={"base": document.base})
        except ValidationError as error:
            found = error.errors(include_url=False)
        for one in found:
            self.add(document, error_path(one)[is_wrapped:], error_message(one, kind))
        return None

    def add(self, document: Document, path: tuple[str | int, ...], message: str) -> None:
        """Note what is wrong with a field of a file."""
        self.problems.append(Problem(document.where(path), field_name(path), message))

    def finish(self) -> None:
        """Raise ConfigFileError with all that was wrong, if anything was."""
        if self.problems:
            raise ConfigFileError(self.problems)


def data_of(document: Document) -> dict[str, Any]:
    """The mapping a document holds."""
    return cast("dict[str, Any]", document.data)


def filled(own: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping, with what it leaves out from another one; level by level."""
    merged = {**defaults, **own}
    for key in own.keys() & defaults.keys():
        mine, other = own[key], defaults[key]
        if isinstance(mine, dict) and isinstance(other, dict):
            merged[key] = filled(cast("dict[str, Any]", mine), cast("dict[str, Any]", other))
    return merged
