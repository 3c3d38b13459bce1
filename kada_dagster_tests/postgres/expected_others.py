"""The rows of META besides relations and what is in them: see `expected_meta`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from kada_dagster.extracts.identity import kind_id, object_id, object_path
from kada_dagster_tests.postgres.catalogue import Catalogue, Record, granted

Meta = dict[str, Any]
_OFTEN_BLANK = (
    "comment", "code", "data_type", "ordinal", "nullable", "default", "owner", "status",
)  # fmt: skip


def meta_row(
    kind: str, tool: str, object_id: str, path: str, parent: str, name: str, **rest: Any
) -> Meta:
    """A row of META with what is not given left empty."""
    blank = dict.fromkeys(_OFTEN_BLANK, "")
    head = {
        "kind": kind,
        "tool": tool,
        "id": object_id,
        "path": path,
        "parent": parent,
        "name": name,
    }
    return {**head, **blank, "attributes": {}, **rest}


def type_path(c: Catalogue, oid: int) -> str:
    """The PATH of a type."""
    t = c.by_oid("pg_type")[oid]
    return object_path(*c.root, c.schemas[t["typnamespace"]], t["typname"])


def _types(c: Catalogue) -> Iterator[Meta]:
    words = {
        "e": "ENUM",
        "d": "DOMAIN",
        "r": "RANGE",
        "m": "MULTIRANGE",
        "c": "COMPOSITE",
        "b": "BASE TYPE",
    }
    domains = {r["oid"]: r for r in c.query(_DOMAINS)}
    labels: dict[int, list[str]] = defaultdict(list)
    for label in c.query("SELECT * FROM pg_enum ORDER BY enumtypid, enumsortorder"):
        labels[label["enumtypid"]].append(label["enumlabel"])
    ranges = {
        r["rngtypid"]: r["t"]
        for r in c.query("SELECT rngtypid, rngsubtype::regtype::text AS t FROM pg_range")
    }
    arrays = c.array_elements()
    for t in c.table("pg_type"):
        oid, kind, row = t["oid"], t["typtype"], t["typrelid"]
        of_table = row and c.by_oid("pg_class")[row]["relkind"] != "c"
        if kind not in words or not c.wanted(t["typnamespace"]) or oid in arrays or of_table:
            continue
        domain = domains.get(oid, {})
        yield meta_row(
            "TYPE", words[kind], c.type_id(oid), type_path(c, oid),
            object_id(*c.root, c.schemas[t["typnamespace"]]), t["typname"],
            comment=c.comment("pg_type", oid), owner=c.roles[t["typowner"]],
            data_type=domain.get("printed") or ranges.get(oid),
            nullable="" if kind != "d" else "N" if t["typnotnull"] else "Y",
            default=domain.get("domain_default"),
            attributes={
                "attributes": [
                    {"name": a["attname"], "type": a["printed"]}
                    | ({"comment": said} if (said := c.comment("pg_class", row, n)) else {})
                    for n, a in c.columns[row].items()] if kind == "c" else None,
                "extension": c.extension("pg_type", oid), "labels": labels.get(oid),
            },
        )  # fmt: skip


_DOMAINS = """
SELECT t.oid, domain_default, format_type(typbasetype, typtypmod) AS printed
FROM information_schema.domains JOIN pg_namespace n ON nspname = domain_schema
JOIN pg_type t ON typnamespace = n.oid AND typname = domain_name"""


def _extensions(c: Catalogue) -> Iterator[Meta]:
    for e in c.table("pg_extension"):
        yield meta_row(
            "EXTENSION", "EXTENSION", kind_id(object_id(*c.root), "extension", e["extname"]),
            object_path(*c.root, e["extname"]), object_id(*c.root), e["extname"],
            comment=c.comment("pg_extension", e["oid"]), owner=c.roles[e["extowner"]],
            attributes={"schema": c.schemas[e["extnamespace"]], "version": e["extversion"]},
        )  # fmt: skip


def _policies(c: Catalogue) -> Iterator[Meta]:
    oids = {(p["polrelid"], p["polname"]): p["oid"] for p in c.table("pg_policy")}
    sql = (
        "SELECT *, roles::text[] AS whom,"
        " format('%I.%I', schemaname, tablename)::regclass::oid AS t FROM pg_policies"
    )
    for p in c.query(sql):
        table, name = p["t"], p["policyname"]
        parts = [("USING", p["qual"]), ("WITH CHECK", p["with_check"])]
        yield meta_row(
            "POLICY", "ROW SECURITY POLICY", kind_id(c.relation_id(table), "policy", name),
            f"{c.relation_path(table)}.{object_path(name)}", c.relation_id(table), name,
            comment=c.comment("pg_policy", oids[table, name]),
            code=" ".join(f"{word} ({test})" for word, test in parts if test),
            attributes={"command": p["cmd"], "permissive": p["permissive"] == "PERMISSIVE",
                        "roles": sorted(p["whom"])},
        )  # fmt: skip


def _publications(c: Catalogue) -> Iterator[Meta]:
    tables: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    for r in c.query("SELECT prpubid, prrelid FROM pg_publication_rel"):
        tables[r["prpubid"]].append(c.names(r["prrelid"]))
    schemas: dict[int, list[str]] = defaultdict(list)
    if c.version >= 15:
        for r in c.query("SELECT pnpubid, pnnspid FROM pg_publication_namespace"):
            schemas[r["pnpubid"]].append(c.schemas[r["pnnspid"]])
    for p in c.table("pg_publication"):
        yield meta_row(
            "PUBLICATION", "PUBLICATION", kind_id(object_id(*c.root), "publication", p["pubname"]),
            object_path(*c.root, p["pubname"]), object_id(*c.root), p["pubname"],
            comment=c.comment("pg_publication", p["oid"]), owner=c.roles[p["pubowner"]],
            attributes={
                "all_tables": p["puballtables"] or None,
                "operations": [word for word in _OPERATIONS if p[f"pub{word}"]],
                "schemas": [
                    object_id(*c.root, name) for name in sorted(schemas[p["oid"]], key=str.encode)
                ],
                "tables": [
                    object_id(*names)
                    for names in sorted(tables[p["oid"]], key=lambda n: [x.encode() for x in n])
                ],
            },
        )  # fmt: skip


_OPERATIONS = ("insert", "update", "delete", "truncate")


def _subscriptions(c: Catalogue) -> Iterator[Meta]:
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    for s in c.query(f"SELECT oid, * FROM pg_subscription WHERE subdbid = {here}"):
        yield meta_row(
            "SUBSCRIPTION", "SUBSCRIPTION",
            kind_id(object_id(*c.root), "subscription", s["subname"]),
            object_path(*c.root, s["subname"]), object_id(*c.root), s["subname"],
            comment=c.comment("pg_subscription", s["oid"]), owner=c.roles[s["subowner"]],
            status="ENABLED" if s["subenabled"] else "DISABLED",
            attributes={"publications": s["subpublications"], "slot": s["subslotname"]},
        )  # fmt: skip


def _foreign(c: Catalogue) -> Iterator[Meta]:
    options: dict[str, dict[str, str]] = defaultdict(dict)
    for o in c.query("SELECT * FROM information_schema.foreign_server_options"):
        options[o["foreign_server_name"]][o["option_name"]] = o["option_value"]
    wrappers = {w["oid"]: w["fdwname"] for w in c.table("pg_foreign_data_wrapper")}
    for s in c.table("pg_foreign_server"):
        name = s["srvname"]
        found = {key: options[name].get(known) for key, known in _OPTIONS.items()}
        yield meta_row(
            "SERVER", "FOREIGN SERVER", kind_id(object_id(*c.root), "server", name),
            object_path(*c.root, name), object_id(*c.root), name,
            comment=c.comment("pg_foreign_server", s["oid"]), owner=c.roles[s["srvowner"]],
            attributes={**found, "type": s["srvtype"], "version": s["srvversion"],
                        "wrapper": wrappers[s["srvfdw"]]},
        )  # fmt: skip
    for m in c.query("SELECT * FROM information_schema.user_mappings"):
        server, user = m["foreign_server_name"], m["authorization_identifier"]
        user = "public" if user == "PUBLIC" else user
        parent = kind_id(object_id(*c.root), "server", server)
        yield meta_row(
            "USER_MAPPING", "USER MAPPING", kind_id(parent, "user_mapping", user),
            object_path(*c.root, server, user), parent, user,
        )  # fmt: skip


_OPTIONS = {"database": "dbname", "host": "host", "port": "port"}
DEFAULT_KINDS = {
    "r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas",
    "L": "large objects",
}  # fmt: skip


def default_privileges(c: Catalogue) -> Iterator[tuple[Record, str, tuple[str, ...], list[str]]]:
    """Each default privilege with its name, the names of its container, and its grants."""
    for d in c.query("SELECT *, oid, defaclacl::text[] AS acl FROM pg_default_acl"):
        kind = DEFAULT_KINDS[d["defaclobjtype"]]
        names = (*c.root, c.schemas[d["defaclnamespace"]]) if d["defaclnamespace"] else c.root
        yield d, f"{c.roles[d['defaclrole']]} {kind}", names, d["acl"]


def _default_privileges(c: Catalogue) -> Iterator[Meta]:
    for d, name, names, acl in default_privileges(c):
        grants = [
            {"grantee": role, "privileges": privileges}
            for role, (privileges, _) in sorted(
                granted(acl, None).items(), key=lambda g: g[0].encode()
            )
        ]
        yield meta_row(
            "DEFAULT_PRIVILEGE", "DEFAULT PRIVILEGES",
            kind_id(object_id(*names), "default_privilege", name), object_path(*names, name),
            object_id(*names), name, owner=c.roles[d["defaclrole"]],
            attributes={"grants": grants, "object_type": DEFAULT_KINDS[d["defaclobjtype"]]},
        )  # fmt: skip


def _roles(c: Catalogue) -> Iterator[Meta]:
    for r in c.table("pg_roles"):
        name, until = r["rolname"], r["rolvaliduntil"]
        kind = (
            "PREDEFINED ROLE" if name.startswith("pg_") else "USER" if r["rolcanlogin"] else "ROLE"
        )
        limit = r["rolconnlimit"]
        yield meta_row(
            "USER", kind, kind_id(object_id(c.host), "role", name), object_path(c.host, name), "",
            name, comment=c.shared_comment("pg_authid", r["oid"]),
            attributes={
                "bypass_rls": r["rolbypassrls"] or None,
                "create_database": r["rolcreatedb"] or None,
                "create_role": r["rolcreaterole"] or None, "inherit": r["rolinherit"],
                "login": r["rolcanlogin"], "replication": r["rolreplication"] or None,
                "superuser": r["rolsuper"] or None,
                "connection_limit": None if limit == -1 else limit,
                "valid_until": until and f"{until.astimezone(dt.timezone.utc):%Y-%m-%d %H:%M:%S}",
            },
        )  # fmt: skip


OTHER_KINDS = (
    _types, _extensions, _policies, _publications, _subscriptions, _foreign, _default_privileges,
    _roles,
)  # fmt: skip
