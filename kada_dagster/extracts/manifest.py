"""The manifest: what a run wrote, as `manifest.json` beside its files. It stays local."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kada_dagster.errors import ConfigError, StagingError
from kada_dagster.extracts.contract import CONTRACT_VERSION
from kada_dagster.hwm.window import Window

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MANIFEST_NAME = "manifest.json"
_STRICT = {"strict": True, "extra": "forbid"}
"""How a manifest is read: every field of its type, none missing and none unknown."""


@dataclass(frozen=True)
class ExtractFile:
    """One file of an extract.

    Attributes:
        family: `META`, `LINKAGE`, `EVENTS` or `DATABASE_LOG`.
        file: its name in the run's folder and in the landing.
        rows: records without the header.
        bytes: size of the file as it is, compressed or not.
        sha256: of the file as it is, lower-case hex.
        columns: the header.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    family: str
    file: str
    rows: int
    bytes: int
    sha256: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Warning:
    """Something that could not be read, told apart by `code` and counted, with one sample."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    code: str
    count: int
    sample: str


@dataclass(frozen=True)
class Manifest:
    """What one run of an extractor wrote. Times are `YYYY-MM-DD HH:MM:SS[.ffffff]`, UTC."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    source_type: str
    name: str
    host: str
    start_hwm: str
    end_hwm: str
    extracted_at: str
    producer: str
    files: tuple[ExtractFile, ...]
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    warnings: tuple[Warning, ...] = ()
    contract: int = CONTRACT_VERSION

    @property
    def window(self) -> Window:
        """The window the extract covers."""
        return Window.parse(self.start_hwm, self.end_hwm)

    @property
    def rows(self) -> dict[str, int]:
        """Records by family."""
        return {file.family: file.rows for file in self.files}

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read the text of `manifest.json`.

        Raises:
            ValueError: it is not a manifest of this contract version; says which field is wrong.
        """
        from pydantic import ValidationError

        data: Any = json.loads(text)
        version = data.get("contract") if isinstance(data, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if version != CONTRACT_VERSION:
            raise ValueError(f"contract version {version!r}, not {CONTRACT_VERSION}")
        try:
            manifest = _adapter().validate_json(text)
            _ = manifest.window
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(map(str, wrong["loc"]))
            raise ValueError(f"{where}: {wrong['msg']}") from None
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return manifest


@cache
def _adapter() -> TypeAdapter[Manifest]:
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run's folder.

    Raises:
        StagingError: there is none, or it is not readable as one; names the file.
    """
    path = folder / MANIFEST_NAME
    try:
        return Manifest.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StagingError(f"{path} is missing: the folder is not a whole extract") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StagingError(f"{path} cannot be read as a manifest: {error}") from error
