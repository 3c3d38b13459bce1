"""Which files a load reads, what is kept of them with its state, and what becomes of them.

`once`: a file that was loaded is loaded again only when it changed. What is kept is written in the
transaction of the rows, so a file that is there after a crash was either loaded, or was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.errors import FilesLeftError, LoaderError
from kada_dagster.loader.source.files.pattern import Pattern
from kada_dagster.loader.source.files.store import FileFacts, FileStore, free_names

_REMEMBERED = timedelta(days=90)
"""How long a file that is gone is remembered: a folder that is away for a while loses nothing."""


@dataclass(frozen=True)
class Choice:
    """The files of one load.

    Attributes:
        read: those whose rows are loaded.
        done: those an earlier load has loaded, and could not clear away.
        facts: to keep with the state of the task.
        is_new: whether there is anything that the last load did not know.
    """

    read: Sequence[FileFacts]
    done: Sequence[FileFacts] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    is_new: bool = True


def choose(
    found: Sequence[FileFacts],
    settings: FilesSource,
    known: Mapping[str, Any],
    *,
    replaces: bool,
    today: date,
) -> Choice:
    """Which of the files that are there are read.

    Where rows of the files replace all others, a change of any file has all of them read again,
    unless files go when they were loaded.

    Args:
        found: the files that are there.
        settings: of the task.
        known: the facts of the last load.
        replaces: whether the rows replace all those that are there.
        today: the day of the load.
    """
    if not settings.once:
        return Choice(found)
    before: dict[str, list[str]] = dict(known.get("files") or {})
    fresh = [file for file in found if before.get(file.name, [""])[0] != file.mark]
    now = {file.name: [file.mark, today.isoformat()] for file in found}
    stays = settings.after == "keep"
    if replaces and stays:
        is_new = bool(fresh) or before.keys() > now.keys()
        return Choice(found if is_new else (), (), {"files": now}, is_new)
    oldest = (today - _REMEMBERED).isoformat()
    kept = {name: entry for name, entry in before.items() if entry[1] >= oldest}
    done = () if stays else [file for file in found if file not in fresh]
    return Choice(fresh, done, {"files": {**kept, **now}}, bool(fresh))


def unmarked(found: Sequence[FileFacts], settings: FilesSource) -> dict[str, str]:
    """A note on files of which the store tells the size only, where it matters that they change."""
    files = [file for file in found if not file.version]
    if not files or not (settings.once or settings.after != "keep"):
        return {}
    return {
        "unmarked": f"{len(files)} files: the store tells neither their time nor an ETag; a change "
        "that leaves their size is not seen"
    }


def clear_away(store: FileStore, files: Sequence[FileFacts], settings: FilesSource) -> None:
    """Delete or move files whose rows are committed; one that changed since stays.

    Args:
        store: where they are.
        files: as they were when they were read.
        settings: of the task.

    Raises:
        FilesLeftError: some cannot be; names the first.
    """
    for at, file in enumerate(files):
        try:
            _clear(store, file, settings)
        except LoaderError as error:
            again = "" if settings.once else "; the next load would load them again"
            raise FilesLeftError(
                f"{len(files) - at} files stay although their rows are committed{again}: {error}"
            ) from None


def _clear(store: FileStore, file: FileFacts, settings: FilesSource) -> None:
    now = store.facts(file.name)
    if now is None or now.mark != file.mark:
        return
    if settings.after == "delete":
        store.remove(file.name)
    elif settings.after == "move":
        names = free_names(_moved(file.name, settings))
        store.move(file.name, next(name for name in names if store.facts(name) is None))


def require_way_out(files: Sequence[FileFacts], settings: FilesSource) -> None:
    """Refuse to move files to where they would be read again.

    Raises:
        ConfigError: the pattern has them there, too.
    """
    pattern = Pattern(settings.pattern)
    for file in files if settings.after == "move" else ():
        if pattern.has(target := _moved(file.name, settings)):
            raise ConfigError(
                f"move_to: {settings.move_to}: `pattern` has {target}, too, so that it would be "
                "loaded again; name a folder that it does not lead to"
            )


def _moved(name: str, settings: FilesSource) -> str:
    folder = Pattern((settings.move_to or "").strip("/")).text
    return f"{folder}/{name}"
