"""Every row META must hold, worked out from `catalogue.Catalogue`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kada_dagster.extracts.identity import kind_id, object_id, object_path
from kada_dagster_tests.postgres.catalogue import Catalogue, Record
from kada_dagster_tests.postgres.expected_others import OTHER_KINDS, Meta, meta_row, type_path

_KINDS = {"v": "VIEW", "m": "MATERIALIZED VIEW", "f": "FOREIGN TABLE", "p": "PARTITIONED TABLE"}
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


def expected_meta(catalogue: Catalogue) -> list[Meta]:
    """The rows of one database, roles included, with ATTRIBUTES as a dict."""
    return [_whole(row) for kind in _KIND_READERS for row in kind(catalogue)]


def _whole(row: Meta) -> Meta:
    given = {key: value for key, value in row["attributes"].items() if value not in (None, [])}
    texts = {key: "" if value is None else str(value) for key, value in row.items()}
    return {**texts, "attributes": given}


def _database(c: Catalogue) -> Iterator[Meta]:
    d = c.query(
        "SELECT *, oid, pg_encoding_to_char(encoding) AS coded,"
        " current_setting('server_version') AS server FROM pg_database"
        " WHERE datname = current_database()"
    )[0]
    limit = d["datconnlimit"]
    found = {"collate": d["datcollate"], "ctype": d["datctype"], "encoding": d["coded"]}
    found |= {"server_version": d["server"], "connection_limit": None if limit == -1 else limit}
    yield meta_row(
        "DATABASE", "DATABASE", object_id(*c.root), object_path(*c.root), "", c.database,
        comment=c.shared_comment("pg_database", d["oid"]), owner=c.roles[d["datdba"]],
        attributes=found,
    )  # fmt: skip


def _schemas(c: Catalogue) -> Iterator[Meta]:
    for n in c.table("pg_namespace"):
        if c.wanted(n["oid"]):
            names = (*c.root, n["nspname"])
            yield meta_row(
                "SCHEMA", "SCHEMA", object_id(*names), object_path(*names), object_id(*c.root),
                n["nspname"], comment=c.comment("pg_namespace", n["oid"]),
                owner=c.roles[n["nspowner"]],
            )  # fmt: skip


def _relations(c: Catalogue) -> Iterator[Meta]:
    bodies = {row["oid"]: row["body"] for row in c.query(_BODIES)}
    foreign = {row["oid"]: row for row in c.query(_FOREIGN)}
    spaces = {row["oid"]: row["spcname"] for row in c.table("pg_tablespace")}
    parents = {row["inhrelid"]: row["inhparent"] for row in c.query("SELECT * FROM pg_inherits")}
    for oid, r in c.relations.items():
        kind, names = r["relkind"], c.names(oid)
        plain = "PARTITION" if r["relispartition"] else "TABLE"
        if r["relpersistence"] == "u" and not r["relispartition"]:
            plain = "UNLOGGED TABLE"
        yield meta_row(
            "TABLE", _KINDS.get(kind, plain), object_id(*names), object_path(*names),
            object_id(*names[:3]), names[3],
            comment=c.comment("pg_class", oid), code=bodies[oid], owner=c.roles[r["relowner"]],
            status=("POPULATED" if r["relispopulated"] else "NOT POPULATED") if kind == "m" else "",
            attributes={
                **_sizes(c, r),
                **{key: foreign.get(oid, {}).get(key) for key in _FOREIGN_KEYS},
                "extension": c.extension("pg_class", oid),
                "of_type": c.query(f"SELECT {r['reloftype']}::regtype::text AS t")[0]["t"]
                if r["reloftype"] else None,
                "partition_of": c.relation_id(parents[oid]) if r["relispartition"] else None,
                "persistence": "unlogged" if r["relpersistence"] == "u" else None,
                "row_security": "forced" if r["relforcerowsecurity"] else
                    "enabled" if r["relrowsecurity"] else None,
                "tablespace": spaces.get(r["reltablespace"]),
            },
        )  # fmt: skip


_FOREIGN_KEYS = ("foreign_schema", "foreign_server", "foreign_table")
_BODIES = """
SELECT c.oid, coalesce(v.definition, m.definition,
       'PARTITION BY ' || pg_get_partkeydef(p.partrelid),
       pg_get_expr(c.relpartbound, c.oid)) AS body
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
LEFT JOIN pg_views v ON (v.schemaname, v.viewname) = (nspname, relname)
LEFT JOIN pg_matviews m ON (m.schemaname, m.matviewname) = (nspname, relname)
LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid"""
_FOREIGN = """
SELECT format('%I.%I', foreign_table_schema, foreign_table_name)::regclass::oid AS oid,
  foreign_server_name AS foreign_server,
  (SELECT option_value FROM information_schema.foreign_table_options o
    WHERE o.option_name = 'schema_name' AND o.foreign_table_schema = t.foreign_table_schema
      AND o.foreign_table_name = t.foreign_table_name)
  AS foreign_schema,
  (SELECT option_value FROM information_schema.foreign_table_options o
    WHERE o.option_name = 'table_name' AND o.foreign_table_schema = t.foreign_table_schema
      AND o.foreign_table_name = t.foreign_table_name)
  AS foreign_table
FROM information_schema.foreign_tables t"""


def _sizes(c: Catalogue, r: Record) -> Record:
    unknown = r["reltuples"] < 0 or (c.version < 14 and r["reltuples"] == r["relpages"] == 0)
    return {
        "estimated_bytes": r["relpages"] * 8192 if r["relkind"] in "rmi" else None,
        "estimated_rows": None if unknown or r["relkind"] not in "rmpf" else round(r["reltuples"]),
    }


def _columns(c: Catalogue) -> Iterator[Meta]:
    """From information_schema where it knows them; materialised views are not in there."""
    known = {(r["table_schema"], r["table_name"], r["column_name"]): r for r in c.query(_STANDARD)}
    for oid in c.relations:
        names = c.names(oid)
        for ordinal, (number, column) in enumerate(c.columns[oid].items(), 1):
            name = column["attname"]
            row = known.get((*names[2:], name), {})
            yield meta_row(
                "COLUMN", "COLUMN", object_id(*names, name), object_path(*names, name),
                object_id(*names), name,
                comment=c.comment("pg_class", oid, number), data_type=column["printed"],
                ordinal=ordinal, nullable="N" if row.get("is_nullable") == "NO" else "Y",
                default=row.get("column_default") or row.get("generation_expression"),
                attributes={
                    "collation": row.get("collation"),
                    "generated": row.get("generated"),
                    "identity": (row.get("identity_generation") or "").lower() or None,
                },
            )  # fmt: skip


_STANDARD = """
SELECT table_schema, table_name, column_name, is_nullable, column_default, generation_expression,
  collation_schema || '.' || collation_name AS collation, identity_generation,
  (SELECT CASE to_jsonb(a) ->> 'attgenerated' WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END
     FROM pg_attribute a WHERE a.attname = column_name AND a.attrelid =
       format('%I.%I', table_schema, table_name)::regclass) AS generated
FROM information_schema.columns
WHERE table_schema <> 'information_schema' AND table_schema !~ '^pg_'"""


def _constraints(c: Catalogue) -> Iterator[Meta]:
    printed = {
        row["oid"]: row["body"]
        for row in c.query("SELECT oid, pg_get_constraintdef(oid) AS body FROM pg_constraint")
    }
    words = {"p": "PRIMARY KEY", "u": "UNIQUE", "c": "CHECK", "f": "FOREIGN KEY", "x": "EXCLUDE"}
    for k in c.table("pg_constraint"):
        table, domain, word = k["conrelid"], k["contypid"], words.get(k["contype"])
        if word is None or not c.wanted(k["connamespace"]):
            continue
        owner_id = c.relation_id(table) if table else c.type_id(domain)
        path = c.relation_path(table) if table else type_path(c, domain)
        own = [c.columns[table][n]["attname"] for n in (table and k["conkey"]) or [] if n]
        other = [c.columns[k["confrelid"]][n]["attname"] for n in k["confkey"] or []]
        found: Record = {"columns": own, "inherited": (k["coninhcount"] > 0) or None}
        if k["condeferrable"]:
            found["deferrable"] = f"initially {'deferred' if k['condeferred'] else 'immediate'}"
        if k["contype"] == "f":
            found |= {
                "match": {"f": "full", "p": "partial", "s": "simple"}[k["confmatchtype"]],
                "on_delete": _ACTIONS[k["confdeltype"]], "on_update": _ACTIONS[k["confupdtype"]],
                "referenced_columns": other, "referenced_table": c.relation_id(k["confrelid"]),
            }  # fmt: skip
        yield meta_row(
            "CONSTRAINT", word, kind_id(owner_id, "constraint", k["conname"]),
            f"{path}.{object_path(k['conname'])}", owner_id, k["conname"],
            comment=c.comment("pg_constraint", k["oid"]), code=printed[k["oid"]],
            status="VALID" if k["convalidated"] else "NOT VALID", attributes=found,
        )  # fmt: skip


def _indexes(c: Catalogue) -> Iterator[Meta]:
    methods = {row["oid"]: row["amname"] for row in c.table("pg_am")}
    sql = "SELECT *, pg_get_indexdef(indexrelid) AS printed FROM pg_index"
    for i in c.query(sql):
        oid, table = i["indexrelid"], i["indrelid"]
        if table not in c.relations:
            continue
        r, names = c.by_oid("pg_class")[oid], c.names(oid)
        yield meta_row(
            "INDEX", "PARTITIONED INDEX" if r["relkind"] == "I" else "INDEX", object_id(*names),
            object_path(*names), c.relation_id(table), names[3],
            comment=c.comment("pg_class", oid), code=i["printed"], owner=c.roles[r["relowner"]],
            status="VALID" if i["indisvalid"] else "INVALID",
            attributes={
                "estimated_bytes": _sizes(c, r)["estimated_bytes"], "method": methods[r["relam"]],
                "primary": i["indisprimary"] or None, "unique": i["indisunique"] or None,
            },
        )  # fmt: skip


def _sequences(c: Catalogue) -> Iterator[Meta]:
    owned = {
        d["objid"]: c.column_id(d["refobjid"], d["refobjsubid"])
        for d in c.dependencies
        if d["deptype"] in "ai" and d["refobjsubid"] > 0 and d["refobjid"] in c.relations
        and d["classid"] == d["refclassid"] == c.classes["pg_class"]
    }  # fmt: skip
    sql = (
        "SELECT *, format('%I.%I', schemaname, sequencename)::regclass::oid AS oid,"
        " data_type::text AS t FROM pg_sequences"
    )
    for s in c.query(sql):
        names = c.names(s["oid"])
        found = {"cache": s["cache_size"], "cycle": s["cycle"] or None, "start": s["start_value"]}
        found |= {"increment": s["increment_by"], "max": s["max_value"], "min": s["min_value"]}
        yield meta_row(
            "SEQUENCE", "SEQUENCE", object_id(*names), object_path(*names), object_id(*names[:3]),
            names[3], comment=c.comment("pg_class", s["oid"]), data_type=s["t"],
            owner=s["sequenceowner"], attributes={**found, "owned_by": owned.get(s["oid"])},
        )  # fmt: skip


def _procedures(c: Catalogue) -> Iterator[Meta]:
    kinds = {"p": "PROCEDURE", "a": "AGGREGATE", "w": "WINDOW FUNCTION", "f": "FUNCTION"}
    printed = {row["oid"]: row for row in c.query(_functions(c.version))}
    for p in c.table("pg_proc"):
        if not c.wanted(p["pronamespace"]):
            continue
        row = printed[p["oid"]]
        schema = (*c.root, c.schemas[p["pronamespace"]])
        yield meta_row(
            "PROCEDURE", kinds[p["prokind"]], c.procedure_id(p["oid"]),
            object_path(*schema, p["proname"]), object_id(*schema), p["proname"],
            comment=c.comment("pg_proc", p["oid"]), code=row["body"], data_type=row["result"],
            owner=c.roles[p["proowner"]],
            attributes={
                "arguments": row["arguments"] or None,
                "extension": c.extension("pg_proc", p["oid"]),
                "final_function": row["final"], "state_function": row["state"],
                "language": row["language"], "leakproof": p["proleakproof"] or None,
                "parallel": {"s": "safe", "r": "restricted", "u": "unsafe"}[p["proparallel"]],
                "returns_set": p["proretset"] or None, "strict": p["proisstrict"] or None,
                "security_definer": p["prosecdef"] or None,
                "volatility": {"i": "immutable", "s": "stable", "v": "volatile"}[p["provolatile"]],
            },
        )  # fmt: skip


def _functions(version: int) -> str:
    """A body made of SQL (BEGIN ATOMIC) has no source text: it is the end of the definition."""
    if version < 14:
        return _FUNCTIONS.format("p.prosrc")
    definition = "rtrim(pg_get_functiondef(p.oid), E'\\n')"
    body = f"right({definition}, length(pg_get_function_sqlbody(p.oid)))"
    return _FUNCTIONS.format(f"CASE WHEN prosqlbody IS NULL THEN p.prosrc ELSE {body} END")


_FUNCTIONS = """
SELECT p.oid, CASE WHEN lanname NOT IN ('c', 'internal') THEN {0} END AS body,
  lanname AS language, pg_get_function_identity_arguments(p.oid) AS arguments,
  pg_get_function_result(p.oid) AS result, NULL AS state, NULL AS final
FROM pg_proc p JOIN pg_language l ON l.oid = prolang WHERE prokind <> 'a'
UNION ALL
SELECT p.oid, NULL, 'internal', pg_get_function_identity_arguments(p.oid),
  pg_get_function_result(p.oid),
  aggtransfn::oid::regprocedure::text, nullif(aggfinalfn::oid::regprocedure::text, '-')
FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid::oid"""


def _triggers(c: Catalogue) -> Iterator[Meta]:
    states = {"D": "DISABLED", "R": "REPLICA", "A": "ALWAYS", "O": "ENABLED"}
    printed = {
        r["oid"]: r["t"] for r in c.query("SELECT oid, pg_get_triggerdef(oid) AS t FROM pg_trigger")
    }
    for t in c.table("pg_trigger"):
        table = t["tgrelid"]
        if not t["tgisinternal"] and table in c.relations:
            yield meta_row(
                "TRIGGER", "TRIGGER", kind_id(c.relation_id(table), "trigger", t["tgname"]),
                f"{c.relation_path(table)}.{object_path(t['tgname'])}", c.relation_id(table),
                t["tgname"], comment=c.comment("pg_trigger", t["oid"]), code=printed[t["oid"]],
                status=states[t["tgenabled"]],
                attributes={"function": c.procedure_id(t["tgfoid"])},
            )  # fmt: skip


_KIND_READERS: tuple[Callable[[Catalogue], Iterator[Meta]], ...] = (
    _database, _schemas, _relations, _columns, _constraints, _indexes, _sequences, _procedures,
    _triggers, *OTHER_KINDS,
)  # fmt: skip
