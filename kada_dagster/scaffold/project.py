"""Which files a new project has, and what is in them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.resources import files
from typing import Literal

from kada_dagster import __version__

SourceKind = Literal["postgres", "hevo", "hightouch", "fivetran"]

_VARIABLES: Mapping[SourceKind, tuple[str, ...]] = {
    "postgres": ("PASSWORD",),
    "hevo": ("API_KEY", "API_SECRET"),
    "hightouch": ("API_TOKEN",),
    "fivetran": ("API_KEY", "API_SECRET"),
}
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_UP = "../" * 4
"""From the folder of a component to that of the project."""


@dataclass(frozen=True)
class NewProject:
    """What a new project is to be.

    Attributes:
        name: of the project.
        package: of its package.
        kind: type of its source.
        source: name of its source.
        components: describe the source by a component in defs/, not in kada.yaml.
    """

    name: str
    package: str
    kind: SourceKind
    source: str
    components: bool = False

    def files(self) -> dict[str, str]:
        """Contents by path from the project's folder, in the order they are told."""
        package, door = f"src/{self.package}", "components" if self.components else "file"
        return {
            "README.md": self._text("README.md"),
            self.config: self._text("defs.yaml" if self.components else "kada.yaml"),
            "pyproject.toml": self._text("pyproject.toml"),
            "dagster.yaml": self._text("dagster.yaml"),
            ".env.example": self._text("env.example"),
            ".gitignore": self._text("gitignore"),
            "Makefile": self._text("Makefile"),
            f"{package}/__init__.py": "",
            f"{package}/definitions.py": self._text(f"definitions_of_{door}.py"),
            f"{package}/defs/__init__.py": "",
            "tests/test_definitions.py": self._text("test_definitions.py"),
        }

    @property
    def config(self) -> str:
        """The file that describes the source."""
        component = f"src/{self.package}/defs/{self.source}/defs.yaml"
        return component if self.components else "kada.yaml"

    @property
    def variables(self) -> list[str]:
        """Environment variables that hold the source's secrets."""
        return [f"{self.source.upper()}_{ending}" for ending in _VARIABLES[self.kind]]

    def _text(self, template: str) -> str:
        return _filled(_read(template), {**self._values(), "fields": self._fields()})

    def _fields(self) -> str:
        """What the source needs, at the depth the file has it."""
        text = _read(f"sources/{self.kind}") + _read("sources/common")
        indent = "  " if self.components else "    "
        return textwrap.indent(_filled(text, self._values()), indent).rstrip()

    def _values(self) -> dict[str, str]:
        where = "the source, as a component" if self.components else "the sources, and their marks"
        return {
            "name": self.name,
            "package": self.package,
            "version": __version__,
            "next_version": _next(__version__),
            "type": self.kind,
            "component": f"{self.kind.capitalize()}Collector",
            "source": self.source,
            "prefix": self.source.upper(),
            "root": _UP if self.components else "",
            "start": f"{datetime.now(timezone.utc):%Y-%m-01} 00:00:00",
            "variables": "\n".join(f"{name}=" for name in self.variables),
            "config": self.config,
            "config_text": where,
            "doctor_options": f" --config {self.config}" if self.components else "",
        }


def _read(template: str) -> str:
    place = files("kada_dagster.scaffold").joinpath("templates")
    return place.joinpath(f"{template}.txt").read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: values[match[1]], text)


def _next(version: str) -> str:
    """The next version that may break what was there: 0.2 after 0.1.x, 3 after 2.x."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f"{major + 1}" if major else f"0.{minor + 1}"
