"""Ids: two objects never share one, and an id gives its components back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.extracts.identity import (
    component,
    kind_id,
    object_id,
    object_path,
    procedure_component,
    split_id,
)

names = st.one_of(
    st.text(st.sampled_from('ab."()\n ,|é'), max_size=6),
    st.sampled_from(["", "f(x)", "(constraint)", "(a).b", 'x"', '"', ".", "f(a.b)", "a)", "(a"]),
    st.text(max_size=8),
)
"""Any names, most of them made of what an id could trip over."""
paths = st.lists(names, min_size=1, max_size=5)
kinds = st.sampled_from(["constraint", "trigger", "role", "type"])
types = st.lists(
    st.sampled_from(
        ["integer", "text[]", "numeric", "s.mood", '"a("', '"S"."x.y"', "timestamp with time zone"]
    ),
    max_size=3,
).map(", ".join)
"""Argument types as `oidvectortypes` prints them: names with their quotes."""


@given(paths)
def test_an_id_gives_its_components_back(path: list[str]) -> None:
    assert split_id(object_id(*path)) == path


@given(paths, paths)
def test_two_different_objects_have_different_ids(one: list[str], other: list[str]) -> None:
    assert (object_id(*one) == object_id(*other)) == (one == other)


@given(paths, kinds, names, paths, kinds, names)
def test_objects_of_other_kinds_have_ids_of_their_own(
    path: list[str], kind: str, name: str, other: list[str], other_kind: str, other_name: str
) -> None:
    id_ = kind_id(object_id(*path), kind, name)
    assert split_id(id_) == [*path, f"({kind})", name]
    assert id_ != object_id(*other)
    same = (path, kind, name) == (other, other_kind, other_name)
    assert (id_ == kind_id(object_id(*other), other_kind, other_name)) == same


@given(paths, names, kinds, names)
def test_no_relation_is_taken_for_an_object_of_another_kind(
    path: list[str], name: str, kind: str, last: str
) -> None:
    assert kind_id(object_id(*path), kind, last) != object_id(*path, f"({kind})", last)


@given(paths, names.filter(bool), types)
def test_a_procedures_id_ends_with_its_argument_types_and_splits(
    path: list[str], name: str, arguments: str
) -> None:
    id_ = f"{object_id(*path)}.{procedure_component(name, arguments)}"
    assert split_id(id_) == [*path, f"{name}({arguments})"]


procedures = st.one_of(
    names.filter(bool),
    st.sampled_from(["f", 'f("a', "f(integer", "f(integer)", "f(text[], f", "f("]),
)


@given(procedures, types, procedures, types)
def test_overloads_and_namesakes_are_told_apart(
    name: str, arguments: str, other: str, other_arguments: str
) -> None:
    same = (name, arguments) == (other, other_arguments)
    ids = procedure_component(name, arguments), procedure_component(other, other_arguments)
    assert (ids[0] == ids[1]) == same


@given(names, names.filter(bool), types, kinds)
def test_a_procedure_is_no_relation_and_no_kind(
    relation: str, name: str, arguments: str, kind: str
) -> None:
    procedure = procedure_component(name, arguments)
    assert procedure != f"({kind})"
    if procedure.startswith('"') and relation == f"{name}({arguments})":
        return  # the one case `procedure_component` documents; the unique ids check reports it
    assert procedure != component(relation)


def test_a_table_named_like_a_signature_is_not_that_procedure() -> None:
    assert component("f(integer)") == '"f(integer)"'
    assert procedure_component("f", "integer") == "f(integer)"


def test_ids_look_as_the_contract_says() -> None:
    assert object_id("pg", "shop", "public", "orders", "id") == "pg.shop.public.orders.id"
    assert object_id("pg.example.org", "shop", 'a"b') == '"pg.example.org".shop."a""b"'
    assert procedure_component("f", "integer, text") == "f(integer, text)"
    assert kind_id("pg.shop.s.t", "constraint", "pk") == "pg.shop.s.t.(constraint).pk"
    assert object_path("pg.example.org", "shop", "a.b") == "pg_example_org.shop.a_b"


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", '"', '"a', '"a"b', 'a"b', 'a."b"c.d']
)
def test_what_is_no_id_is_an_error_that_shows_where(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an object id at character \d"):
        split_id(text)


@given(st.text(st.sampled_from('ab."()'), max_size=10))
def test_any_text_is_split_or_refused_and_what_is_split_is_an_id(text: str) -> None:
    try:
        parts = split_id(text)
    except ValueError:
        return
    assert split_id(object_id(*parts)) == parts
