"""Object ids and paths: how an object is named in K.

Relations, columns and procedures are `host.database.schema.name[.column]` as the contract says.
Every other kind of object (types, constraints, triggers, roles, ...) lives in a name space of
its own in the source, so its id carries its kind in parentheses behind its container:
`host.db.schema.orders.(constraint).orders_pkey`. A component is quoted where it could be taken
for something else, so that ids are unique and `split_id` gives the components back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMPONENT = re.compile(r'"((?:[^"]|"")*)"(?=\.|\Z)|([^".]+)(?=\.|\Z)', re.DOTALL)


def component(name: str) -> str:
    """One component of an id: quoted, `"` doubled, where it holds `.` or `"`.

    A name that ends with `)` is quoted too: bare, it would read as a procedure's signature or
    as a kind marker. So is an empty name, of which bare nothing would be left.
    """
    if not name or "." in name or '"' in name or name.endswith(")"):
        return '"' + name.replace('"', '""') + '"'
    return name


def procedure_component(name: str, argument_types: str) -> str:
    """A procedure's component: name and argument types, `f(integer, text)`, quoted as needed.

    Where it needs quotes, a relation of the same schema whose name is that very signature has
    the same component; then the two ids are one, and the unique ids check says so.
    """
    signature = f"{name}({argument_types})"
    if "." in signature or '"' in signature:
        return '"' + signature.replace('"', '""') + '"'
    return signature


def object_id(*names: str) -> str:
    """The id of a relation or column: its names from the host down, joined with `.`."""
    return ".".join(component(name) for name in names)


def kind_id(container: str, kind: str, name: str) -> str:
    """The id of an object that is neither relation, column nor procedure.

    Args:
        container: id of the object that holds it.
        kind: lower-case kind, e.g. `constraint`.
        name: name as the source spells it.
    """
    return f"{container}.({kind}).{component(name)}"


def object_path(*names: str) -> str:
    """The fully qualified path: `.` inside a component becomes `_`."""
    return ".".join(name.replace(".", "_") for name in names)


def split_id(text: str) -> list[str]:
    """The components of an id, unquoted: the reverse of `object_id`.

    Raises:
        ValueError: the text is not an id.
    """
    return list(_components(text))


def _components(text: str) -> Iterator[str]:
    position = 0
    while True:
        match = _COMPONENT.match(text, position)
        if match is None:
            raise ValueError(f"not an object id at character {position}: {text[:200]!r}")
        quoted, bare = match.groups()
        yield bare if quoted is None else quoted.replace('""', '"')
        if match.end() == len(text):
            return
        position = match.end() + 1
