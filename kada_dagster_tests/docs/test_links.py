"""Links lead somewhere: pages, headings, images; and every page can be reached."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from kada_dagster_tests.docs.pages import INDEX, README, ROOT, Link, Page, pages

HOSTS = frozenset({
    "127.0.0.1", "dagster.io", "docs.dagster.io", "filesystem-spec.readthedocs.io", "github.com",
    "jmespath.org",
})  # fmt: skip
"""Where links may lead that nobody follows here: there may be no Internet."""
LARGEST_IMAGE = 200_000

PAGES = pages()


def fault_of(page: Page, link: Link) -> str | None:
    """What is wrong with a link; None for one that leads somewhere."""
    parts = urlsplit(link.target)
    if parts.scheme or parts.netloc:
        known = parts.scheme in ("http", "https") and parts.hostname in HOSTS
        return None if known else "a host that is not among HOSTS"
    file = (page.file.parent / parts.path).resolve() if parts.path else page.file
    if not file.is_relative_to(ROOT) or not file.exists():
        return "there is no such file"
    if parts.fragment and parts.fragment not in Page(file).anchors:
        return "there is no such heading"
    return None


def led_to(page: Page) -> set[Page]:
    """The pages a page has links to."""
    found = {(page.file.parent / urlsplit(link.target).path).resolve() for link in page.links}
    return {other for other in PAGES if other.file in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Page) -> None:
    faults = {
        f"{page.name}:{link.line} {link.target}": fault
        for link in page.links
        if (fault := fault_of(page, link))
    }
    assert faults == {}


def test_every_page_is_reached_from_the_readme_or_the_index() -> None:
    reached: set[Page] = set()
    waiting = {page for page in PAGES if page.file in (README, INDEX)}
    while waiting:
        reached |= waiting
        waiting = {other for page in waiting for other in led_to(page)} - reached
    assert sorted(page.name for page in set(PAGES) - reached) == []


def test_every_image_is_shown_and_small() -> None:
    images = sorted((ROOT / "docs" / "images").iterdir())
    shown = {(page.file.parent / link.target).resolve() for page in PAGES for link in page.links}
    assert [image.name for image in images if image not in shown] == []
    assert [image.name for image in images if image.stat().st_size >= LARGEST_IMAGE] == []


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("gone.md", "there is no such file"),
        ("../../outside.md", "there is no such file"),
        ("marks.md#no-such-heading", "there is no such heading"),
        ("#no-such-heading", "there is no such heading"),
        ("https://example.invalid/x", "a host that is not among HOSTS"),
        ("mailto:somebody@example.org", "a host that is not among HOSTS"),
        ("marks.md#where-marks-are-kept", None),
        ("marks.md", None),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target: str, fault: str | None) -> None:
    assert fault_of(Page(ROOT / "docs" / "hevo.md"), Link(target, 1)) == fault
