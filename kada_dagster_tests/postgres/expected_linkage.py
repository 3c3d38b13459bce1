"""Every row LINKAGE must hold besides column lineage, worked out from `catalogue.Catalogue`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from kada_dagster.extracts.identity import kind_id, object_id
from kada_dagster_tests.postgres.catalogue import Catalogue, Record, granted
from kada_dagster_tests.postgres.expected_others import default_privileges

Link = tuple[str, str, str, str, str, str, Any]
"""A row, its ATTRIBUTES as a dict."""


def expected_linkage(catalogue: Catalogue) -> list[Link]:
    return [link for kind in _KIND_READERS for link in kind(catalogue)]


def _dependencies(c: Catalogue, target: str) -> Iterator[tuple[str, int, int, int, int]]:
    """What normally depends on objects of a catalogue: class, object, part, target, its part."""
    names = {oid: name for name, oid in c.classes.items()}
    for d in c.dependencies:
        if d["deptype"] == "n" and d["refclassid"] == c.classes[target]:
            yield names[d["classid"]], d["objid"], d["objsubid"], d["refobjid"], d["refobjsubid"]


def _views(c: Catalogue) -> dict[int, int]:
    """The view of each `_RETURN` rule."""
    rules = c.query("SELECT oid, ev_class, rulename FROM pg_rewrite")
    return {
        r["oid"]: r["ev_class"]
        for r in rules
        if r["rulename"] == "_RETURN" and r["ev_class"] in c.relations
    }


def _view_lineage(c: Catalogue) -> Iterator[Link]:
    views, found = _views(c), set[tuple[int, int]]()
    for kind, rule, _, source, _ in _dependencies(c, "pg_class"):
        if (
            kind == "pg_rewrite"
            and rule in views
            and views[rule] != source
            and source in c.relations
        ):
            found.add((source, views[rule]))
    _agree_with_the_standard(c, found)
    for source, view in found:
        yield _link("TABLE", c.relation_id(source), "TABLE", c.relation_id(view), "LINEAGE")


def _agree_with_the_standard(c: Catalogue, found: set[tuple[int, int]]) -> None:
    """information_schema knows the plain ones, to check this oracle by."""
    sql = "SELECT * FROM information_schema.view_table_usage WHERE NOT view_schema ~ '^(pg_|info)'"
    known = {
        c.names(s)[2:] + c.names(v)[2:]
        for s, v in found
        if c.relations[s]["relkind"] in "rpvf" and c.relations[v]["relkind"] == "v"
    }
    assert known == {
        (r["table_schema"], r["table_name"], r["view_schema"], r["view_name"]) for r in c.query(sql)
        if not r["table_schema"].startswith(("pg_", "information_schema"))
    }  # fmt: skip


def _link(
    kind: str, source: str, target_kind: str, target: str, word: str, **attributes: Any
) -> Link:
    given = {key: value for key, value in attributes.items() if value not in (None, [])}
    return kind, source, target_kind, target, word, "DIRECT", given


def _generated(c: Catalogue) -> Iterator[Link]:
    if c.version < 12:
        return
    sql = "SELECT attrelid, attnum FROM pg_attribute WHERE attgenerated <> ''"
    generated = {(r["attrelid"], r["attnum"]) for r in c.query(sql)}
    defaults = {
        r["oid"]: (r["adrelid"], r["adnum"]) for r in c.query("SELECT oid, * FROM pg_attrdef")
    }
    found = set[tuple[tuple[int, int], tuple[int, int]]]()
    for d in c.dependencies:
        if d["refclassid"] == c.classes["pg_class"] and d["refobjsubid"]:
            column = (d["objid"], d["objsubid"])
            if d["classid"] == c.classes["pg_attrdef"]:
                column = defaults[d["objid"]]
            source = (d["refobjid"], d["refobjsubid"])
            if column in generated and column != source and source[0] == column[0]:
                found.add((source, column))
    for source, column in found:
        yield _link("COLUMN", c.column_id(*source), "COLUMN", c.column_id(*column), "LINEAGE")


def _foreign_keys(c: Catalogue) -> Iterator[Link]:
    found: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for k in c.table("pg_constraint"):
        if k["contype"] == "f" and k["conrelid"] in c.relations:
            own, other = k["conrelid"], k["confrelid"]
            found["TABLE", c.relation_id(own), c.relation_id(other)].append(k)
            for a, b in zip(k["conkey"], k["confkey"], strict=True):
                found["COLUMN", c.column_id(own, a), c.column_id(other, b)].append(k)
    for (kind, source, target), keys in found.items():
        names = sorted((k["conname"] for k in keys), key=str.encode)
        sure = "INHERITED" if all(k["conparentid"] for k in keys) else "DIRECT"
        yield kind, source, kind, target, "REFERENCES", sure, {"constraints": names}


def _inheritance(c: Catalogue) -> Iterator[Link]:
    classes = c.by_oid("pg_class")
    for i in c.query("TABLE pg_inherits"):
        child, parent = i["inhrelid"], i["inhparent"]
        if c.mine(classes[child]):
            kind = "INDEX" if classes[child]["relkind"] in "iI" else "TABLE"
            part = classes[child]["relispartition"] or None
            yield _link(
                kind, c.relation_id(child), kind, c.relation_id(parent), "INHERITS", partition=part
            )


def _code(c: Catalogue) -> dict[tuple[str, int], tuple[str, str, int]]:
    """Type, id and relation of all code: by catalogue and oid."""
    found: dict[tuple[str, int], tuple[str, str, int]] = {}
    for rule, view in _views(c).items():
        found["pg_rewrite", rule] = ("TABLE", c.relation_id(view), view)
    for p in c.table("pg_proc"):
        if c.wanted(p["pronamespace"]):
            found["pg_proc", p["oid"]] = ("PROCEDURE", c.procedure_id(p["oid"]), 0)
    for t in c.table("pg_trigger"):
        if not t["tgisinternal"] and (table := t["tgrelid"]) in c.relations:
            where = kind_id(c.relation_id(table), "trigger", t["tgname"])
            found["pg_trigger", t["oid"]] = ("TRIGGER", where, table)
    for p in c.table("pg_policy"):
        table = p["polrelid"]
        found["pg_policy", p["oid"]] = (
            "POLICY",
            kind_id(c.relation_id(table), "policy", p["polname"]),
            table,
        )
    for v in c.query("SELECT oid, adrelid, adnum FROM pg_attrdef"):
        if (table := v["adrelid"]) in c.relations:
            found["pg_attrdef", v["oid"]] = ("COLUMN", c.column_id(table, v["adnum"]), table)
    for k in c.table("pg_constraint"):
        if k["contype"] in "puxcf" and c.wanted(k["connamespace"]):
            table = k["conrelid"]
            owner = c.relation_id(table) if table else c.type_id(k["contypid"])
            found["pg_constraint", k["oid"]] = (
                "CONSTRAINT",
                kind_id(owner, "constraint", k["conname"]),
                table,
            )
    for i in c.query("TABLE pg_index"):
        if i["indrelid"] in c.relations:
            found["pg_class", i["indexrelid"]] = (
                "INDEX",
                c.relation_id(i["indexrelid"]),
                i["indrelid"],
            )
    return found


def _needs(c: Catalogue) -> Iterator[Link]:
    code, found = _code(c), set[tuple[str, str, str, str]]()
    for kind, oid, _, function, _ in _dependencies(c, "pg_proc"):
        schema = c.schemas[c.by_oid("pg_proc")[function]["pronamespace"]]
        if (kind, oid) in code and schema not in ("pg_catalog", "information_schema"):
            found.add((*code[kind, oid][:2], "PROCEDURE", c.procedure_id(function)))
    for kind, oid, _, other, _ in _dependencies(c, "pg_class"):
        relation = c.by_oid("pg_class")[other]
        is_sequence = relation["relkind"] == "S" and c.mine(relation)
        if (kind, oid) in code and (is_sequence or other in c.relations):
            type_, where, table = code[kind, oid]
            if is_sequence or (type_ in ("PROCEDURE", "TRIGGER", "POLICY") and other != table):
                found.add(
                    (type_, where, "SEQUENCE" if is_sequence else "TABLE", c.relation_id(other))
                )
    for link in found:
        if link[1] != link[3]:
            yield _link(*link, "DEPENDS_ON")


def _memberships(c: Catalogue) -> Iterator[Link]:
    found: dict[tuple[int, int], bool] = defaultdict(bool)
    for m in c.query("TABLE pg_auth_members"):
        found[m["member"], m["roleid"]] |= m["admin_option"]
    for (member, role), admin in found.items():
        one, two = _role(c, c.roles[member]), _role(c, c.roles[role])
        yield _link("USER", one, "USER", two, "MEMBER_OF", admin=admin or None)


def _role(c: Catalogue, name: str) -> str:
    return kind_id(object_id(c.host), "role", name)


def _objects(c: Catalogue) -> Iterator[tuple[str, str, list[str], int]]:
    """What can have privileges: type, id, privileges, owner."""
    database = next(d for d in c.table("pg_database") if d["datname"] == c.database)
    if acl := c.acl("pg_database", "datacl").get(database["oid"]):
        yield "DATABASE", object_id(*c.root), acl, database["datdba"]
    for oid, acl in c.acl("pg_namespace", "nspacl").items():
        if c.wanted(oid):
            yield (
                "SCHEMA",
                object_id(*c.root, c.schemas[oid]),
                acl,
                c.by_oid("pg_namespace")[oid]["nspowner"],
            )
    for oid, acl in c.acl("pg_class", "relacl").items():
        relation = c.by_oid("pg_class")[oid]
        if c.mine(relation) and relation["relkind"] in "rpvmfS":
            kind = "SEQUENCE" if relation["relkind"] == "S" else "TABLE"
            yield kind, c.relation_id(oid), acl, relation["relowner"]
    for oid, relation in c.relations.items():
        for number, column in c.columns[oid].items():
            if column["acl"] is not None:
                yield "COLUMN", c.column_id(oid, number), column["acl"], relation["relowner"]
    for oid, acl in c.acl("pg_proc", "proacl").items():
        if c.wanted(c.by_oid("pg_proc")[oid]["pronamespace"]):
            yield "PROCEDURE", c.procedure_id(oid), acl, c.by_oid("pg_proc")[oid]["proowner"]
    for oid, acl in c.acl("pg_type", "typacl").items():
        if c.wanted(c.by_oid("pg_type")[oid]["typnamespace"]):
            yield "TYPE", c.type_id(oid), acl, c.by_oid("pg_type")[oid]["typowner"]
    for oid, acl in c.acl("pg_foreign_server", "srvacl").items():
        server = c.by_oid("pg_foreign_server")[oid]
        yield (
            "SERVER",
            kind_id(object_id(*c.root), "server", server["srvname"]),
            acl,
            server["srvowner"],
        )


def _grants(c: Catalogue) -> Iterator[Link]:
    for kind, where, acl, owner in _objects(c):
        for role, (privileges, grantable) in granted(acl, c.roles[owner]).items():
            yield _link(
                "USER", _role(c, role), kind, where, "GRANT",
                privileges=privileges, grantable=grantable,
            )  # fmt: skip


def _default_grants(c: Catalogue) -> Iterator[Link]:
    for d, name, names, acl in default_privileges(c):
        where = kind_id(object_id(*names), "default_privilege", name)
        for role, (privileges, _) in granted(acl, c.roles[d["defaclrole"]]).items():
            yield _link(
                "USER", _role(c, role), "DEFAULT_PRIVILEGE", where, "GRANT", privileges=privileges
            )


_KIND_READERS: tuple[Callable[[Catalogue], Iterator[Link]], ...] = (
    _view_lineage, _generated, _foreign_keys, _inheritance, _needs, _memberships, _grants,
    _default_grants,
)  # fmt: skip
