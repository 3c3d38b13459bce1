"""The search for secrets finds what is there: else nothing it does not find would mean anything."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from kada_dagster_tests.live.hunt import files_with, texts_with

SECRET = 'pl4nted "Secret"?sv=2022-11-02&sig=a%2Bb\\ü'


def in_database(value: object) -> Callable[[Path], None]:
    """Writes a value into a SQLite file."""

    def write(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA page_size = 4096")
            database.execute("CREATE TABLE kept (value)")
            database.execute("INSERT INTO kept VALUES (?)", (value,))
            database.commit()

    return write


def raw(data: bytes) -> Callable[[Path], None]:
    """Writes bytes into a file."""
    return lambda path: path.write_bytes(data) and None


HIDDEN: dict[str, Callable[[Path], None]] = {
    "as it is": raw(f"password={SECRET}\n".encode()),
    "in JSON": raw(json.dumps({"password": SECRET}, ensure_ascii=False).encode()),
    "in ASCII JSON": raw(json.dumps({"password": SECRET}).encode()),
    "in a URL": raw(f"https://x/?p={quote(SECRET, safe='')}".encode()),
    "in UTF-16": raw(f"password={SECRET}".encode("utf-16")),
    "packed": raw(gzip.compress(SECRET.encode())),
    "on a page border of a database": in_database("-" * 4899 + SECRET + "-" * 8161),
    "packed in a database": in_database(zlib.compress(f'{{"p": "{SECRET}"}}'.encode())),
    **{
        f"in base64 after {n} bytes": raw(base64.b64encode(b"x" * n + f"{SECRET}y".encode()))
        for n in range(4)
    },
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_secret_is_found_however_it_is_written(how: str, tmp_path: Path) -> None:
    (tmp_path / "deep" / ".down").mkdir(parents=True)
    HIDDEN[how](tmp_path / "deep" / ".down" / "file")
    (tmp_path / "innocent").write_text("password=${SHOP_PASSWORD}")
    assert files_with(SECRET, tmp_path) == ["deep/.down/file"]


def test_a_page_border_does_hide_a_value_from_a_plain_search(tmp_path: Path) -> None:
    """So the search inside databases is not in vain."""
    HIDDEN["on a page border of a database"](tmp_path / "file")
    assert SECRET.encode() not in (tmp_path / "file").read_bytes()


def test_a_secret_is_found_in_an_answer() -> None:
    answers = [json.dumps({"value": "SHOP_PASSWORD"}), json.dumps({"value": SECRET})]
    assert texts_with(SECRET, answers) == answers[1:]
