"""Rows of JSON and XML documents: found by a path, piece by piece, and nothing smuggled in."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source import json_documents
from kada_dagster.loader.source.json_documents import json_records
from kada_dagster.loader.source.xml_documents import xml_records

FILLER = b'{"id": 1, "text": "%s"},' % (b"x" * 1000)
GML = 'xmlns:gml="http://www.opengis.net/gml/3.2"'


def of_json(text: str | bytes, rows: str | None = None) -> list[Any]:
    data = text.encode() if isinstance(text, str) else text
    return list(json_records(io.BytesIO(data), rows, "a.json"))


def of_xml(text: str | bytes, rows: str | None = None) -> list[dict[str, Any]]:
    data = text.encode() if isinstance(text, str) else text
    return list(xml_records(io.BytesIO(data), rows, "a.xml"))


@pytest.mark.parametrize(
    ("text", "rows", "found"),
    [
        ('[{"a": 1}, {"a": 2}]', None, [{"a": 1}, {"a": 2}]),
        ('{"a": 1}', None, [{"a": 1}]),
        ('{"a": 1}\n\n{"a": 2}', None, [{"a": 1}, {"a": 2}]),
        ('{"d": {"a": 1}}\n{"d": {"a": 2}}\n', "d", [{"a": 1}, {"a": 2}]),
        ('{\n"a": 1}\n', None, [{"a": 1}]),
        ('{"x": {"items": [{"a": 1}]}}', "x.items", [{"a": 1}]),
        ('{"x": {"items": []}}', "x.items", []),
        ('{"i": [[1, 2], [3, 4]]}', "i[*].{a: [0], b: [1]}", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ('{"i": {"k1": {"a": 1}, "k2": {"a": 2}}}', "values(i)", [{"a": 1}, {"a": 2}]),
        ('{"other": 1}', "items || `[]`", []),
        ("[]", None, []),
    ],
)
def test_rows_are_where_the_expression_says(text: str, rows: str | None, found: list[Any]) -> None:
    assert of_json(text, rows) == found


EXPRESSIONS = [
    "items",
    "items[]",
    "items[*].{id: id, t: tags}",
    "items[?n > `1`].{id: id}",
    "items[].tags[]",
    "items[].tags[].{x: x}",
    "items[0:2]",
    "items[] | [0]",
    "length(items)",
]
ITEM = st.fixed_dictionaries(
    {"id": st.integers(-(2**70), 2**70), "n": st.none() | st.integers(0, 3)},
    optional={"tags": st.none() | st.lists(st.fixed_dictionaries({"x": st.text(max_size=3)}))},
)


@given(st.lists(ITEM, min_size=1, max_size=4), st.sampled_from(EXPRESSIONS))
@settings(max_examples=60, deadline=None)
def test_a_large_document_gives_the_rows_a_small_one_gives(
    items: list[dict[str, Any]], rows: str
) -> None:
    text = json.dumps({"before": {"items": [1]}, "items": items, "after": [2]}).encode()
    whole = of_json(text, rows)
    head = json_documents._Head(io.BytesIO(text))
    wanted = json_documents.JsonRows(rows)
    if wanted.path is None:
        return
    try:
        assert list(json_documents._one_by_one(head, wanted, "a.json")) == whole
    except SourceReadError:
        assert whole == []


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ("data.items[*]", ("data", "items")),
        ("a.b.c[?x].{x: x}", ("a", "b", "c")),
        ("items[].tags[]", ("items",)),
        ("[*]", ()),
        ('"a.b"[*]', None),
        ("data.item[*]", None),
        ("items | [0]", None),
    ],
)
def test_elements_of_one_list_are_read_one_by_one(rows: str, path: tuple[str, ...] | None) -> None:
    assert json_documents.JsonRows(rows).path == path


def test_numbers_keep_all_their_digits() -> None:
    text = '[{"a": 1.10, "b": 123456789012345678901234567890, "c": 1e3}]'
    assert str(of_json(text)) == str(
        [{"a": Decimal("1.10"), "b": 123456789012345678901234567890, "c": Decimal("1E+3")}]
    )


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("[?p == `1.10`]", [{"p": Decimal("1.10")}]),
        ("[?p > `1`].{q: p, k: keys(@)}", [{"q": Decimal("1.10"), "k": ["p"]}]),
        ("[?type(p) == 'number']", [{"p": Decimal("1.10")}, {"p": Decimal("0.5")}]),
        ("sort_by(@, &p)[0]", [{"p": Decimal("0.5")}]),
        ("[].{n: to_number(p)}", [{"n": Decimal("1.10")}, {"n": Decimal("0.5")}]),
        ("{s: sum([].p), m: max([].p)}", [{"s": 1.6, "m": Decimal("1.10")}]),
    ],
)
def test_expressions_compute_with_numbers_that_keep_their_digits(
    rows: str, found: list[Any]
) -> None:
    assert str(of_json('[{"p": 1.10}, {"p": 0.5}]', rows)) == str(found)


def test_what_is_computed_of_an_element_has_its_digits_too() -> None:
    text = b'{"items": [' + FILLER * 5_000 + b'{"p": 1.10}]}'
    assert of_json(text, "items[?p == `1.1`]") == [{"p": Decimal("1.10")}]


@pytest.mark.parametrize("rows", [None, "items"])
def test_memory_does_not_grow_with_a_document_of_json(rows: str | None) -> None:
    line = b'{"id": 1, "text": "%s"}' % (b"x" * 1000)
    begin, between, end = (b"[", b",", b"]") if rows is None else (b'{"items": [', b",", b"]}")
    text = begin + between.join([line] * 30_000) + end
    tracemalloc.start()
    try:
        found = sum(1 for _ in json_records(io.BytesIO(text), rows, "a.json"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == 30_000
    assert peak < 15_000_000


@pytest.mark.parametrize(
    ("text", "rows", "what"),
    [
        ('{"items": []}', "itemz", r"a\.json: rows: itemz finds nothing.*document has items"),
        ('{"a": 1}\n{"b": {"c": 2}}', "a", r"a\.json, line 2: rows: a finds nothing.* has b"),
        ('{"a": "secret"}', "keys(a)", r"rows: keys\(a\) cannot be computed \(JMESPathTypeError\)"),
        ('{"a": "secret', None, r"a\.json: this is no JSON, or not all of it: Untermin"),
        ('{"a": 1}\n{"a": "secret', None, r"a\.json, line 2: this is no JSON"),
        ('{"a": NaN}', None, "NaN is no number of JSON"),
        (b'{"a": "\xff secret"}', None, "not UTF-8; say its `encoding`"),
        ("[" * 100_000, None, "nested too deep"),
        ("", None, "this is no JSON"),
    ],
)
def test_what_is_wrong_with_json_is_told_without_its_values(
    text: str | bytes, rows: str | None, what: str
) -> None:
    with pytest.raises(SourceReadError, match=what) as caught:
        of_json(text, rows)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("damage", [b'{"id": "secret" x}', b'{"id": "\xff secret"}', b""])
def test_damage_far_inside_is_told_without_values(damage: bytes) -> None:
    text = b"[" + FILLER * 5_000 + damage
    with pytest.raises(SourceReadError, match=r"a\.json: .*: (lexical|parse) error") as caught:
        of_json(text)
    assert "secret" not in str(caught.value)


def test_a_path_that_finds_nothing_in_a_large_document_is_an_error() -> None:
    text = b'{"items": [' + FILLER * 5_000 + b'{"id": 2}]}'
    with pytest.raises(SourceReadError, match="rows: itemz finds nothing"):
        of_json(text, "itemz")
    assert len(of_json(text, "items[?id > `1`] || `[]`")) == 1


def test_what_is_no_expression_is_an_error_of_the_definition() -> None:
    with pytest.raises(ConfigError, match=r"rows: 'items\[' is no JMESPath"):
        of_json("[]", "items[")


def test_rows_of_xml_are_elements_with_attributes_children_and_lists() -> None:
    text = f"""<?xml version="1.0" encoding="iso-8859-1"?>
    <w:C xmlns:w="urn:w" xmlns:p="urn:p" {GML}
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <!-- none --><w:member><p:Parcel gml:id="p1" state="ok">
        <p:name>M\u00fcller &amp; Co <![CDATA[<b>]]></p:name>
        <p:none/><p:nil xsi:nil="true">x</p:nil>
        <p:price currency="EUR">5</p:price><p:tag>a</p:tag><p:tag>b</p:tag>
        <p:owner since="1"><p:name>x<!-- c -->y</p:name><p:part of="2">3</p:part>tail</p:owner>
        <p:geom><gml:Point srsName="EPSG:3301"><gml:pos>1 2</gml:pos></gml:Point></p:geom>
      </p:Parcel></w:member>
      <w:member><p:Parcel/></w:member>
    </w:C>"""
    first, second = of_xml(text.encode("iso-8859-1"), "member/Parcel")
    assert first == {
        "@id": "p1",
        "@state": "ok",
        "name": "M\u00fcller & Co <b>",
        "none": None,
        "nil": None,
        "price@currency": "EUR",
        "price": "5",
        "tag": ["a", "b"],
        "owner": {
            "@since": "1",
            "name": "xy",
            "part": {"@of": "2", "#text": "3"},
            "#text": "tail",
        },
        "geom": f'<gml:Point {GML} srsName="EPSG:3301"><gml:pos>1 2</gml:pos></gml:Point>',
    }
    assert second == {"#text": None}


def test_attributes_of_one_name_in_several_namespaces_are_a_list() -> None:
    text = '<r xmlns:g="urn:g"><row g:id="p1" id="7"><n g:id="a" id="b">1</n></row></r>'
    assert list(of_xml(text)) == [{"@id": ["p1", "7"], "n@id": ["a", "b"], "n": "1"}]


def test_texts_between_the_children_of_a_row_are_all_there() -> None:
    text = "<r><row>one<n>1</n> two<n>2</n>three </row></r>"
    assert list(of_xml(text)) == [{"n": ["1", "2"], "#text": "one twothree"}]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (None, ["1", "2"]),
        ("*", ["1", "2"]),
        ("a/b", ["1"]),
        ("{http://x/y}a/{http://x/y}b", ["1"]),
        ("{urn:y}a/b", []),
        ("//b", ["1", "2"]),
        ("c/*", ["2"]),
        ("b", []),
    ],
)
def test_a_path_of_elements_leads_to_rows(rows: str | None, found: list[str]) -> None:
    text = '<r xmlns="http://x/y"><a><b><v>1</v></b></a><c><b><v>2</v></b></c></r>'
    records = of_xml(text, rows)
    values = [record.get("v") or record["b"]["v"] for record in records]
    assert values == found


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><a>&e;</a></r>',
        '<!DOCTYPE r [<!ENTITY e "secret">]><r><a>&e;</a></r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r><a>1</a></r>',
        '<!DOCTYPE r [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><r x="&c;"><a>&c;</a></r>',
    ],
)
def test_document_types_and_their_entities_are_refused(text: str) -> None:
    with pytest.raises(SourceReadError, match=r"a\.xml: .*(document type|no XML)"):
        of_xml(text)


@pytest.mark.parametrize("text", ["<r><a>1</a>", "<r><a></r>", "", "{}", "<r>&x;</r>"])
def test_what_is_no_xml_or_not_all_of_it_is_an_error(text: str) -> None:
    with pytest.raises(SourceReadError, match=r"a\.xml: this is no XML"):
        of_xml(text)


@pytest.mark.parametrize("rows", ["a//b", "/a", "a/", "wfs:member/Parcel", "{urn:x}", "a*"])
def test_what_is_no_path_of_elements_is_an_error_of_the_definition(rows: str) -> None:
    with pytest.raises(ConfigError, match=f"rows: '{re.escape(rows)}' must be names"):
        of_xml("<r/>", rows)


def test_bytes_that_are_no_text_are_not_shown() -> None:
    with pytest.raises(SourceReadError, match=r"a\.xml: this is no XML") as caught:
        of_xml(b"<r><a>\xfcsecret</a></r>")
    assert "0xFC" not in str(caught.value)


def test_memory_does_not_grow_with_a_document_of_xml() -> None:
    row = b"<m><other>%s</other><a><v>%s</v></a></m>" % (b"y" * 500, b"x" * 500)
    text = io.BytesIO(b"<r>" + row * 30_000 + b"</r>")
    psutil = pytest.importorskip("psutil")
    records = xml_records(text, "m/a", "a.xml")
    assert len(list(islice(records, 1_000))) == 1_000
    before = psutil.Process().memory_info().rss
    assert sum(1 for _ in records) == 29_000
    assert psutil.Process().memory_info().rss - before < 15_000_000
