"""`kada load translate`: a project of dapu as a project of this loader."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.load.printing import counted, json_line, print_table
from kada_dagster.loader.dapu.adoption import FILE_NAME as ADOPTION
from kada_dagster.loader.dapu.notes import Note
from kada_dagster.loader.dapu.translate import Translation
from kada_dagster.loader.dapu.translate import translate as translated

_ORDER = ("set", "draft", "lost", "changed", "mapped")


@click.command
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also show keys that mean the same here.")
@click.option("--json", "as_json", is_flag=True, help="Print each key as a line of JSON.")
def translate(old: Path, new: Path, *, everything: bool, as_json: bool) -> None:
    """Make a project in the folder NEW of the dapu project OLD, of version 0.0.2 or 0.8.

    Says of every file and key what became of it. A task that lost something it needs is a draft.
    No secret is copied: what stood in clear becomes ${NAME}.
    """
    with terminable():
        found = translated(old, new)
    if as_json:
        for note in found.notes:
            click.echo(json_line(asdict(note)))
        return
    _print(found, old, new, everything)


def _print(found: Translation, old: Path, new: Path, everything: bool) -> None:
    kinds = _ORDER if everything else _ORDER[:-1]
    notes = sorted(
        (note for note in found.notes if note.kind in kinds), key=lambda n: _ORDER.index(n.kind)
    )
    if notes:
        print_table(("", "where", "key", "what"), [_row(note, old) for note in notes])
    same = sum(note.kind == "mapped" for note in found.notes)
    made = counted(len(found.active), "task"), counted(len(found.drafts), "draft")
    click.echo(f"{', '.join(made)}, {counted(same, 'key')} with the same meaning")
    if found.drafts:
        click.echo(f"drafts: {', '.join(found.drafts)}")
    if (new / ADOPTION).exists():
        click.echo(f"{ADOPTION}: run it in the target, so that nothing dapu did is done again")


def _row(note: Note, old: Path) -> tuple[str, str, str, str]:
    return note.kind, note.where.removeprefix(f"{old.absolute()}/"), note.key, note.what
