"""Values of the types of MariaDB."""

from __future__ import annotations

SHAPES = {
    "point": "POINT(1 2)",
    "linestring": "LINESTRING(0 0,1 1)",
    "polygon": "POLYGON((0 0,0 1,1 1,0 0))",
    "multipoint": "MULTIPOINT(0 0,1 1)",
    "multilinestring": "MULTILINESTRING((0 0,1 1))",
    "multipolygon": "MULTIPOLYGON(((0 0,0 1,1 1,0 0)))",
    "geometrycollection": "GEOMETRYCOLLECTION(POINT(1 2))",
}
"""Types of shapes, each with one: its bytes arrive as the server stores them."""

SAMPLES: list[tuple[str, str, list[tuple[str, str | None]]]] = [
    ("tinyint", "smallint", [("-128", "-128"), ("NULL", None)]),
    ("tinyint unsigned", "smallint", [("255", "255")]),
    ("tinyint(1)", "smallint", [("1", "1"), ("-5", "-5")]),
    ("smallint unsigned", "integer", [("65535", "65535")]),
    ("mediumint unsigned", "integer", [("16777215", "16777215")]),
    ("int", "integer", [("-2147483648", "-2147483648")]),
    ("int unsigned", "bigint", [("4294967295", "4294967295")]),
    ("int(8) zerofill", "bigint", [("42", "42")]),
    ("bigint", "bigint", [("-9223372036854775808", "-9223372036854775808")]),
    ("bigint unsigned", "numeric(20,0)", [("18446744073709551615", "18446744073709551615")]),
    ("decimal(65,30)", "numeric(65,30)", [
        ("-" + "9" * 35 + "." + "9" * 30, "-" + "9" * 35 + "." + "9" * 30),
        ("0.5", "0." + "5".ljust(30, "0")),
    ]),
    ("float", "real", [("0.1", "0.1"), ("3.4e38", "3.4e+38"), ("-0.0", "0")]),
    ("float(7,3)", "real", [("1234.567", "1234.567")]),
    ("double", "double precision", [
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("0.1", "0.1"),
        ("123456789.12345679", "123456789.12345679"), ("5e-324", "5e-324"),
    ]),
    ("double(10,2)", "double precision", [("12345678.91", "12345678.91")]),
    ("bit(1)", "bit(1)", [("1", "1")]),
    ("bit(10)", "bit(10)", [("b'0000000101'", "0000000101")]),
    ("bit(64)", "bit(64)", [("0xFFFFFFFFFFFFFFFE", "1" * 63 + "0")]),
    ("year", "smallint", [("2155", "2155"), ("0", "0")]),
    ("date", "date", [("'1000-01-01'", "1000-01-01"), ("'9999-12-31'", "9999-12-31")]),
    ("datetime", "timestamp(0) without time zone", [
        ("'2026-01-02 03:04:05'", "2026-01-02 03:04:05"),
    ]),
    ("datetime(6)", "timestamp(6) without time zone", [
        ("'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"),
    ]),
    ("timestamp(3) null", "timestamp(3) with time zone", [
        ("'2026-07-02 03:04:05.678'", "2026-07-02 03:04:05.678+00"),
    ]),
    ("time", "interval", [("'838:59:59'", "838:59:59"), ("'-838:59:59'", "-838:59:59")]),
    ("time(6)", "interval", [("'-00:00:00.000001'", "-00:00:00.000001")]),
    ("char(5)", "character varying(5)", [("'ab'", "ab"), ("''", "")]),
    ("varchar(9) character set latin1", "character varying(9)", [("'naïve €'", "naïve €")]),
    ("varchar(9)", "character varying(9)", [(r"'\\N'", r"\N"), ("'a  '", "a  ")]),
    ("text character set utf16", "text", [("'日本 😀'", "日本 😀")]),
    ("longtext", "text", [(r"'a\tb\nc\rd\\e'", "a\tb\nc\rd\\e"), ("'\\\\.'", "\\.")]),
    ("enum('a','b,''c')", "text", [("'b,''c'", "b,'c")]),
    ("set('x','y')", "text", [("'x,y'", "x,y"), ("''", "")]),
    ("json", "text", [("'{\"a\": [1, \"b\\\\\\\\n\"]}'", '{"a": [1, "b\\\\n"]}')]),
    ("binary(3)", "bytea", [("0x00FF", "\\x00ff00")]),
    ("varbinary(9)", "bytea", [("0x5C0A0900", "\\x5c0a0900"), ("''", "\\x")]),
    ("longblob", "bytea", [("REPEAT(0x00, 3)", "\\x000000")]),
    ("geometry", "bytea", [
        ("ST_GeomFromText('POINT(1 2)', 4326)",
         "\\xe61000000101000000000000000000f03f0000000000000040"),
    ]),
    ("uuid", "uuid", [
        ("'123E4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"),
    ]),
    ("inet6", "inet", [("'2001:db8::1'", "2001:db8::1/128")]),
    ("inet4", "inet", [("'192.0.2.1'", "192.0.2.1/32")]),
    ("tinyint(4)", "smallint", [("-128", "-128"), ("127", "127")]),
    ("smallint", "smallint", [("-32768", "-32768")]),
    ("mediumint", "integer", [("-8388608", "-8388608")]),
    ("bigint(20) unsigned zerofill", "numeric(20,0)", [("7", "7")]),
    ("decimal(9,2) unsigned zerofill", "numeric(9,2)", [("1.5", "1.50")]),
    ("decimal(38)", "numeric(38,0)", [("9" * 38, "9" * 38)]),
    ("float unsigned", "real", [("1.17549435e-38", "1.1754944e-38")]),
    ("double unsigned zerofill", "double precision", [("1.5", "1.5")]),
    ("datetime(3)", "timestamp(3) without time zone", [
        ("'1000-01-01 00:00:00.001'", "1000-01-01 00:00:00.001"),
    ]),
    ("timestamp null", "timestamp(0) with time zone", [
        ("'1970-01-01 00:00:01'", "1970-01-01 00:00:01+00"),
        ("'2038-01-19 03:14:07'", "2038-01-19 03:14:07+00"),
    ]),
    ("time(3)", "interval", [("'838:59:59.999'", "838:59:59.999"), ("'00:00:00'", "00:00:00")]),
    ("char(3) character set binary", "bytea", [("'ab'", "\\x616200")]),
    ("char(9) character set utf8mb3", "character varying(9)", [("'ß'", "ß")]),
    ("tinytext", "text", [("'a'", "a")]),
    ("mediumtext", "text", [("REPEAT('ä', 300)", "ä" * 300)]),
    ("text character set latin2", "text", [("'ł'", "ł")]),
    ("tinyblob", "bytea", [("0x0A", "\\x0a")]),
    ("blob", "bytea", [("0x2E", "\\x2e")]),
    ("mediumblob", "bytea", [("0x5C2E0A", "\\x5c2e0a")]),
    ("set('a','b','c') character set utf8mb4", "text", [("5", "a,c")]),
]  # fmt: skip
"""How a column is declared, the type of the target, and literals with what arrives as text."""
