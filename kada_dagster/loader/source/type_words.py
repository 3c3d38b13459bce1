"""Type names of other servers, as their catalogues and drivers print them, in PostgreSQL's words.

One list for all: the same word means the same nearly everywhere. What a product means otherwise is
in `products`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_SIZE = re.compile(r"\s*\(([^()]*)\)\s*")
_LISTS = re.compile(r"\[\d*\]")
_NOISE = re.compile(r"\s+(?:collate|character set|charset|identity|not null|zerofill)\b.*")
_WIDE = re.compile(r"\s+(?:char|byte)\Z")
_DIGITS = re.compile(r"\d+\Z")
_LONGEST_TEXT = 10_485_760  # characters that `character varying(n)` may say
_NESTED = re.compile(r"\s*(?:struct|map|union|row|variant|object|super)\b")
_LABELS = re.compile(r"\s*(?:enum|set)\s*\(")


def _listed(target: str, *words: str) -> dict[str, str]:
    return dict.fromkeys(words, target)


_SIZED = {
    **_listed("numeric{}", "decimal", "numeric", "number", "dec", "fixed"),
    **_listed("bit{}", "bit"),
    **_listed("bit varying{}", "bit varying", "varbit"),
}
_TEXTS = frozenset(
    {
        *("char", "character", "bpchar", "nchar", "national character", "national char"),
        *("varchar", "varchar2", "nvarchar", "nvarchar2", "char varying", "character varying"),
        *("national character varying", "national char varying", "sysname"),
    }
)
_WORDS = {
    **_listed("boolean", "boolean", "bool"),
    **_listed("smallint", "tinyint", "smallint", "int2", "utinyint", "tinyint unsigned", "year"),
    **_listed("smallint", "smallserial", "int1", "byteint"),
    **_listed("integer", "integer", "int", "int4", "mediumint", "serial", "counter"),
    **_listed("integer", "usmallint", "smallint unsigned", "mediumint unsigned"),
    **_listed("bigint", "bigint", "int8", "bigserial", "uinteger"),
    **_listed("bigint", "integer unsigned", "int unsigned", "long integer"),
    **_listed("numeric(20,0)", "ubigint", "bigint unsigned"),
    **_listed("numeric(39,0)", "hugeint", "uhugeint"),
    **_listed("numeric(19,4)", "money", "currency"),
    **_listed("numeric(10,4)", "smallmoney"),
    **_listed("numeric", "bignum", "varint"),
    **_listed("real", "real", "float4", "binary_float"),
    **_listed("double precision", "double precision", "double", "float", "float8", "binary_double"),
    **_listed("text", "text", "ntext", "tinytext", "mediumtext", "longtext", "clob", "nclob"),
    **_listed(
        "text", "string", "long", "long varchar", "long nvarchar", "rowid", "urowid", "dbclob"
    ),
    **_listed("text", "enum", "set", "name", "citext", "memo", "longchar", "dbclob"),
    **_listed("date", "date"),
    **_listed("time without time zone", "time", "time without time zone"),
    **_listed("time with time zone", "timetz", "time with time zone"),
    **_listed("timestamp without time zone", "timestamp", "timestamp without time zone"),
    **_listed("timestamp without time zone", "datetime", "datetime2", "smalldatetime"),
    **_listed("timestamp without time zone", "timestamp_ns", "timestamp_ms", "timestamp_s"),
    **_listed("timestamp without time zone", "timestamp_ntz"),
    **_listed("timestamp with time zone", "timestamptz", "timestamp with time zone"),
    **_listed("timestamp with time zone", "timestamp with local time zone", "datetimeoffset"),
    **_listed("timestamp with time zone", "timestamp_tz", "timestamp_ltz"),
    **_listed("interval", "interval", "interval day to second", "interval year to month"),
    **_listed("interval", "interval_ds", "interval_ym"),
    **_listed("bytea", "bytea", "binary", "varbinary", "binary varying", "blob", "tinyblob"),
    **_listed("bytea", "mediumblob", "longblob", "image", "raw", "long raw", "long_raw", "bfile"),
    **_listed("bytea", "rowversion", "longbinary", "long varbinary"),
    **_listed("uuid", "uuid", "uniqueidentifier", "guid"),
    **_listed("json", "json"),
    **_listed("xml", "xml", "xmltype"),
    **{word: word for word in ("jsonb", "inet", "cidr", "macaddr", "oid", "tsvector", "hstore")},
}


def target_type(word: str, overrides: Mapping[str, str] = _NOTHING) -> str | None:
    """The type of PostgreSQL that holds every value of a type.

    Args:
        word: as `DECIMAL(10, 2)`, `nvarchar(max)`, `TIMESTAMP(6) WITH TIME ZONE`, `INTEGER[]`.
        overrides: what the product means by a name; `{}` takes the size.

    Returns:
        None where nothing is known of it.
    """
    text = _NOISE.sub("", word.strip().lower())
    if _NESTED.match(text):
        return "jsonb"
    if _LABELS.match(text):
        return "text"
    element, dimensions = _LISTS.subn("", text)
    size = _SIZE.search(element)
    name = _SIZE.sub(" ", element).strip()
    found = _one(name, _WIDE.sub("", size[1]).replace(" ", "") if size else "", overrides)
    return found + "[]" * dimensions if found else None


def _one(name: str, size: str, overrides: Mapping[str, str]) -> str | None:
    if name in overrides:
        return overrides[name].format(f"({size})" if size else "")
    if name in _SIZED:
        digits = _digits(size)
        return "bit varying" if name == "bit" and not digits else _SIZED[name].format(digits)
    if name in _TEXTS:
        is_sized = bool(_DIGITS.match(size)) and 0 < int(size) <= _LONGEST_TEXT
        return f"character varying({size})" if is_sized else "text"
    return _WORDS.get(name)


def _digits(size: str) -> str:
    """The modifier of a number. A negative scale, zeros before the point, becomes digits."""
    parts = size.split(",")
    if len(parts) == 2 and _DIGITS.match(parts[0]) and parts[1].startswith("-"):
        return f"({int(parts[0]) - int(parts[1])},0)"
    return f"({size})" if all(_DIGITS.match(part) for part in parts) else ""
