"""Secrets: the value is where it is used and nowhere else."""

from __future__ import annotations

import html
import json
import logging
import traceback
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.secrets import MASK, Secret, redact, spellings

VALUE = "pa55-w0rd'\"é"


@dataclass(frozen=True)
class Drawer:
    """A place of another sort: a file that holds nothing but the value."""

    file: Path

    def read(self) -> str:
        return self.file.read_text(encoding="utf-8")

    def __str__(self) -> str:
        return "the drawer"


def every_secret(folder: Path, patch: pytest.MonkeyPatch) -> list[Secret]:
    """One of each sort, all with the same value."""
    patch.setenv("SHOP_PASSWORD", VALUE)
    file = folder / "config.json"
    file.write_text(json.dumps({"password": VALUE}), encoding="utf-8")
    (folder / "drawer").write_text(VALUE, encoding="utf-8")
    return [
        Secret.parse(VALUE),
        Secret.parse("${SHOP_PASSWORD}"),
        Secret(file=file, key="password"),
        Secret(value=VALUE),
        Secret(place=Drawer(folder / "drawer")),
    ]


def test_the_value_is_revealed_and_shown_in_no_spelling_of_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for secret in every_secret(tmp_path, monkeypatch):
        assert secret.reveal() == VALUE
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("test").warning("%s %r %s", secret, secret, {"password": [secret]})
        shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret!s:>90}"]
        shown += ["%s" % secret, repr({"a": (secret,)}), caplog.text]  # noqa: UP031
        for text in shown:
            for spelling in (VALUE, repr(VALUE)[1:-1], json.dumps(VALUE)[1:-1], "pa55"):
                assert spelling not in text
        with pytest.raises(TypeError) as caught:
            json.dumps(secret)
        assert "pa55" not in str(caught.value)


def test_a_secret_says_where_its_value_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [str(secret) for secret in every_secret(tmp_path, monkeypatch)]
    file = tmp_path / "config.json"
    assert shown == [MASK, "${SHOP_PASSWORD}", f"password in {file}", MASK, "the drawer"]
    references = [secret.is_reference for secret in every_secret(tmp_path, monkeypatch)]
    assert references == [False, True, True, False, True]


def test_the_environment_is_looked_up_at_the_moment_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret.parse("${SHOP_PASSWORD}")
    for value in ("one", "two", ""):
        monkeypatch.setenv("SHOP_PASSWORD", value)
        assert secret.reveal() == value
    monkeypatch.delenv("SHOP_PASSWORD")
    with pytest.raises(ConfigError, match="environment variable SHOP_PASSWORD is not set"):
        secret.reveal()


@pytest.mark.parametrize(
    "text", ["", "$NAME", "${}", "${1A}", "x${NAME}", "${NAME}x", "${NAME}\n", "${A-B}", "{NAME}"]
)
def test_only_a_whole_reference_is_a_reference(text: str) -> None:
    secret = Secret.parse(text)
    assert not secret.is_reference
    assert secret.reveal() == text


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'"pa55"', b"null", b'{"other": "pa55"}', b'{"password": null}',
        b'{"password": {"pa55": 1}}', b'{"password": ["pa55"]}', b'{"password": true}',
        b'\xff"pa55"', b"pa55", b'{"password": "pa55', b"[" * 200_000,
    ],
)  # fmt: skip
def test_a_file_without_the_value_is_an_error_that_shows_nothing_of_it(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Secret(file=file, key="password").reveal()
    assert str(file) in str(caught.value)
    assert "password" in str(caught.value)
    assert "pa55" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_an_editor_of_windows_wrote_is_read(tmp_path: Path) -> None:
    """As all the other keys in it are: with a byte order mark, and line ends of its own."""
    file = tmp_path / "config.json"
    file.write_text('{\r\n"password": "pä55"\r\n}\r\n', encoding="utf-8-sig", newline="")
    assert Secret(file=file, key="password").reveal() == "pä55"


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.json: password"):
        Secret(file=tmp_path / "no.json", key="password").reveal()


def test_a_number_in_a_file_is_a_value(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"pin": 1234}')
    assert Secret(file=tmp_path / "c.json", key="pin").reveal() == "1234"


letters = st.text(st.sampled_from("abc"), max_size=12)


@given(letters, st.lists(st.text(st.sampled_from("abc"), max_size=4), max_size=4))
@example("abcde", ["abc", "abcde"])
@example("abcab", ["abca", "bcab"])
@example("aaaa", ["aaa"])
def test_every_character_of_every_occurrence_is_masked_and_no_other(
    text: str, values: list[str]
) -> None:
    covered = [False] * len(text)
    for value in filter(None, values):
        for at in range(len(text) - len(value) + 1):
            if text.startswith(value, at):
                covered[at : at + len(value)] = [True] * len(value)
    redacted = redact(text, values)
    left = "".join(character for character, hidden in zip(text, covered) if not hidden)
    assert redacted.replace(MASK, "") == left
    assert (MASK in redacted) == any(covered)


def test_the_text_around_a_secret_stays() -> None:
    text = "FATAL: password 'hunter2' of user app (hunter2)"
    assert redact(text, ["hunter2", ""]) == "FATAL: password '***' of user app (***)"
    assert redact(text, []) == text
    assert redact("a***b", ["*"]) == f"a{MASK * 3}b"


@pytest.mark.parametrize("secret", ["pa55-w0rd'\"é<&>", "a b+c/d%e\\f", "\x1b[31m=", "né\udcff"])
def test_a_secret_is_found_as_others_write_it(secret: str) -> None:
    data = secret.encode("utf-8", "surrogateescape")
    written = [
        secret, repr(secret), f"{[secret]}", json.dumps(secret), quote(data), quote_plus(data),
        quote(quote(data, safe="")), html.escape(secret), b64encode(data).decode(),
        urlsafe_b64encode(data).decode().rstrip("="),
    ]  # fmt: skip
    for text in written:
        assert redact(f"<{text}>", spellings([secret])).strip("<>[]'\"=") == MASK
