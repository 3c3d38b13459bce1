"""The vendor's configuration files, `kada_<type>_extractor_config.json`.

A JSON object whose keys are the keyword arguments of the extractor. The files are used
unchanged; `load_config` is the vendor's documented function of that name.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

from kada_dagster.config.document import Document, FieldPath, read_text
from kada_dagster.config.problems import ConfigFileError, Problem


def load_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a vendor configuration file, to be passed on as `Extractor(**load_config(path))`.

    Keys and values are handed over as they are: the extractor they are for refuses those it
    does not know. Relative paths in it stay relative to the current directory.

    Args:
        path: the JSON file.

    Raises:
        ConfigError: the file cannot be read, is not a JSON object, or repeats a key; names file,
            line and key.
    """
    data: Any = read_vendor_json(Path(path)).data
    return data


def read_vendor_json(file: Path) -> Document:
    """Read a vendor configuration file with the lines of its keys.

    Raises:
        ConfigError: as for `load_config`.
    """
    text = read_text(file)
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        problem = Problem(f"{file}:{error.lineno}", "", f"not JSON: {error.msg}")
    except RecursionError:
        problem = Problem(str(file), "", "nested too deeply")
    else:
        if isinstance(data, dict):
            return Document(file, cast("object", data), _key_lines(file, text))
        problem = Problem(f"{file}:1", "", "must hold a JSON object, { ... }")
    raise ConfigFileError([problem])


def _key_lines(file: Path, text: str) -> dict[FieldPath, int]:
    """The line of each key of a valid JSON object."""
    decoder = json.JSONDecoder()
    lines: dict[FieldPath, int] = {}
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        key, after = decoder.raw_decode(text, at)
        line = text.count("\n", 0, at) + 1
        if (key,) in lines:
            raise ConfigFileError([Problem(f"{file}:{line}", key, "is there twice")])
        lines[(key,)] = line
        _, after = decoder.raw_decode(text, _skip(text, after))
        at = _skip(text, after)
    return lines


def _skip(text: str, at: int) -> int:
    """The next place that holds neither space nor a separator."""
    while text[at] in " \t\r\n:,":
        at += 1
    return at
