"""Secrets by reference: what configuration may hold instead of a password or token.

A reference is resolved at the moment of use, so definitions, run configuration, logs and the
event log only ever see its name.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, quote_plus

from kada_dagster.errors import ConfigError, KadaError

_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}\Z")
MASK = "***"


class Place(Protocol):
    """Where else a secret may be kept, as in a vault. Its `str` names the place, no value."""

    def read(self) -> str:
        """The value, looked up now; ConfigError if it is not there."""
        ...


@dataclass(frozen=True)
class Secret:
    """A secret value, or where to find it. Neither `repr` nor `str` shows a value.

    Attributes:
        variable: environment variable that holds the value.
        file: JSON file that holds the value under `key` (the vendor's configuration files).
        key: key in that file.
        place: any other place that can look the value up.
        value: the value itself; only where a caller of the library passed it in.
    """

    variable: str | None = None
    file: Path | None = None
    key: str | None = None
    place: Place | None = None
    value: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Secret:
        """Read `${NAME}` as a reference to the environment, any other text as the value."""
        match = _ENVIRONMENT.match(text)
        return cls(variable=match.group(1)) if match else cls(value=text)

    @property
    def is_reference(self) -> bool:
        """Whether only the place of the value is kept here."""
        return self.value is None

    def reveal(self) -> str:
        """The value itself, looked up now.

        Raises:
            ConfigError: the environment variable is not set, or the file has no such key, or the
                place no such value.
        """
        if self.variable is not None:
            return _from_environment(self.variable)
        if self.file is not None:
            return _from_file(self.file, self.key or "")
        if self.place is not None:
            return self.place.read()
        return self.value or ""

    def __str__(self) -> str:
        if self.variable is not None:
            return "${" + self.variable + "}"
        if self.file is not None:
            return f"{self.key} in {self.file}"
        return MASK if self.place is None else str(self.place)


def _from_environment(variable: str) -> str:
    try:
        return os.environ[variable]
    except KeyError:
        raise ConfigError(
            f"environment variable {variable} is not set; set it, or name another one in the "
            "configuration"
        ) from None


def _from_file(file: Path, key: str) -> str:
    try:
        value = json.loads(file.read_text(encoding="utf-8-sig"))[key]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        value = None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ConfigError(f"{file}: {key} cannot be read from this file as a text") from None
    return str(value)


def spellings(secrets: Iterable[str]) -> list[str]:
    """The secrets, also as they look in an address, JSON, HTML or Base64, and quoted by Python."""
    spelt: set[str] = set()
    for secret in secrets:
        data = secret.encode("utf-8", "surrogateescape")
        encoded = quote(data, safe="")
        spelt |= {secret, encoded, quote(encoded), quote(data), quote_plus(data)}
        spelt |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        spelt |= {escape(secret), escape(secret, quote=False), repr(secret)[1:-1]}
        spelt |= {code(data).decode().rstrip("=") for code in (b64encode, urlsafe_b64encode)}
    return sorted(spelt - {""})


def known_spellings(secrets: Iterable[Secret]) -> list[str]:
    """All spellings of those secrets whose values can be had in this process."""
    values: list[str] = []
    for secret in secrets:
        with suppress(KadaError):
            values.append(secret.reveal())
    return spellings(values)


def redact(text: str, values: Iterable[str]) -> str:
    """`text` with every occurrence of the given secret values replaced by `***`.

    Values may overlap or hold one another: every character that belongs to one goes.
    """
    spans: list[tuple[int, int]] = []
    for value in filter(None, values):
        at = text.find(value)
        while at >= 0:
            spans.append((at, at + len(value)))
            at = text.find(value, at + 1)
    return _masked(text, sorted(spans))


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with each run of overlapping spans replaced by one mask."""
    kept: list[str] = []
    reached = 0
    for start, end in spans:
        if start >= reached:
            kept += (text[reached:start], MASK)
        reached = max(reached, end)
    return "".join((*kept, text[reached:]))
