"""Values of the types of PostgreSQL, as texts; those of types of one's own, too."""

from __future__ import annotations

OWN = """
CREATE TYPE mood AS ENUM ('sad', 'ok, "fine"', 'happy');
CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no');
CREATE DOMAIN flags AS bit(4);
CREATE DOMAIN days AS date[];
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = float8);
"""

SAMPLES: dict[str, list[str]] = {
    "boolean": ["t", "f"],
    "smallint": ["-32768"],
    "integer": ["-2147483648", "7"],
    "bigint": ["9223372036854775807"],
    "numeric": ["NaN", "Infinity", "-Infinity", "1e-1000", "12345678901234567890.1234567890"],
    "numeric(10,3)": ["-0.001", "NaN"],
    "real": ["0.1", "NaN", "-Infinity", "-0", "1.17549435e-38"],
    "double precision": ["0.1", "5e-324", "NaN", "Infinity", "-0"],
    "money": ["-$1,234.56"],
    "text": ["", r"\N", r"\.", "a\tb\nc\rd\\", "日本 😀", "\b\f\v"],
    "character varying": ["a  "],
    "character varying(9)": ["a  "],
    "character": ["a"],
    "character(5)": ["ab"],
    "bpchar": ["ab  "],
    '"char"': ["x", ""],
    "name": ["a name"],
    "bytea": [r"\x00ff5c0a09", r"\x"],
    "date": ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"],
    "time without time zone": ["24:00:00", "00:00:00.000001"],
    "time(2) without time zone": ["01:02:03.45"],
    "time with time zone": ["12:00:00.5+05:30"],
    "timestamp without time zone": [
        "infinity", "-infinity", "294276-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC",
    ],
    "timestamp(3) without time zone": ["2026-01-02 03:04:05.678"],
    "timestamp with time zone": ["-infinity", "infinity", "2026-07-01 12:00:00.123456+02"],
    "interval": ["-1 year 2 mons -3 days 04:05:06.789", "178000000 years", "infinity"],
    "interval(2)": ["1.23 seconds"],
    "interval year to month": ["3 years 2 months"],
    "json": ['{"b": 1,  "a": [1.10, null]}', "null"],
    "jsonb": ['{"b": 1e2, "a": [1.10, null, "\\u00e4"]}', "null"],
    "jsonpath": ["$.a[*] ? (@ > 1)"],
    "uuid": ["123e4567-e89b-12d3-a456-426655440000"],
    "inet": ["192.168.1.5/24", "2001:db8::1"],
    "cidr": ["10.0.0.0/8", "2001:db8::/32"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "bit": ["1"],
    "bit(5)": ["10101"],
    "bit varying": ["", "101"],
    "bit varying(9)": ["1" * 9],
    "xml": ["<a b='1'>t</a><c/>", "just text", "<ä/>"],
    "point": ["(1.5,-2e100)", "(NaN,Infinity)"],
    "line": ["{1,-1,0}"],
    "lseg": ["[(1,2),(3,4)]"],
    "box": ["(3,4),(1,2)"],
    "path": ["[(1,2),(3,4)]", "((1,2),(3,4))"],
    "polygon": ["((1,2),(3,4),(5,6))"],
    "circle": ["<(1,2),3>"],
    "tsvector": ["'a':1A,2 'b c':3", ""],
    "tsquery": ["'a' & !('b' | 'c':*)", "'a' <2> 'b'"],
    "int4range": ["[1,5)", "empty", "(,)"],
    "int8range": ["[1,)"],
    "numrange": ["(0.5,NaN)"],
    "daterange": ["[2026-01-01,infinity)"],
    "tsrange": ["[2026-01-01 00:00,)"],
    "tstzrange": ["(,2026-01-01 00:00+00]"],
    "int4multirange": ["{[1,3),[5,7)}", "{}"],
    "int8multirange": ["{[1,2)}"],
    "nummultirange": ["{[0.5,1.5]}"],
    "datemultirange": ["{[2026-01-01,2026-02-01)}"],
    "tsmultirange": ["{[2026-01-01 00:00,)}"],
    "tstzmultirange": ["{(,2026-01-01 00:00+00)}"],
    "oid": ["4294967295"],
    "oid8": ["18446744073709551615"],
    "xid": ["4294967295"],
    "xid8": ["18446744073709551615"],
    "cid": ["5"],
    "tid": ["(1,2)"],
    "pg_lsn": ["16/B374D848"],
    "pg_snapshot": ["10:20:10,14"],
    "txid_snapshot": ["10:20:10,14"],
    "oidvector": ["1 2 3", ""],
    "int2vector": ["1 2", ""],
    "refcursor": ["a cursor"],
    "abstime": ["2001-01-01 00:00:00+00", "infinity"],
    "reltime": ["1 day"],
    "tinterval": ['["2001-01-01 00:00:00+00" "2002-01-01 00:00:00+00"]'],
    "regclass": ["pg_class", "information_schema.tables"],
    "regtype": ["integer", "mood[]"],
    "regproc": ["pg_catalog.now"],
    "regprocedure": ["abs(integer)"],
    "regoper": ["pg_catalog.#-"],
    "regoperator": ["+(integer,integer)"],
    "regrole": ["postgres"],
    "regnamespace": ["pg_catalog"],
    "regconfig": ["english"],
    "regdictionary": ["simple"],
    "regcollation": ['"C"'],
    "regdatabase": ["template1"],
    "aclitem": ["postgres=r/postgres"],
    "gtsvector": [],
    "information_schema.cardinal_number": ["0"],
    "information_schema.character_data": ["a"],
    "information_schema.sql_identifier": ["a"],
    "information_schema.time_stamp": ["2026-01-01 00:00:00.12+00"],
    "information_schema.yes_or_no": ["YES"],
    "numeric(9,2)[]": ["{1.5,NaN}"],
    "text[]": ['{"a,\\"b\\\\",NULL,"NULL",""}', '[2:3]={a,b}'],
    "mood": ['ok, "fine"', "sad"],
    "short": ["yes"],
    "flags": ["1010"],
    "days": ["{2026-01-01,infinity}"],
    "pair": ['(1,"a ""b"", c")', "(,)"],
    "span": ["[0.1,Infinity)"],
    "span_multirange": ["{[0.1,0.5),[7,)}"],
    "hstore": ['"a"=>NULL, "b, \\"c\\""=>""'],
    "ghstore": [],
    "citext": ["Ab"],
    "ltree": ["a.b_c.d"],
    "lquery": ["a.*{1,2}.b@"],
    "ltxtquery": ["a & !b"],
    "ltree_gist": [],
}  # fmt: skip
"""By the name of the type, or by how a column is declared. NULL is added to all."""

SINCE = {
    ("numeric", "Infinity"): 14,
    ("numeric", "-Infinity"): 14,
    ("interval", "infinity"): 17,
    ("lquery", "a.*{1,2}.b@"): 13,
}
"""Versions of the server from which on a value is one."""

REFUSED = {
    "pg_node_tree": "the server takes none: parsed expressions of its own catalogue",
    "pg_ndistinct": "the server takes none: statistics of its own",
    "pg_dependencies": "the server takes none: statistics of its own",
    "pg_mcv_list": "the server takes none: statistics of its own",
    "pg_brin_bloom_summary": "the server takes none: inside of an index",
    "pg_brin_minmax_multi_summary": "the server takes none: inside of an index",
    "smgr": "the server takes none: a storage manager",
}
"""Types no column can hold a value of, by what the server says; pseudo-types are left out."""

TEXT_ONLY = frozenset(
    {
        *(
            "aclitem",
            "gtsvector",
            "ghstore",
            "ltree_gist",
            "money",
            "pair",
            "int2vector",
            "oidvector",
        ),
        *("mood[]", "span[]", "span_multirange[]", "short[]", "days[]", "flags[]"),
        *("hstore", "citext", "ltree", "lquery", "ltxtquery"),
        *(name for name in SAMPLES if name.startswith("reg")),
    }
)
"""What has no binary form or one of its own server only; arrays of these, too."""

EXTENSIONS = ("hstore", "citext", "ltree")
"""Used where the server comes with them."""
