"""What a command is about: which configuration file, which source in it, which marks."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from kada_dagster.config import KadaConfig, SourceSettings, find_config, load_config_file
from kada_dagster.config.document import read_text
from kada_dagster.config.fields import secret_fields
from kada_dagster.config.find import FILE_NAME, VARIABLE
from kada_dagster.config.problems import suggestion
from kada_dagster.config.source import source_settings
from kada_dagster.config.window import daily_window
from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.doctor.components import FILE as COMPONENT
from kada_dagster.doctor.components import load_component_file
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import utc_now
from kada_dagster.landing.base import Landing
from kada_dagster.landing.local import LocalLanding
from kada_dagster.secrets import Secret


@dataclass(frozen=True)
class Choice:
    """One source, ready to be worked on.

    Attributes:
        file: where it is configured.
        settings: its settings.
        marks: where its mark is kept.
        first: begin of its first window, UTC; None where the file configures none.
        mark_secrets: secrets the store of marks needs.
    """

    file: Path
    settings: SourceSettings
    marks: MarkStore
    first: datetime | None
    mark_secrets: tuple[Secret, ...] = ()

    def secrets(self) -> list[Secret]:
        """Every secret a command about this source may come to hold."""
        return [*self.settings.secrets(), *self.mark_secrets]


def choose(source_type: str, config: str | None, name: str | None, hwm_path: str | None) -> Choice:
    """Find the source a command is about.

    Args:
        source_type: as on the command line.
        config: a kada.yaml, a component or a file of the vendor; None for the usual places.
        name: of the source in kada.yaml; for a vendor's file, how to call the instance.
        hwm_path: folder of the marks, in place of the configured one.

    Raises:
        ConfigError: the file or the name is not usable.
    """
    file = find_config(config)
    if is_vendor_file(file):
        settings = _vendor_source(file, source_type, name or source_type)
        return Choice(file, settings, FileMarkStore(Path(hwm_path or ".")), None)
    whole = load_any(file)
    settings = _pick(whole, source_type, name)
    marks = marks_of(whole, settings, hwm_path)
    held = tuple(secret_fields(whole.high_water_marks))
    return Choice(file, settings, marks, settings.window.first, held)


def landing_of(choice: Choice, folder: str | None) -> Landing | None:
    """The configured landing, or a folder given on the command line; None without either."""
    if folder is not None:
        return LocalLanding(Path(folder))
    configured = choice.settings.landing
    return configured.landing() if configured else None


def marks_of(config: KadaConfig, source: SourceSettings, hwm_path: str | None) -> MarkStore:
    """The configured store of marks, or the files of a folder given on the command line."""
    return FileMarkStore(Path(hwm_path)) if hwm_path else config.high_water_marks.store(source)


def is_vendor_file(file: Path) -> bool:
    """Whether a file is a JSON object without `sources`; of a broken one, its suffix tells."""
    text = read_text(file).lstrip()
    try:
        data: object = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        data = None
    is_object = isinstance(data, dict) and "sources" not in cast("dict[str, Any]", data)
    return is_object or (data is None and file.suffix.lower() == ".json")


def configured_file() -> Path | None:
    """The configuration somebody chose, by $KADA_CONFIG or ./kada.yaml; never the demo."""
    if os.environ.get(VARIABLE) or Path(FILE_NAME).is_file():
        return find_config()
    return None


def chosen_file(given: str | None) -> Path:
    """The configuration that is named, or that somebody chose; never the demo.

    Raises:
        ConfigError: there is none.
    """
    file = configured_file() if given is None else find_config(given)
    if file is None:
        raise ConfigError(
            "there is no kada.yaml here: give --config, set $KADA_CONFIG, or make a "
            "project with kada init"
        )
    return file


def load_any(file: Path) -> KadaConfig:
    """Read a kada.yaml, or the defs.yaml of a component as the kada.yaml it stands for.

    Raises:
        ConfigError: it is not usable, or holds a template of Dagster: what it stands for is not
            known here, and a command would act on something else.
    """
    if file.name != COMPONENT:
        return load_config_file(file)
    if "{{" in json.dumps(read_yaml(file).data):
        raise ConfigError(
            f"{file}: holds a template, {{{{ ... }}}}, which only Dagster fills in; write the "
            "value itself, or ${NAME} for a secret"
        )
    return load_component_file(file)


def load_kada_yaml(file: Path, command: str) -> KadaConfig:
    """Read a kada.yaml, where nothing else will do.

    Args:
        file: the file.
        command: what needs it, as the user calls it.

    Raises:
        ConfigError: it is not usable, or no kada.yaml.
    """
    other = "a component" if file.name == COMPONENT else ""
    if is_vendor_file(file):
        other = "a file of the vendor's collector"
    if other:
        raise ConfigError(f"{file}: that is {other}; {command} needs a kada.yaml")
    return load_config_file(file)


def find_source(sources: Sequence[SourceSettings], name: str, what: str) -> SourceSettings:
    """The source of that name.

    Raises:
        ConfigError: there is none; names those there are.
    """
    for source in sources:
        if source.name == name:
            return source
    names = [source.name for source in sources]
    known = f"; there are: {', '.join(names)}" if names else ""
    raise ConfigError(f"{what} named {name!r}{suggestion(name, names)}{known}")


def _pick(config: KadaConfig, source_type: str, name: str | None) -> SourceSettings:
    of_type = [source for source in config.sources if source.type == source_type]
    missing = f"{config.config_path}: no {source_type} source"
    if name is not None:
        return find_source(of_type, name, missing)
    if not of_type:
        raise ConfigError(missing)
    if len(of_type) > 1:
        names = ", ".join(source.name for source in of_type)
        raise ConfigError(
            f"{config.config_path}: several {source_type} sources, {names}: give --name"
        )
    return of_type[0]


def _vendor_source(file: Path, source_type: str, name: str) -> SourceSettings:
    window = daily_window(utc_now()).model_dump()
    fields = {"type": source_type, "name": name, "config_file": file.name, "window": window}
    return source_settings(fields, file)
