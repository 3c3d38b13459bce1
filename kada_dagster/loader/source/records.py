"""Records - names and values - as columns and as a stream of rows.

Records say nothing of the columns of those to come. Where columns must be known before the rows,
all records are read once, into a temporary file without a name, and the rows come from there: types
and names are those of all of them, what is read is read once, and memory does not grow. Where the
task names its columns and the table is there, nothing is kept: records become rows at once.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, Any, cast

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Column, TargetColumn
from kada_dagster.loader.source.copy_text import Place, numbered
from kada_dagster.loader.source.record_types import SeenValues
from kada_dagster.loader.source.row_stream import RowStream, nothing
from kada_dagster.loader.source.spelling import json_text
from kada_dagster.loader.source.target_types import JSON, base_of

Record = Mapping[str, Any]
"""Values by the names of columns; what is missing is NULL."""

Row = tuple[Any, ...]

BATCH = 500
"""Records that are held at the same time."""

_MOST_COLUMNS = 1_600  # a table of PostgreSQL has no more
_IN_MEMORY = 1 << 20  # bytes that need no file


def _never(_name: str) -> bool:
    """What no record has is an error."""
    return False


class Records:
    """Records of documents, pages or sheets. A context manager that drops what was kept.

    Args:
        what: is read, for messages.
        read: gives all records from the beginning; raises LoaderError. It is called once if the
            columns are asked for first, else once for each stream.
        place: says where a record is from, by its number from 1.
        has_texts: whether a text is a text also where the target wants JSON; else it is JSON
            that was written down.
        stop: breaks off what `read` waits for, from another thread.
        may_lack: says of a name that no record has whether it may be asked for, and is NULL then.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[], Iterator[object]],
        *,
        place: Place | None = None,
        has_texts: bool = True,
        stop: Callable[[], None] = nothing,
        may_lack: Callable[[str], bool] = _never,
    ) -> None:
        self._what, self._read, self._has_texts = what, read, has_texts
        self._place, self._stop, self._may_lack = place, stop, may_lack
        self._kept: _Kept | None = None

    def columns(self) -> tuple[Column, ...]:
        """The columns in the order they come up in; none where there are no records.

        Raises:
            SourceReadError: something is no record, or there are too many names.
            LoaderError: the records cannot be read.
        """
        return self._keep().columns()

    def count(self) -> int:
        """How many records there are; see `columns`."""
        return self._keep().rows

    def stream(self, names: Sequence[str], into: Sequence[TargetColumn]) -> RowStream:
        """One pass over the rows.

        Args:
            names: of values, in the order of `into`.
            into: columns that take them.
        """

        def batches() -> Iterator[list[Row]]:
            kept = self._kept
            if kept is None:
                return self._spelled(self._now(names), into)
            if kept.rows:
                self._require_seen(set(names) - kept.seen.keys(), kept.seen)
            return self._spelled(kept.read(names), into)

        return RowStream(names, into, self._what, batches, stop=self._stop, place=self._place)

    def close(self) -> None:
        """Drop what was kept."""
        if self._kept is not None:
            self._kept.file.close()

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _keep(self) -> _Kept:
        if self._kept is None:
            kept = _Kept()
            for batch in self._batches():
                try:
                    kept.add(batch)
                except OSError as error:
                    raise SourceReadError(
                        f"{self._what}: its rows cannot be kept in {gettempdir()} "
                        f"({error.strerror}); set TMPDIR to a folder with room for them"
                    ) from None
                if len(kept.seen) > _MOST_COLUMNS:
                    raise self._too_wide()
            self._kept = kept
        return self._kept

    def _now(self, names: Sequence[str]) -> Iterator[list[Row]]:
        """Rows of records as they are read; names that none of them has are none."""
        unseen, first = set(names), None
        for batch in self._batches():
            first = first or batch[0]
            for record in batch if unseen else ():
                unseen.difference_update(record)
            yield [tuple(map(record.get, names)) for record in batch]
        if first is not None:
            self._require_seen(unseen, first)

    def _batches(self) -> Iterator[list[Record]]:
        records, before = self._read(), 0
        while batch := list(islice(records, BATCH)):
            for at, record in enumerate(batch, before + 1):
                if not isinstance(record, Mapping):
                    raise self._no_record(at, record)
            yield cast("list[Record]", batch)
            before += len(batch)

    def _spelled(self, rows: Iterator[list[Row]], into: Sequence[TargetColumn]) -> Iterator[Any]:
        """Rows in which what goes into JSON is JSON."""
        at = [number for number, column in enumerate(into) if base_of(column) in JSON]
        for batch in rows:
            yield [_with_json(row, at) for row in batch] if at and self._has_texts else batch

    def _no_record(self, number: int, value: object) -> SourceReadError:
        where = (self._place or numbered)(number)
        return SourceReadError(
            f"{self._what}: {where} is of type {type(value).__name__}, no object with names; let "
            "`rows` make objects, as with [].{id: [0], name: [1]}"
        )

    def _require_seen(self, unseen: set[str], known: Iterable[str]) -> None:
        missing = sorted(name for name in unseen if not self._may_lack(name))
        if not missing:
            return
        raise SourceReadError(
            f"{self._what}: no record has {', '.join(missing)}; they have "
            f"{', '.join(islice(known, 50))}. Correct `columns`; where a name is there at times "
            "only, let `rows` make objects that always have it, as with [].{id: id, name: name}"
        )

    def _too_wide(self) -> SourceReadError:
        return SourceReadError(
            f"{self._what}: the records have more than {_MOST_COLUMNS} different names. If they "
            "are objects by their ids, let `rows` make a list of them, as with values(@)"
        )


class _Kept:
    """Rows in a file, and what is known of their columns.

    Attributes:
        file: batches of rows, one after the other; earlier rows may be shorter.
        seen: what each column holds, by its name.
        rows: how many.
    """

    def __init__(self) -> None:
        self.file = cast("IO[bytes]", SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        self.seen: dict[str, SeenValues] = {}
        self.rows = 0

    def add(self, batch: Sequence[Record]) -> None:
        """Keep records."""
        for record in batch:
            if record.keys() - self.seen.keys():
                self.seen |= {name: SeenValues() for name in record if name not in self.seen}
        names = tuple(self.seen)
        rows = [tuple(map(record.get, names)) for record in batch]
        for seen, values in zip(self.seen.values(), zip(*rows)):
            seen.add(values)
        pickle.dump(rows, self.file, pickle.HIGHEST_PROTOCOL)
        self.rows += len(rows)

    def columns(self) -> tuple[Column, ...]:
        """See `Records.columns`."""
        return tuple(
            Column(name, seen.source_type, seen.target_type) for name, seen in self.seen.items()
        )

    def read(self, names: Sequence[str]) -> Iterator[list[Row]]:
        """The rows again, with the values of these names."""
        places = {name: at for at, name in enumerate(self.seen)}
        nowhere = len(places)
        wanted, done, position = [places.get(name, nowhere) for name in names], 0, 0
        while done < self.rows:
            self.file.seek(position)
            batch = cast("list[Row]", pickle.load(self.file))  # noqa: S301 - written above
            position, done = self.file.tell(), done + len(batch)
            width = len(batch[0])
            yield [tuple(row[at] if at < width else None for at in wanted) for row in batch]


def _with_json(row: Row, at: Sequence[int]) -> Row:
    values = list(row)
    for number in at:
        if values[number] is not None:
            values[number] = json_text(values[number])
    return tuple(values)
