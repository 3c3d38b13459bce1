"""Every block of every page is done: commands run, files read, and what is shown is what comes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.demo_world import DemoRun
from kada_dagster_tests.docs.pages import README, Page, pages
from kada_dagster_tests.docs.running import Runner, write_shown
from kada_dagster_tests.docs.shown import difference
from kada_dagster_tests.docs.worlds import world_of
from kada_dagster_tests.docs.yaml_blocks import YamlReader
from kada_dagster_tests.figures import FIGURE

PAGES = pages()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_comes(
    page: Page,
    demo: DemoRun,
    statements: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With KADA_DOCS=write, what has changed is written into the page."""
    with world_of(page, demo, statements, tmp_path) as world:
        runner = Runner(world, YamlReader(tmp_path / "read"), statements, monkeypatch)
        execution = runner.run(page)
    if os.environ.get("KADA_DOCS") == "write" and page.file != README:
        write_shown(page, execution)
    if execution.faults:
        pytest.fail("\n".join(execution.faults), pytrace=False)


def test_the_readme_shows_what_make_demo_prints(demo: DemoRun) -> None:
    (shown,) = (b.text for b in Page(README).blocks if b.text.startswith("Embedded PostgreSQL"))
    assert difference(shown, demo.printed) is None


def test_dagster_dev_is_told_what_to_load() -> None:
    """In a folder with a kada.yaml and no project, Dagster finds nothing by itself."""
    lines = [line for page in PAGES for block in page.blocks for line in block.text.splitlines()]
    shown = [line for line in lines if line.startswith("$ dagster dev")]
    assert set(shown) == {"$ dagster dev -m kada_dagster.definitions"}


def test_few_blocks_are_not_run_and_each_says_why(
    record_property: Callable[[str, object], None],
) -> None:
    blocks = [block for page in PAGES for block in page.blocks]
    left_out = [f"{block}: {why}" for block in blocks if (why := block.left_out)]
    commands = sum(len(block.commands) for block in blocks if not block.left_out)
    kinds = Counter(block.language or "console" for block in blocks)
    links = sum(1 for page in PAGES for _ in page.links)
    record_property(
        FIGURE,
        f"docs pages={len(PAGES)} commands={commands} blocks={len(blocks)} "
        f"not_run={len(left_out)} links={links}",
    )
    print(*left_out, dict(kinds), sep="\n")
    of_ours = [line for line in left_out if not line.startswith("README.md")]
    assert len(of_ours) < len(blocks) / 4


def test_every_message_of_troubleshooting_is_made_by_what_causes_it() -> None:
    page = next(page for page in PAGES if page.name == "docs/troubleshooting.md")
    messages = [*page.blocks]
    assert len(messages) >= 25
    assert [str(block) for block in messages if not block.steps or block.left_out] == []
