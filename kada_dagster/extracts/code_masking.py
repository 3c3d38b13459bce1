"""Masking of code that REST sources hold: SQL of several databases, and Python.

The masker of this package reads text by the lexical rules of PostgreSQL. Where another database
would read it in another way, the text is blanked: it fails closed.
"""

from __future__ import annotations

from kada_dagster.extracts.masking import Masker

_LIKE_POSTGRES = frozenset({"postgres", "redshift"})
_FOREIGN = {  # what begins a comment or a string there, and does not in PostgreSQL
    "snowflake": ("//",),
    "bigquery": ('"', "#"),
    "databricks": ('"',),
    "mysql": ('"', "#"),
}
_ANY_FOREIGN = ('"', "#", "//", "[")


class CodeMasker:
    """Masks texts and counts those it had to blank.

    Args:
        enabled: the source's `mask` option; False hands every text back unchanged.
    """

    def __init__(self, enabled: bool) -> None:
        self._enabled, self._masker = enabled, Masker(enabled=enabled)
        self._foreign = 0

    @property
    def blanked(self) -> int:
        """How many texts were replaced by an empty one so far."""
        return self._masker.blanked + self._foreign

    def sql(self, text: str, dialect: str) -> str:
        """Mask a query.

        Args:
            text: as the source holds it.
            dialect: of the database it is for; empty if that is not known.
        """
        masked = self._masker(text)
        if not self._enabled or not masked or dialect in _LIKE_POSTGRES:
            return masked
        # up to the first of these both databases read the same; it is left where it stands
        if any(mark in masked for mark in _FOREIGN.get(dialect, _ANY_FOREIGN)) or "'''" in text:
            self._foreign += 1
            return ""
        return masked

    def python(self, text: str) -> str:
        """Mask the code of a transformation: Python has no rules here, it is blanked."""
        return self._masker(text, "python")
