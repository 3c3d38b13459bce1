"""YAML is read as plain data with lines; whatever is doubtful is an error that says where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.config.yaml_text import MOST_VALUES, read_yaml
from kada_dagster.errors import ConfigError

_text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
_scalar = st.none() | st.booleans() | st.integers() | _text
_data = st.dictionaries(
    _text.filter(bool),
    st.recursive(
        _scalar,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(_text.filter(bool), inner, max_size=4)
        ),
        max_leaves=20,
    ),
    max_size=5,
)


def read(folder: Path, text: str | bytes) -> object:
    file = folder / "kada.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(file).data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@given(data=_data)
def test_what_a_yaml_writer_writes_is_read_back(folder: Path, data: object) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_style=None)
    if "!!" in text:  # the writer's spelling of what plain YAML cannot hold
        return
    assert read(folder, text) == data


def test_words_that_old_yaml_takes_for_something_else_stay_text(tmp_path: Path) -> None:
    text = "a: [no, on, y, 010, 22:30, 1e3, 0x1F, 2024-01-01, 2024-01-01 00:00:00, =]"
    assert read(tmp_path, text) == {
        "a": [
            "no",
            "on",
            "y",
            "010",
            "22:30",
            "1e3",
            "0x1F",
            "2024-01-01",
            "2024-01-01 00:00:00",
            "=",
        ]
    }


def test_truth_values_and_numbers_are_what_yaml_1_2_says(tmp_path: Path) -> None:
    text = "a: [true, False, 5432, -1, 0.5, ~, null, '5432', !!str 7]"
    assert read(tmp_path, text) == {"a": [True, False, 5432, -1, 0.5, None, None, "5432", "7"]}


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing yet\n") == {}


def test_a_byte_order_mark_does_not_become_part_of_a_key(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfsources: 1") == {"sources": 1}


def test_lines_are_those_of_the_keys_and_items(tmp_path: Path) -> None:
    file = tmp_path / "kada.yaml"
    file.write_text("a:\n\n  b:\n    - 1\n    # two\n    - c:\n        2\n")
    document = read_yaml(file)
    wheres = [document.where(p) for p in [("a", "b"), ("a", "b", 0), ("a", "b", 1, "c")]]
    assert [where.rpartition(":")[2] for where in wheres] == ["3", "4", "6"]
    assert document.where(("a", "b", 1, "missing")) == f"{file}:6"


def test_repeated_keys_are_all_reported_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError) as caught:
        read(tmp_path, "a: 1\nb:\n  c: 1\n  c: 2\na: 2\n")
    problems = [(p.where.rpartition(":")[2], p.field) for p in caught.value.problems]
    assert problems == [("4", "b.c"), ("5", "a")]
    assert "is there twice" in str(caught.value)


def test_anchors_merge_and_written_keys_win(tmp_path: Path) -> None:
    text = "base: &b {x: 1, y: 1}\none: {y: 2, <<: *b}\ntwo: {<<: [{x: 9}, *b], z: 3}\n"
    data = read(tmp_path, text)
    assert isinstance(data, dict)
    assert data["one"] == {"x": 1, "y": 2}
    assert data["two"] == {"x": 9, "y": 1, "z": 3}


@pytest.mark.parametrize(
    "text",
    [
        "password: !hunter2secret x",
        "password: *hunter2secret",
        "password: @hunter2secret",
        "password: 'hunter2secret\n",
        "password: hunter2secret: x",
        "password: !!python/object/apply:os.system [hunter2secret]",
        "a: &x 1\npassword: 'hunter2secret' x",
        "password: %hunter2secret\n\t- ",
        "password: \x07hunter2secret",
        "a: 1\n--- \npassword: hunter2secret",
    ],
)
@pytest.mark.parametrize("in_c", [True, False])
def test_a_broken_file_is_an_error_that_shows_nothing_of_a_secret(
    tmp_path: Path, text: str, in_c: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_c:  # PyYAML comes without libyaml, too
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert "kada.yaml" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "in_c", "said"),
    [
        ("a: [1, 2", True, "did not find expected ',' or ']'; "),
        ("a: [1, 2", False, "expected ',' or ']', but got '<stream end>'; "),
        ("a: 1\nb", True, "could not find expected ':'; "),
        ("a: {b: 1]", False, "expected ',' or '}', but got ']'; "),
        ("a: &hunter2'x'", False, 'expected alphabetic or numeric character, but found "\'"; '),
        ("a: *hunter2", False, "found undefined alias; "),
        ("a: >hunter2", False, "expected chomping or indentation indicators, but found; "),
    ],
)
def test_the_signs_that_are_missing_are_named(
    tmp_path: Path, text: str, in_c: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_c:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert f": not YAML: {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: 1\n", ":2: not YAML: .*; indent with spaces, not with tabs$"),
        ("a: 1\n---\nb: 1\n", ":2: not YAML: .*; a file holds one document: take the line ---"),
        ("a: 1\nb: [c,\n  d\ne: f\n", ":4: not YAML: .*; close the bracket of line 2, or "),
        ("a: 1\nb: 'c\nd: e\n", ":4: not YAML: .*; close the quotation mark of line 2$"),
        ("- a: 1\n   b: 2\n", ":2: not YAML: .*; check how the lines are indented; "),
    ],
)
@pytest.mark.parametrize("in_c", [True, False])
def test_what_to_do_about_a_broken_file_is_said(
    tmp_path: Path, text: str, said: str, in_c: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_c:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_tags_never_make_objects(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"kada\.yaml:2: a: tags"):
        read(tmp_path, "b: 1\na: !!python/name:os.system x\n")


def test_aliases_that_explode_are_refused_in_little_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match=str(MOST_VALUES)):
        read(tmp_path, "\n".join(lines))


def test_an_alias_inside_itself_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="alias stands inside itself"):
        read(tmp_path, "a: &a [*a]")


def test_deep_nesting_is_an_error(tmp_path: Path) -> None:
    for opening in ("[", "{a: ", "- "):
        with pytest.raises(ConfigError, match=r"kada\.yaml:1: nested more than"):
            read(tmp_path, opening * 100_000)


@pytest.mark.parametrize("text", ["? [a, b]\n: 1", "? {a: 1}\n: 1", "'': 1"])
def test_keys_are_plain_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not a key"):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: there is no such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="directory"):
        read_yaml(tmp_path)
    with pytest.raises(ConfigError, match="byte 3 is not UTF-8"):
        read(tmp_path, b"a: \xff")
