"""What PostgreSQL's catalogue says of types, and which mean the same in binary COPY data elsewhere.

The binary form of a value holds no name: a type counts as the same where its form depends on
nothing but the type's own code. Text is read by the target's own functions, and always right.
Facts: PostgreSQL's send and receive functions, `src/backend/utils/adt` (array_send and record_send
write the OIDs of their element types, which for types a user made differ from server to server).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

FIRST_USER_OID = 16_384
"""Types with smaller OIDs are built in: the same on every server that has them."""

_AS_TEXT = frozenset(
    {
        # numbers of objects of this server; as text they are names
        *("regproc", "regprocedure", "regoper", "regoperator", "regclass", "regcollation"),
        *("regtype", "regrole", "regnamespace", "regconfig", "regdictionary"),
        "money",  # its binary form leaves out how many digits stand behind the point
        *("int2vector", "oidvector"),  # empty ones are sent, but not received
    }
)
_OF_ANY = frozenset({"c", "e", "m", "r"})
"""Kinds of types that the server compares whoever made them."""

_MULTIRANGE = "(SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid)"
_SINCE = 140_000  # server version with multiranges


@dataclass(frozen=True)
class TypeFacts:
    """What the catalogue says of a type.

    Attributes:
        oid: number in its server.
        name: without its modifier, as `format_type` prints it.
        kind: `typtype`: b base, c composite, d domain, e enum, r range, m multirange, p pseudo.
        sends: whether it has a binary form.
        inner: what it is made of: element of an array, base of a domain, subtype of a range.
        is_array: whether it is one.
    """

    oid: int
    name: str
    kind: str
    sends: bool
    inner: TypeFacts | None = None
    is_array: bool = False


def read_types(cursor: Cursor, oids: Iterable[int]) -> dict[int, TypeFacts]:
    """The facts of types by OID, in one query.

    Args:
        cursor: of the server whose types they are.
        oids: of the types.

    Raises:
        psycopg2.Error: the server refuses.
    """
    text = files("kada_dagster.loader").joinpath("sql").joinpath("types.sql").read_text("utf-8")
    has_multiranges = cursor.connection.server_version >= _SINCE
    text = text.replace("{multirange}", _MULTIRANGE if has_multiranges else "NULL::oid")
    cursor.execute(text, {"oids": sorted(set(oids))})
    rows = {row[0]: row for row in cursor.fetchall()}

    def facts(oid: int) -> TypeFacts | None:
        if oid not in rows:
            return None
        _, name, kind, sends, inner, is_array = rows[oid]
        return TypeFacts(oid, name, kind, sends, facts(inner or 0), is_array)

    return {oid: found for oid in rows if (found := facts(oid)) is not None}


def is_compared_by_server(facts: TypeFacts | None) -> bool:
    """Whether the operators of a type are the server's own, and not of an extension."""
    if facts is None:
        return False
    base = _base(facts)
    return base.oid < FIRST_USER_OID or base.kind in _OF_ANY or base.is_array


def is_same_in_binary(source: TypeFacts | None, target: TypeFacts | None) -> bool:
    """Whether binary data of one type is right for the other."""
    if source is None or target is None:
        return False
    source, target = _base(source), _base(target)
    if source.name != target.name or source.kind != target.kind:
        return False
    if not (source.sends and target.sends) or source.name in _AS_TEXT:
        return False
    return _is_same_form(source, target)


def _base(facts: TypeFacts) -> TypeFacts:
    """A domain is stored and sent as what it is made of."""
    while facts.kind == "d" and facts.inner is not None:
        facts = facts.inner
    return facts


def _is_same_form(source: TypeFacts, target: TypeFacts) -> bool:
    is_built_in = source.oid == target.oid < FIRST_USER_OID
    if source.kind == "e":
        return True  # its labels
    if source.kind in ("r", "m"):
        return is_same_in_binary(source.inner, target.inner)
    if source.is_array:
        return is_built_in and is_same_in_binary(source.inner, target.inner)
    return is_built_in
