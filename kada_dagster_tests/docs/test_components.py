"""The page on attributes is what the schemas say now."""

from __future__ import annotations

from kada_dagster import components
from kada_dagster.components.reference import page
from kada_dagster_tests.docs.pages import ROOT, Page

FILE = ROOT / "docs" / "components.md"


def test_the_page_is_what_the_schemas_say() -> None:
    """Made anew by: python -m kada_dagster.components.reference > docs/components.md"""
    assert FILE.read_text(encoding="utf-8") == page()


def test_every_attribute_of_every_component_has_a_row() -> None:
    text = FILE.read_text(encoding="utf-8")
    for name in components.__all__:
        section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        model = getattr(components, name)
        rows = {cells[1].strip(" `"): cells for cells in map(_cells, section.splitlines()) if cells}
        assert rows.keys() - {"attribute", "---"} == model.model_fields.keys()


def test_no_cell_of_a_table_is_empty() -> None:
    rows = [_cells(line)[1:-1] for line in page().splitlines() if line.startswith("|")]
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []
    assert len(rows) > 150


def test_parts_are_linked_to_their_headings() -> None:
    page = Page(FILE)
    assert {link.target.removeprefix("#") for link in page.links} <= page.anchors
    assert len([*page.links]) > 20


def _cells(line: str) -> list[str]:
    return line.split("|") if line.startswith("|") else []
