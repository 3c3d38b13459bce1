"""Which world a page is run in: that of the demo, where it needs no other."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.demo_world import DemoRun
from kada_dagster_tests.docs.fivetran_world import fivetran_account, fivetran_world
from kada_dagster_tests.docs.loader_command_world import loader_command_world
from kada_dagster_tests.docs.loader_face_world import loader_face_world
from kada_dagster_tests.docs.loader_source_worlds import (
    dapu_world,
    databases_world,
    files_world,
    http_world,
)
from kada_dagster_tests.docs.pages import Page
from kada_dagster_tests.docs.trouble_world import add_troubles
from kada_dagster_tests.docs.world import World

OTHERS: dict[str, Callable[[PostgresServer, Path], AbstractContextManager[World]]] = {
    "docs/fivetran.md": fivetran_world,
    "docs/fivetran-pipelines.md": fivetran_world,
    "docs/fivetran-sensor.md": fivetran_world,
    "docs/loader-command.md": loader_command_world,
    "docs/loader-dapu.md": dapu_world,
    "docs/loader-databases.md": databases_world,
    "docs/loader-files.md": files_world,
    "docs/loader-http.md": http_world,
    "docs/loader.md": loader_face_world,
}
"""Worlds of pages that need another than the demo."""
_ROLES = {"docs/marks.md": "CREATE ROLE kada LOGIN"}


@contextmanager
def world_of(page: Page, demo: DemoRun, server: PostgresServer, folder: Path) -> Generator[World]:
    """The world of a page, while its blocks are done.

    Args:
        page: whose.
        demo: that has run.
        server: a PostgreSQL for databases of the page.
        folder: in which its folder is made.
    """
    own = folder / "kada"
    own.mkdir()
    if page.name in OTHERS:
        with OTHERS[page.name](server, own) as world:
            yield world
    else:
        with fivetran_account() as account:
            world = demo.copy(own)
            if page.name == "docs/troubleshooting.md":
                add_troubles(world, demo)
            if page.name == "docs/first-source.md":
                world = first_source(world, demo)
            roles = tuple(filter(None, [_ROLES.get(page.name)]))
            yield replace(world, variables={**world.variables, **account}, before_sql=roles)


def first_source(world: World, demo: DemoRun) -> World:
    """An empty folder: kada.yaml is the page's own, about a server that is the demo's."""
    folder = world.folder.with_name("first")
    folder.mkdir()
    places = {
        "10.1.2.3": "127.0.0.1",
        "port: 5432": f"port: {demo.ports['postgres']}",
        "username: kada_reader": "username: shop_reader",
        "[dwh]": "[shop]",
    }
    names = {".shop": ".dwh", '"shop"': '"dwh"'}
    return World(folder, {"DWH_PASSWORD": "..."}, places, names)
