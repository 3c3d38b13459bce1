"""One source: from the mapping that describes it to its settings.

The mapping may name a file of the vendor (`config_file`), whose keys then stand in for those the
mapping does not have. A secret in that file is kept as a reference into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from kada_dagster.config.document import Document, FieldPath
from kada_dagster.config.fields import expanded
from kada_dagster.config.models import SourceSettings
from kada_dagster.config.problems import (
    ConfigFileError,
    Problem,
    error_message,
    error_path,
    field_name,
    suggestion,
)
from kada_dagster.config.registry import SOURCE_TYPES
from kada_dagster.config.vendor_json import read_vendor_json
from kada_dagster.config.yaml_text import attribute_lines
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.staging_place import is_url
from kada_dagster.secrets import Secret


def source_settings(fields: Mapping[str, Any], file: Path) -> SourceSettings:
    """Make the settings of a source that is not part of a kada.yaml.

    Args:
        fields: what kada.yaml would hold for it, `type` among them.
        file: the file the fields come from; relative paths count from its folder.

    Raises:
        ConfigError: the fields are not usable; every problem is named.
    """
    try:
        return SourceReader(Document(file, fields)).read(dict(fields))
    except ConfigFileError:
        document = Document(file, fields, attribute_lines(file))  # whoever has no error has no need
    return SourceReader(document).read(dict(fields))


@dataclass
class SourceReader:
    """Reads one source of a document.

    Attributes:
        document: where the source is described.
        path: where in the document.
    """

    document: Document
    path: FieldPath = ()
    vendor: Document | None = field(default=None, init=False)
    own_keys: frozenset[str] = field(default=frozenset(), init=False)

    def read(self, fields: object) -> SourceSettings:
        """The settings.

        Raises:
            ConfigError: something in them, or in the vendor's file, is wrong.
        """
        if not isinstance(fields, dict):
            raise self._error((), "must be a mapping of keys to values")
        own = cast("dict[str, Any]", fields)
        self.own_keys = frozenset(own)
        model = self._model(own)
        try:
            context = {"base": self.document.base}
            return model.model_validate({**self._from_vendor(own, model), **own}, context=context)
        except ValidationError as error:
            found = error.errors(include_url=False)
        problems = [self._problem(error_path(e), error_message(e, model)) for e in found]
        raise ConfigFileError(problems)

    def _model(self, own: Mapping[str, Any]) -> type[SourceSettings]:
        known = ", ".join(SOURCE_TYPES)
        if "type" not in own:
            raise self._error(("type",), f"is required; one of: {known}")
        kind = SOURCE_TYPES.get(str(own["type"]))
        if kind is None:
            near = suggestion(own["type"], SOURCE_TYPES)
            raise self._error(("type",), f"no such type of source; one of: {known}{near}")
        return kind.settings_class()

    def _from_vendor(self, own: Mapping[str, Any], model: type[SourceSettings]) -> dict[str, Any]:
        named = own.get("config_file")
        if not isinstance(named, str):
            return {}
        try:
            self.vendor = read_vendor_json(self.document.base / expanded(Path(named)))
        except ConfigFileError:
            raise
        except (ConfigError, ValueError) as error:
            unreadable = str(error)
        else:
            return _vendor_fields(self.vendor, model)
        raise self._error(("config_file",), unreadable)

    def _problem(self, path: FieldPath, message: str) -> Problem:
        inherited = path[:1] if path and path[0] not in self.own_keys else ()
        if self.vendor is not None and inherited in self.vendor.lines:
            return Problem(self.vendor.where(path), field_name(path), message)
        whole = (*self.path, *path)
        return Problem(self.document.where(whole), field_name(whole), message)

    def _error(self, path: FieldPath, message: str) -> ConfigFileError:
        return ConfigFileError([self._problem(path, message)])


def _vendor_fields(vendor: Document, model: type[SourceSettings]) -> dict[str, Any]:
    """What a vendor file says, as fields of the model."""
    data: Any = vendor.data
    unknown = [key for key in data if key not in model.vendor_keys]
    if unknown:
        raise ConfigFileError([_unknown(vendor, key, model) for key in unknown])
    fields = {key: _vendor_value(vendor, key, value, model) for key, value in data.items()}
    return {key: value for key, value in fields.items() if value not in (None, "")}


def _vendor_value(vendor: Document, key: str, value: Any, model: type[SourceSettings]) -> Any:
    if key in model.secret_keys and value not in (None, ""):
        if not isinstance(value, str):
            raise ConfigFileError([Problem(vendor.where((key,)), key, "must be text, in quotes")])
        secret = Secret.parse(value)
        return secret if secret.is_reference else Secret(file=vendor.file.absolute(), key=key)
    if key == "output_path" and isinstance(value, str) and value and not is_url(value):
        try:
            return str(vendor.file.parent.absolute() / expanded(Path(value)))
        except ValueError as error:
            raise ConfigFileError([Problem(vendor.where((key,)), key, str(error))]) from None
    return value


def _unknown(vendor: Document, key: str, model: type[SourceSettings]) -> Problem:
    near = suggestion(key, model.vendor_keys)
    known = f"; known keys: {', '.join(sorted(model.vendor_keys))}"
    return Problem(vendor.where((key,)), key, "unknown key" + (near or known))
