"""Values of a tool's configuration that should name a place, and may hold more: a password.

Users paste whole addresses into such fields: `jdbc:postgresql://h/db?user=u&password=p`. What is
taken of a value becomes a part of ids and is stored.
"""

from __future__ import annotations

import re

_SIGNS = ("@", "://", "?", "=")
_HOST = re.compile(r"[^/?#;&=,\s]*")
_PORT = re.compile(r":\d*$", re.ASCII)


def is_name(value: str) -> bool:
    """Whether a value is a name and no address, query or setting, which may hold a password."""
    return not any(sign in value for sign in _SIGNS)


def host_in(value: str) -> str:
    """The host in an address; a value that is no address as it is.

    Empty where no host can be told for sure, and where `@` is in it: what stands before it may be
    a password, and so may what stands behind.
    """
    if is_name(value) and "/" not in value:
        return value
    _, is_url, behind = value.partition("://")
    rest = behind if is_url else value
    found = _HOST.match(rest)
    host = found[0] if found else ""
    is_setting = rest[len(host) :].startswith("=")  # `host=h password=p`
    return "" if "@" in value or is_setting else _PORT.sub("", host)
