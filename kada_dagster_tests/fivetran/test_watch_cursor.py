"""The cursor comes back as it was, is short, and is refused with a cure where it is not one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.watch.cursor import PLAIN_LENGTH, Cursor, Seen, decode, encode
from kada_dagster_tests.figures import FIGURE

moments = st.integers(0, 2_000_000_000_000_000)
seconds = st.none() | st.integers(0, 2**32)
seen = st.builds(Seen, st.none() | moments, st.none() | moments, seconds, seconds)
cursors = st.builds(
    Cursor,
    moments,
    st.dictionaries(st.text(max_size=30), seen, max_size=200),
    st.integers(0, 2**32),
    st.dictionaries(st.text(max_size=9), moments, max_size=3),
    st.integers(0, 2**32),
    st.frozensets(st.text(max_size=30), max_size=9),
)


@given(cursors)
def test_a_cursor_comes_back_as_it_was(cursor: Cursor) -> None:
    assert decode(encode(cursor)) == cursor


def test_no_text_is_no_cursor() -> None:
    assert decode(None) is None
    assert decode("") is None


def test_a_cursor_of_an_earlier_release_is_read() -> None:
    text = '{"v":1,"since":7,"t":8,"c":{"a":[1],"b":[1,null,3],"c":[]},"h":9,"w":{"x":4}}'
    seen = {"a": Seen(1), "b": Seen(1, None, 3), "c": Seen()}
    assert decode(text) == Cursor(7, seen, 9, {"x": 4}, 8)


def crowd(count: int) -> Cursor:
    """A cursor as large accounts have it: two words a name, nothing at the same moment."""
    random = Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def word() -> str:
        return "".join(random.choices(letters, k=random.randint(5, 12)))

    def at() -> int:
        return 1_790_000_000_000_000 + random.randrange(86_400_000) * 1000

    known = {
        f"{word()}_{word()}": Seen(at(), at() if random.random() < 0.3 else None)
        for _ in range(count)
    }
    return Cursor(1_790_000_000_000_000, known)


def test_a_small_cursor_can_be_read_by_people() -> None:
    text = encode(crowd(50))
    assert text.startswith('{"v":1,')
    assert len(text) <= PLAIN_LENGTH


def test_a_cursor_of_1500_connections_is_short(
    record_property: Callable[[str, object], None],
) -> None:
    text = encode(crowd(1500))
    record_property(FIGURE, f"fivetran_sensor_cursor connections=1500 bytes={len(text)}")
    assert len(text) < 45_000
    assert decode(text) == crowd(1500)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "{}",
        "[]",
        '{"v":2,"since":0,"t":0,"c":{}}',
        '{"v":1,"since":0,"t":0,"c":{"a":[1,2,3,4,5]}}',
        '{"v":1,"since":0,"t":0,"c":[1]}',
        "z:",
        "z:not packed at all",
    ],
)
def test_what_is_no_cursor_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ConfigError, match="clear it on the sensor's page"):
        decode(text)
