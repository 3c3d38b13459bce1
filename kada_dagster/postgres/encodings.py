"""Encodings of databases: how text is copied out of them, and as what it is decoded.

https://www.postgresql.org/docs/current/multibyte.html
"""

from __future__ import annotations

_CODECS = {
    "UTF8": "utf-8",
    "SQL_ASCII": "utf-8",  # it is any bytes; UTF-8 is what they mostly are
    "EUC_KR": "cp949",  # a superset: Python's own lacks the euro sign
}
_LEFT_TO_THE_SERVER = ("EUC_JP", "EUC_JIS_2004", "JOHAB")
"""Python reads some signs of these as others or, as the circled digits of EUC_JP, not at all."""


def copied_as(encoding: str) -> tuple[str, str]:
    """How text of a database is best copied.

    A server that converts text gives up at the first byte that stands for nothing, which WIN1252
    and its like do not refuse to store. So bytes are sent as they are and decoded here.

    Args:
        encoding: of the database, as the server names it.

    Returns:
        What COPY is told as its ENCODING, and Python's name for what comes.
    """
    from psycopg2.extensions import encodings

    codec = _CODECS.get(encoding) or encodings.get(encoding)
    if codec is None or encoding in _LEFT_TO_THE_SERVER:
        return "UTF8", "utf-8"
    return "SQL_ASCII", codec
