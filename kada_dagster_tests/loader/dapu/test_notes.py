"""What is said of a file: every key once, with its line and its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config.yaml_text import read_yaml
from kada_dagster.loader.dapu.notes import Fields, Notes, names, texts
from kada_dagster.loader.dapu.task_draft import filled
from kada_dagster.loader.dapu.variables import (
    is_secret,
    plain,
    referring,
    secret,
    timeout_of,
    variable_name,
)

TEXT = """\
one: 1
many:
  - {a: x, b: y}
  - {a: z}
below:
  c: 3
"""


def fields(folder: Path, text: str = TEXT) -> tuple[Fields, Notes]:
    file = folder / "f.yaml"
    file.write_text(text)
    notes = Notes()
    return Fields.of(read_yaml(file), notes), notes


def test_a_key_that_is_taken_is_mapped_and_one_that_is_left_is_lost(tmp_path: Path) -> None:
    made, notes = fields(tmp_path)
    assert made.take("one", "first") == 1
    assert made.take("one") is None
    below = made.below("below")
    below.leave("is of no use")
    for one in made.each("many"):
        one.take("a", "column")
        one.leave()
    made.leave()
    file = tmp_path / "f.yaml"
    assert [(note.kind, note.where, note.key, note.what) for note in notes.found] == [
        ("mapped", f"{file}:1", "one", "first"),
        ("lost", f"{file}:6", "below.c", "is of no use"),
        ("mapped", f"{file}:3", "many[0].a", "column"),
        ("lost", f"{file}:3", "many[0].b", "has no meaning here"),
        ("mapped", f"{file}:4", "many[1].a", "column"),
    ]


def test_the_same_is_said_once(tmp_path: Path) -> None:
    made, notes = fields(tmp_path)
    made.say("lost", "one", "x")
    made.say("lost", "one", "x")
    assert len(notes.found) == 1


@pytest.mark.parametrize("text", ["[1, 2]", "word", "many: 7\nbelow: [1]\n", ""])
def test_what_is_of_another_shape_is_empty(tmp_path: Path, text: str) -> None:
    made, _ = fields(tmp_path, text)
    assert made.each("many") == []
    assert made.below("below").left == []


@pytest.mark.parametrize(
    ("value", "number", "said"),
    [("7", 7, False), ("'8'", 8, False), ("2.0", 2, False), ("x", 3, True), ("[1]", 3, True)],
)
def test_a_number_that_is_none_is_the_usual_one(
    tmp_path: Path, value: str, number: int, said: bool
) -> None:
    made, notes = fields(tmp_path, f"n: {value}\n")
    assert made.number("n", 3) == number
    assert bool(notes.found) is said
    assert made.number("n", 3) == 3


def test_one_text_and_several_are_lists() -> None:
    assert texts(None) == []
    assert texts("a") == ["a"]
    assert texts(["a", 1]) == ["a", "1"]
    assert names(["A", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("erp", "password"), "ERP_PASSWORD"),
        (("my-api", "X.Key"), "MY_API_X_KEY"),
        (("1st", "token"), "V_1ST_TOKEN"),
        (("ü",), "V_"),
    ],
)
def test_variables_have_names_a_shell_takes(words: tuple[str, ...], name: str) -> None:
    assert variable_name(*words) == name


@pytest.mark.parametrize(
    ("key", "is_one"),
    [("password", True), ("Authorization", True), ("X-Api-Key", True), ("host", False)],
)
def test_keys_that_are_likely_to_hold_a_secret(key: str, is_one: bool) -> None:
    assert is_secret(key) is is_one


@pytest.mark.parametrize(
    ("value", "shown", "hidden"),
    [
        ("x", "x", "${SRC_KEY}"),
        ("'%X%'", "${X}", "${X}"),
        ("a%X%", "a%X%", "${SRC_KEY}"),
        ("'${X}'", "${SRC_KEY}", "${SRC_KEY}"),
        ("5", "5", "${SRC_KEY}"),
        ("''", None, None),
    ],
)
def test_a_value_may_be_shown_or_never(
    tmp_path: Path, value: str, shown: str | None, hidden: str | None
) -> None:
    assert plain(fields(tmp_path, f"key: {value}\n")[0], "key", "src") == shown
    made, notes = fields(tmp_path, f"key: {value}\n")
    assert secret(made, "key", "src") == hidden
    assert not any(value in note.what for note in notes.found if len(value) > 3)


def test_variables_of_an_api_may_stand_anywhere(tmp_path: Path) -> None:
    made, notes = fields(tmp_path, "url: https://%HOST%/%PATH%\nauth: Bearer abc\n")
    assert referring(made, "url", "api") == "https://${HOST}/${PATH}"
    assert referring(made, "auth", "api", may_be_secret=True) == "${API_AUTH}"
    assert notes.found[-1].what == "API_AUTH: the value that stands here is not copied"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5),
        ("0.2", 1),
        ("{connect: 3, read: 20}", 20),
        ("{connect: 3}", None),
        ("long", None),
        ("9e9", 86_400),
        ("[1]", None),
    ],
)
def test_a_timeout_is_a_number_or_two(tmp_path: Path, text: str, seconds: int | None) -> None:
    assert timeout_of(fields(tmp_path, f"timeout: {text}\n")[0]) == seconds


def test_placeholders_are_filled_and_unknown_ones_told_once() -> None:
    text = "{{a}} {{ b }} {{c}} {{c}} {d}"
    assert filled(text, {"a": "1", "b": "2"}) == ("1 2 {{c}} {{c}} {d}", ["c"])
