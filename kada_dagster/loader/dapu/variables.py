"""Values of dapu's profiles as texts with `${NAME}`; a secret never stands in the new project."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kada_dagster.loader.dapu.notes import Fields, mapping
from kada_dagster.loader.definition.written_secrets import (
    holds_written_secret,
    is_secret_header,
)

_WHOLE = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)%\Z")
_ANY = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)%")
_SCHEME = re.compile(r"\s*(?:basic|bearer|token)\s+\S", re.IGNORECASE)
_SECRET = re.compile(r"pass|pwd|secret|token|authorization|api.?key", re.IGNORECASE)


def is_secret(key: str) -> bool:
    """Whether what is called so is likely to be one."""
    return bool(_SECRET.search(key)) or is_secret_header(key)


def is_signature(text: str) -> bool:
    """Whether a text begins as the value of a header does that signs a request."""
    return bool(_SCHEME.match(text))


def has_variable(text: str) -> bool:
    """Whether `%NAME%` stands in a text."""
    return bool(_ANY.search(text))


def variable_name(*words: str) -> str:
    """A name for a variable: `ERP_PASSWORD`."""
    name = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).upper().strip("_")
    return name if name[:1].isalpha() else f"V_{name}"


def plain(fields: Fields, key: str, name: str, spelt: Callable[[str], str] = str) -> str | None:
    """A value that may be shown; None without it.

    Args:
        fields: of a profile.
        key: of the value.
        name: of the profile.
        spelt: how a value that is written down is spelled.
    """
    value = fields.take(key)
    if value is None or value == "":
        return None
    text = str(value)
    if match := _WHOLE.match(text):
        fields.say("mapped", key, f"${{{match[1]}}}")
        return f"${{{match[1]}}}"
    if "${" in text or is_secret(key) or holds_written_secret(text):
        return _put_away(fields, key, name)
    fields.say("mapped", key, key)
    return spelt(text)


def secret(fields: Fields, key: str, name: str) -> str | None:
    """A value that must not be shown: always a variable; None without it."""
    value = fields.take(key)
    if value is None or value == "":
        return None
    if match := _WHOLE.match(str(value)):
        fields.say("mapped", key, f"${{{match[1]}}}")
        return f"${{{match[1]}}}"
    return _put_away(fields, key, name)


def referring(fields: Fields, key: str, name: str, *, may_be_secret: bool = False) -> str | None:
    """A value of an API's, in which variables may stand anywhere."""
    value = fields.take(key)
    if value is None:
        return None
    return reference(fields, key, str(value), name, may_be_secret=may_be_secret)


def reference(
    fields: Fields, key: str, text: str, name: str, *, may_be_secret: bool = False
) -> str:
    """The same of a value that was taken."""
    made = _ANY.sub(r"${\1}", text)
    is_open = (may_be_secret or is_secret(key) or is_signature(text)) and made == text
    if "${" in text or is_open or holds_written_secret(made):
        return _put_away(fields, key, name)
    fields.say("mapped", key, key)
    return made


def timeout_of(fields: Fields) -> int | None:
    """Seconds to wait for an answer, of a number or of `{connect, read}`; None without any."""
    value: Any = fields.take("timeout")
    read = mapping(value).get("read", None if mapping(value) else value)
    if read is None:
        return None
    try:
        seconds = min(max(round(float(read)), 1), 86_400)
    except (TypeError, ValueError, OverflowError):
        fields.say("changed", "timeout", "is no number of seconds: the usual one is waited")
        return None
    fields.say("mapped", "timeout", "timeout, in whole seconds")
    return seconds


def _put_away(fields: Fields, key: str, name: str) -> str:
    variable = variable_name(name, key)
    fields.say("set", key, f"{variable}: the value that stands here is not copied")
    return f"${{{variable}}}"
