"""Patterns of file names, the same for folders and object stores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from kada_dagster.errors import ConfigError

_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|[^*?\[]+|\[")
_MAGIC = re.compile(r"[*?\[]")
_WORDS = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


@dataclass(frozen=True)
class Pattern:
    """`*`, `?` and `[...]` within a folder, `**` for any folders.

    Attributes:
        text: as `2026/**/orders_*.csv`, below the folder.

    Raises:
        ConfigError: it leads out of the folder.
    """

    text: str

    def __post_init__(self) -> None:
        parts = self.text.split("/")
        if self.text.startswith("/") or ".." in parts or "\\" in self.text or "" in parts:
            raise ConfigError(
                f"files: {self.text!r} must name files below the profile's folder, parts with "
                "'/' between"
            )

    @cached_property
    def folder(self) -> str:
        """The folders that all its files are in; '' for none."""
        match = _MAGIC.search(self.text)
        return (self.text[: match.start()] if match else self.text).rpartition("/")[0]

    @cached_property
    def is_deep(self) -> bool:
        """Whether files may be in folders of that one."""
        return "/" in self.text[len(self.folder) + 1 if self.folder else 0 :] or "**" in self.text

    def has(self, name: str) -> bool:
        """Whether a file is meant; hidden ones, and Excel's marks of open ones, are not.

        Args:
            name: below the profile's folder.
        """
        parts = name.split("/")
        is_named = name == self.text
        if not is_named and any(part.startswith((".", "~$")) for part in parts):
            return False
        return self._regex.fullmatch(name) is not None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(map(_expression, _PART.findall(self.text))), re.DOTALL)


def _expression(part: str) -> str:
    if part.startswith("[") and part.endswith("]"):
        inner = part[1:-1].replace("\\", r"\\")
        inside = f"^{inner[1:]}" if inner.startswith("!") else inner.replace("^", r"\^")
        return f"[{inside}]"
    return _WORDS.get(part) or re.escape(part)
