"""What a translation did with each key of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from kada_dagster.api.values import whole
from kada_dagster.config.document import Document, FieldPath
from kada_dagster.config.problems import field_name

Kind = Literal["mapped", "changed", "lost", "draft", "set"]


@dataclass(frozen=True)
class Note:
    """What became of one key.

    Attributes:
        kind: `mapped`: it means the same here; `changed`: nearly; `lost`: it has no meaning here;
            `draft`: the task, or the file, needs a hand first; `set`: a variable to be set.
        where: `file:line` in the old project.
        key: as `run.keep_pause`; '' for the whole file.
        what: what it became, or why it did not.
    """

    kind: Kind
    where: str
    key: str
    what: str


@dataclass
class Notes:
    """All notes on a project, in the order they were made."""

    found: list[Note] = field(default_factory=list[Note])

    def add(self, kind: Kind, where: str, key: str, what: str) -> None:
        """Add one, once."""
        note = Note(kind, where, key, what)
        if note not in self.found:
            self.found.append(note)


class Fields:
    """A mapping of an old file, whose keys are taken one by one.

    Args:
        document: the file.
        path: of the mapping in it.
        data: the mapping.
        notes: gets what becomes of the keys.
    """

    def __init__(
        self, document: Document, path: FieldPath, data: Mapping[str, Any], notes: Notes
    ) -> None:
        self.document, self.notes = document, notes
        self._path, self._left = path, dict(data)

    @classmethod
    def of(cls, document: Document, notes: Notes) -> Fields:
        """The whole of a file."""
        return cls(document, (), mapping(document.data), notes)

    def take(self, key: str, into: str = "") -> Any:
        """The value of a key, and note what it becomes; None without it.

        Args:
            key: of the mapping.
            into: what it is called here; '' where the caller notes that itself.
        """
        if key not in self._left:
            return None
        if into:
            self.say("mapped", key, into)
        return self._left.pop(key)

    def number(self, key: str, usual: int, into: str = "") -> int:
        """A whole number; the usual one, with a note, for anything else."""
        value = self.take(key, into)
        if value is None:
            return usual
        found = whole(value)
        if found is None:
            self.say("changed", key, f"is no whole number: {usual} in its place")
        return usual if found is None else found

    def is_mapping(self, key: str) -> bool:
        """Whether a key is left, and holds a mapping."""
        return isinstance(self._left.get(key), dict)

    def below(self, key: str) -> Fields:
        """A mapping in it; empty where there is none."""
        return Fields(
            self.document, (*self._path, key), mapping(self._left.pop(key, None)), self.notes
        )

    def each(self, key: str) -> list[Fields]:
        """The mappings of a list in it."""
        found: Any = self._left.pop(key, None)
        values = cast("list[Any]", found) if isinstance(found, list) else []
        return [
            Fields(self.document, (*self._path, key, place), mapping(value), self.notes)
            for place, value in enumerate(values)
        ]

    @property
    def left(self) -> list[str]:
        """The keys not taken yet."""
        return list(self._left)

    def say(self, kind: Kind, key: str | FieldPath, what: str) -> None:
        """Note what becomes of a key, or of what is deeper in it."""
        below = key if isinstance(key, tuple) else (key,) if key else ()
        path = (*self._path, *below)
        self.notes.add(kind, self.document.where(path), field_name(path), what)

    def leave(self, what: str = "has no meaning here") -> None:
        """Note that the keys that are left are lost."""
        for key in self.left:
            self.say("lost", key, what)
            self._left.pop(key)


def mapping(value: object) -> dict[str, Any]:
    """A mapping as it is; anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def names(value: object) -> list[str]:
    """Names of columns or tasks as PostgreSQL understood them: dapu wrote them without quotes."""
    return [text.lower() for text in texts(value)]


def texts(value: object) -> list[str]:
    """A text, or a list of texts, as a list."""
    if value is None:
        return []
    many = cast("list[object]", value) if isinstance(value, list) else [value]
    return [str(one) for one in many]
