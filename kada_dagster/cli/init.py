"""`kada init`: a code location of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

import click

from kada_dagster.scaffold.naming import checked_package, checked_source, package_of
from kada_dagster.scaffold.project import NewProject, SourceKind
from kada_dagster.scaffold.writing import check_empty, write_files


@click.command
@click.argument("folder", metavar="DIR")
@click.option(
    "--type",
    "kind",
    type=click.Choice(get_args(SourceKind)),
    default="postgres",
    show_default=True,
    help="Type of its first source.",
)
@click.option("--name", metavar="SOURCE", help="Name of that source. Default: its type.")
@click.option("--package", metavar="NAME", help="Name of the package. Default: that of DIR.")
@click.option(
    "--components",
    is_flag=True,
    help="Describe the source by a component in defs/, not in kada.yaml.",
)
def init(
    folder: str, *, kind: str, name: str | None, package: str | None, components: bool
) -> None:
    """Make a Dagster project in DIR that depends on this package and passes `dg check`.

    DIR must be empty, or is made. With kada.yaml, the commands of kada and Dagster read the same
    file; defs/ takes assets and components beside it.
    """
    place = Path(folder)
    project = place.resolve().name
    module = package_of(project) if package is None else checked_package(package)
    source = checked_source(name or kind)
    check_empty(place)
    new = NewProject(project, module, cast("SourceKind", kind), source, components)
    files = new.files()
    write_files(place, files)
    click.echo("\n".join([f"{place}:", *(f"  {file}" for file in files)]))
    click.echo(
        f"\nNext: cd {place}, make install, fill in {new.config}, copy .env.example to .env and "
        f"set {', '.join(new.variables)} there, make doctor, make dev. README.md says it again."
    )
