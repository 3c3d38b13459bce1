"""The vault: what a reference finds, and what every odd file says, never with a value."""

from __future__ import annotations

import json
import pickle
import traceback
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.vault import VaultEntry, vault_path, vault_secret

PLANTED = "pl4nted-s3cret"
PATH = "INGESTION.FIVETRAN.PROD.API_KEY"
TREE = f"""
INGESTION:
  FIVETRAN:
    PROD:
      API_KEY: "{PLANTED}"
"""


def vault(folder: Path, text: str | bytes, name: str = "vault.yml") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read(folder: Path, text: str | bytes, path: str = "A") -> str:
    return VaultEntry(vault(folder, text), path).read()


def refusal(folder: Path, text: str | bytes, path: str = "A") -> str:
    """What the error says; neither it nor its traceback holds the planted value."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text, path)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
    message = str(caught.value)
    assert "vault.yml" in message
    return message


def test_a_dotted_path_leads_through_the_tree(tmp_path: Path) -> None:
    assert read(tmp_path, TREE, PATH) == PLANTED


def test_the_default_paths_of_the_documentation_are_found(tmp_path: Path) -> None:
    text = 'FIVETRAN:\n  DEFAULT:\n    API_KEY: "XXXXXXXXXX"\n    API_SECRET: "YYYY"\n'
    assert read(tmp_path, text, "FIVETRAN.DEFAULT.API_KEY") == "XXXXXXXXXX"
    assert read(tmp_path, text, "FIVETRAN.DEFAULT.API_SECRET") == "YYYY"


def test_a_vault_may_be_json_whatever_its_name(tmp_path: Path) -> None:
    tree = {"INGESTION": {"FIVETRAN": {"PROD": {"API_KEY": PLANTED}}}}
    assert read(tmp_path, json.dumps(tree), PATH) == PLANTED
    assert read(tmp_path, json.dumps(tree, indent="\t"), PATH) == PLANTED


def test_a_flow_mapping_is_yaml_although_it_begins_like_json(tmp_path: Path) -> None:
    assert read(tmp_path, "{A: {B: text}}", "A.B") == "text"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("plain", "plain"),
        ("'quoted: #'", "quoted: #"),
        ('"\\u00e9\\n"', "é"),
        ("|\n  block\n", "block"),
        (">-\n  folded\n  text", "folded text"),
        ("012345", "012345"),
        ("1.10", "1.10"),
        ("1e5", "1e5"),
        ("+7", "+7"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("true", "true"),
        ("2026-01-01", "2026-01-01"),
        ("' padded '", "padded"),
        ("=", "="),
    ],
)
def test_a_yaml_value_is_the_text_that_is_written(tmp_path: Path, written: str, text: str) -> None:
    assert read(tmp_path, f"A: {written}\n") == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"plain"', "plain"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("NaN", "NaN"),
        ('"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        ('"a\\/b"', "a/b"),
    ],
)
def test_a_json_value_is_the_text_that_is_written(tmp_path: Path, written: str, text: str) -> None:
    assert read(tmp_path, f'{{"A": {written}}}') == text


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfA:\r\n  B: text\r\n", "A.B") == "text"
    assert read(tmp_path, b'\xef\xbb\xbf{"A": "text"}') == "text"


def test_anchors_aliases_and_merges_are_followed(tmp_path: Path) -> None:
    text = """
    base: &base {KEY: one, OTHER: two}
    more: &more {KEY: three, LAST: four}
    PROD: {<<: *base, OTHER: own}
    BOTH: {<<: [*base, *more]}
    SAME: *base
    """
    for path, value in [
        ("PROD.KEY", "one"),
        ("PROD.OTHER", "own"),
        ("BOTH.KEY", "one"),
        ("BOTH.LAST", "four"),
        ("SAME.OTHER", "two"),
    ]:
        assert read(tmp_path, text, path) == value


def test_what_is_wrong_elsewhere_in_a_shared_vault_does_not_matter(tmp_path: Path) -> None:
    text = "TEAM: {X: 1, X: 2, Y: !vault abc, Z: [1]}\nA: text\n? [odd, key]\n: 1\n"
    assert read(tmp_path, text) == "text"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("INGESTION.FIVETRAN.TEST.API_KEY", "INGESTION.FIVETRAN has no key TEST"),
        ("FIVETRAN.DEFAULT.API_KEY", "the file has no key FIVETRAN"),
        ("INGESTION.FIVETRAN.PROD.API_KEYS", "did you mean 'API_KEY'?"),
        ("ingestion.FIVETRAN", "did you mean 'INGESTION'?"),
        (f"{PATH}.MORE", f"{PATH} holds no keys"),
        ("INGESTION.FIVETRAN", "is not a text"),
    ],
)
def test_a_path_that_is_not_there_is_named_with_where_it_ends(
    tmp_path: Path, path: str, says: str
) -> None:
    message = refusal(tmp_path, TREE, path)
    assert path in message
    assert says in message


@pytest.mark.parametrize(
    "node", [f"[{PLANTED}]", f"{{B: {PLANTED}}}", f"!vault {PLANTED}", f"!!binary {PLANTED}"]
)
def test_a_node_that_is_no_text_is_refused(tmp_path: Path, node: str) -> None:
    assert "A: is not a text" in refusal(tmp_path, f"A: {node}\n")


@pytest.mark.parametrize("node", ["", "~", "null", "''", "'  '"])
def test_nothing_is_not_a_secret(tmp_path: Path, node: str) -> None:
    assert "A: is empty" in refusal(tmp_path, f"A: {node}\nB: {PLANTED}\n")


@pytest.mark.parametrize("node", ["null", '""'])
def test_nothing_in_json_is_not_a_secret_either(tmp_path: Path, node: str) -> None:
    assert "A: is empty" in refusal(tmp_path, f'{{"A": {node}}}')


@pytest.mark.parametrize(
    "text",
    [
        f"A: {{B: {PLANTED}, B: other}}\n",
        f"A:\n  B: {PLANTED}\nA:\n  B: other\n",
        f'{{"A": {{"B": "{PLANTED}", "B": "other"}}}}',
        f'{{"A": {{"B": "{PLANTED}"}}, "A": {{}}}}',
    ],
)
def test_a_key_on_the_way_that_is_there_twice_is_refused(tmp_path: Path, text: str) -> None:
    assert "is there twice" in refusal(tmp_path, text, "A.B")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"A: '{PLANTED}\nB: x\n", "not YAML and not JSON"),
        (f"A: {PLANTED}\n\t{PLANTED}: 1\n", "vault.yml:2: not YAML"),
        (f"A: {PLANTED}\n---\nA: two\n", "not YAML"),
        (f'{{"A": "{PLANTED}"', "not YAML"),
        (f"A: *{PLANTED}\n", "vault.yml:1: not YAML"),
        (f"A: {PLANTED}\x00\n", "not YAML"),
        (PLANTED, "the file holds no keys"),
        (f"- {PLANTED}", "the file holds no keys"),
        ("", "the file has no key A"),
        ("{}", "the file has no key A"),
        (b"A: \xff\n", "byte 3 is not UTF-8"),
        ("A: " + "[" * 100_000, "nested too deep"),
        ('{"A": ' + "[" * 100_000, "nested too deep"),
        ("X: &x {<<: *x}\nA: 1\n", "the file has no key B"),
        ("&x {<<: *x}", "in itself"),
    ],
)
def test_a_file_that_is_no_tree_is_refused_without_a_word_of_it(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    path = "B" if "no key B" in says else "A"
    assert says in refusal(tmp_path, text, path)


def test_a_missing_file_names_the_variable_that_sets_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.yml: there is no such file; KADA_VAULT_FILE"):
        VaultEntry(tmp_path / "no.yml", "A.B").read()
    with pytest.raises(ConfigError, match=r"looked for A\.B"):
        VaultEntry(tmp_path, "A.B").read()


def test_an_entry_may_refer_to_another_one(tmp_path: Path) -> None:
    text = "A: DATAOPS_VAULT(B.C)\nB: {C: DATAOPS_VAULT(D)}\nD: text\n"
    assert read(tmp_path, text) == "text"


@pytest.mark.parametrize(
    "text", ["A: DATAOPS_VAULT(A)", "A: DATAOPS_VAULT(B)\nB: DATAOPS_VAULT(A)"]
)
def test_references_in_a_circle_are_refused(tmp_path: Path, text: str) -> None:
    assert "the reference leads back to A" in refusal(tmp_path, text)


def test_a_dangling_reference_names_the_path_it_looked_for(tmp_path: Path) -> None:
    assert "B.C: not there" in refusal(tmp_path, f"A: DATAOPS_VAULT(B.C)\nB: {PLANTED}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("DATAOPS_VAULT(A)", "A"),
        (" DATAOPS_VAULT( A.B.C ) ", "A.B.C"),
        ("DATAOPS_VAULT(A . B)", "A.B"),
        ("DATAOPS_VAULT(my key.b-2)", "my key.b-2"),
        ("A.B.C", None),
        ("", None),
        ("DATAOPS_VAULT", None),
        ("VAULT(A)", None),
    ],
)
def test_a_reference_is_told_from_a_text(text: str, path: str | None) -> None:
    assert vault_path(text, "X") == path


@pytest.mark.parametrize(
    "text",
    [
        "x-DATAOPS_VAULT(A.B)",
        "DATAOPS_VAULT(A.B)/x",
        "DATAOPS_VAULT(DATAOPS_VAULT(A))",
        "DATAOPS_VAULT(A)DATAOPS_VAULT(B)",
        "DATAOPS_VAULT()",
        "DATAOPS_VAULT(  )",
        "DATAOPS_VAULT(A..B)",
        "DATAOPS_VAULT(.A)",
        "DATAOPS_VAULT(A.)",
        "DATAOPS_VAULT(A",
        "dataops_vault(A)",
        "DATAOPS_VAULT (A)",
    ],
)
def test_half_a_reference_is_an_error_that_does_not_repeat_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^CONNECTOR_ID: a vault reference must be") as caught:
        vault_path(f"{text}{PLANTED}" if text.endswith("x") else text, "CONNECTOR_ID")
    assert PLANTED not in str(caught.value)


def test_a_vault_secret_is_a_reference_that_shows_its_place_only(tmp_path: Path) -> None:
    file = vault(tmp_path, TREE)
    secret = vault_secret(file, PATH)
    assert secret.is_reference
    assert secret.reveal() == PLANTED
    assert str(secret) == f"{PATH} in the vault {file}"
    assert PLANTED not in repr(secret)
    assert PLANTED.encode() not in pickle.dumps(secret)
    assert pickle.loads(pickle.dumps(secret)) == secret
    file.write_text(TREE.replace(PLANTED, "rotated"))
    assert secret.reveal() == "rotated"


keys = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)
trees = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1),
    lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=4),
    max_leaves=12,
)


def leaves(tree: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    if not isinstance(tree, dict):
        return {path: str(tree)}
    return {p: v for key, node in tree.items() for p, v in leaves(node, (*path, key)).items()}


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
@given(st.dictionaries(keys, trees, min_size=1, max_size=4), st.sampled_from(["json", "yaml"]))
def test_every_leaf_of_every_tree_is_found_in_json_and_in_yaml(
    tmp_path: Path, tree: dict[str, object], form: str
) -> None:

    dump = json.dumps if form == "json" else yaml.safe_dump
    file = vault(tmp_path, dump(tree))
    for path, text in leaves(tree).items():
        if "VAULT(" not in text.upper():
            assert VaultEntry(file, ".".join(path)).read() == text
