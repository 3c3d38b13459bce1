"""The high water marks a command is about: those of a configuration, or of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kada_dagster.cli.choice import (
    configured_file,
    find_source,
    is_vendor_file,
    load_any,
    marks_of,
)
from kada_dagster.cli.session import Session
from kada_dagster.config import KadaConfig, find_config
from kada_dagster.config.fields import secret_fields
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark import MarkState, gap
from kada_dagster.hwm.mark_format import MARK
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window


@dataclass(frozen=True)
class Marks:
    """The marks a command is about.

    Attributes:
        config: the configuration, where one applies.
        folder: of marks in files, in place of the configured store; where neither is given, the
            current one.
    """

    config: KadaConfig | None
    folder: str | None

    def names(self) -> list[str]:
        """Names of all marks there are, or are to be."""
        if self.config is not None:
            return [source.name for source in self.config.sources]
        found = Path(self.folder or ".").glob(f"*{MARK}")
        return sorted(path.name[: -len(MARK)] for path in found)

    def store(self, name: str) -> MarkStore:
        """Where a mark is; stores may differ from source to source.

        Raises:
            ConfigError: there is no such source.
        """
        if self.config is None:
            return FileMarkStore(Path(self.folder or "."))
        file = self.config.config_path
        source = find_source(self.config.sources, name, f"{file}: no source")
        return marks_of(self.config, source, self.folder)

    def check_known(self, name: str) -> None:
        """Refuse to make a mark in the current folder that nothing may ever read.

        Raises:
            ConfigError: there is neither a configuration, nor a folder, nor a mark of that name.
        """
        if self.config is None and self.folder is None and name not in self.names():
            raise ConfigError(
                f"there is neither a kada.yaml nor a {name}{MARK} here: give --config, or the "
                "folder of the marks: --hwm-path"
            )

    def held_by(self, name: str, state: MarkState) -> Window | None:
        """The gap the mark cannot pass; None without one."""
        sources = self.config.sources if self.config else []
        first = next((each.window.first for each in sources if each.name == name), None)
        base = state.mark or first
        return gap(state, base) if base else None


def chosen_marks(session: Session, config: str | None, hwm_path: str | None) -> Marks:
    """The marks of the configuration; with a folder alone, the files in it.

    Args:
        session: gets the secrets of the configuration.
        config: a kada.yaml, a component or a file of the vendor; None for the usual places.
        hwm_path: folder of the marks, in place of the configured one.

    Raises:
        ConfigError: the configuration is not usable.
    """
    file = None if config is None else find_config(config)
    if config is None and hwm_path is None:
        file = configured_file()
    if file is None:
        return Marks(None, hwm_path)
    if is_vendor_file(file):  # the vendor's script keeps them where it is run
        return Marks(None, hwm_path or ".")
    whole = load_any(file)
    session.secrets += secret_fields(whole.high_water_marks)
    session.secrets += [secret for source in whole.sources for secret in source.secrets()]
    return Marks(whole, hwm_path)
