"""A configuration file as read: plain data, and the line every value stands on.

Reading YAML is `yaml_text`, reading JSON is `vendor_json`; what the data must look like is
`models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster.config.find import DEMO_FOLDER, demo_config
from kada_dagster.errors import ConfigError

FieldPath = tuple[str | int, ...]
"""Where a value stands in a document, e.g. `("sources", 0, "window", "start")`."""


@dataclass(frozen=True)
class Document:
    """What one configuration file holds.

    Attributes:
        file: the file, as the user named it.
        data: mappings, lists and scalars.
        lines: 1-based line of each value; for a value of a mapping, the line of its key.
    """

    file: Path
    data: object
    lines: Mapping[FieldPath, int] = field(default_factory=dict[FieldPath, int])

    @property
    def base(self) -> Path:
        """The folder that relative paths in the file count from.

        The packaged demo may lie in a folder nobody may write, so its paths are below ./.demo.
        """
        if self.file.absolute() == demo_config().absolute():
            return Path.cwd() / DEMO_FOLDER
        return self.file.absolute().parent

    @property
    def beside(self) -> Path:
        """The folder of the file, from which the paths count of what is only read."""
        return self.file.absolute().parent

    def where(self, path: FieldPath) -> str:
        """`file:line` of a value, or of the innermost one around it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines.get(path, 1)}"


def read_text(file: Path) -> str:
    """The text of a configuration file.

    Args:
        file: UTF-8, with or without a byte order mark.

    Raises:
        ConfigError: the file is missing, unreadable or not UTF-8; names it.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        reason = "there is no such file"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8; save the file as UTF-8"
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
    raise ConfigError(f"{file}: {reason}")
