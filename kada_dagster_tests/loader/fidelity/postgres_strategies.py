"""Any values of the types of PostgreSQL, as texts their input functions read."""

from __future__ import annotations

import json
from datetime import datetime

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]

TEXT: Texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
_FLOATS = st.floats().map(lambda value: repr(value).replace("inf", "Infinity"))
_SMALL_FLOATS = st.floats(width=32).map(lambda value: repr(value).replace("inf", "Infinity"))
_NUMBERS = st.one_of(
    st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: abs(d.adjusted()) < 900),
).map(str)
_DAYS = st.integers(-2_400_000, 2_147_483_493 // 1_000).map(lambda day: f"J{day + 2_451_545}")
_MOMENTS = st.datetimes().map(str)
_BEFORE_CHRIST = st.datetimes(max_value=datetime.fromisoformat("4700-01-01")).map("{} BC".format)
_SPANS = st.builds(
    lambda months, days, rest: f"{months} months {days} days {rest} microseconds",
    st.integers(-(10**6), 10**6),
    st.integers(-(10**6), 10**6),
    st.integers(-(10**15), 10**15),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
).map(lambda value: json.dumps(value, ensure_ascii=False))  # fmt: skip


def _array(elements: Texts) -> Texts:
    def literal(values: list[str | None]) -> str:
        quoted = [
            "NULL" if one is None else '"' + one.replace("\\", r"\\").replace('"', r"\"") + '"'
            for one in values
        ]
        return "{" + ",".join(quoted) + "}"

    return st.lists(st.none() | elements, max_size=4).map(literal)


def _range(values: st.SearchStrategy[int]) -> Texts:
    def literal(ends: tuple[int, int], shape: str) -> str:
        lower, upper = sorted(ends)
        return f"{shape[0]}{lower},{upper}{shape[1]}"

    return st.builds(literal, st.tuples(values, values), st.sampled_from(["[)", "(]", "[]", "()"]))


ANY: dict[str, Texts] = {
    "boolean": st.booleans().map(str),
    "smallint": st.integers(-(2**15), 2**15 - 1).map(str),
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric": _NUMBERS,
    "real": _SMALL_FLOATS,
    "double precision": _FLOATS,
    "text": TEXT,
    "bytea": st.binary(max_size=20).map(lambda value: "\\x" + value.hex()),
    "date": st.just("infinity") | _DAYS,
    "time": st.times().map(str),
    "timetz": st.builds(lambda t, h: f"{t}{h:+03d}:30", st.times(), st.integers(-14, 14)),
    "timestamp": st.just("-infinity") | _MOMENTS | _BEFORE_CHRIST,
    "timestamptz": st.builds(lambda m, h: f"{m}{h:+03d}", _MOMENTS, st.integers(-14, 14)),
    "interval": _SPANS,
    "json": _JSON,
    "jsonb": _JSON.filter(lambda text: "\\u0000" not in text),
    "uuid": st.uuids().map(str),
    "inet": (st.ip_addresses()).map(str),
    "cidr": (st.ip_addresses()).map(str),
    "macaddr8": st.binary(min_size=8, max_size=8).map(bytes.hex),
    "varbit": st.text("01", max_size=20),
    "int8range": _range(st.integers(-(10**12), 10**12)),
    "point": st.builds(lambda x, y: f"({x},{y})", _FLOATS, _FLOATS),
    "text[]": _array(TEXT),
    "numeric[]": _array(_NUMBERS),
    "interval[]": _array(_SPANS),
    "jsonb[]": _array(_JSON.filter(lambda text: "\\u0000" not in text)),
    "pg_lsn": st.integers(0, 2**64 - 1).map(lambda n: f"{n >> 32:X}/{n & 0xFFFFFFFF:X}"),
}
"""By type."""
