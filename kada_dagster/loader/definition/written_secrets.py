"""What in a profile must be a reference: by the names of keys, and where passwords stand in texts.

One place for all kinds of profile, so that what is a secret in one is a secret in the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_plus

from kada_dagster.loader.definition.template import NOT_HERE, Template

_SECRET_KEY = re.compile(
    "password|passwd|passphrase|passcode|pwd|secret|token|credential|cookie|authorization|signature"
    "|(?:account|api|app|private|master|encryption|subscription)key|shared(?:access)?key|scram.*key"
)
_NO_SECRET_KEY = re.compile(
    "(?:file|filename|path|dir|url|uri|endpoint|id|name|type|method|scope|algorithm)$"
)
"""What a key ends in that says where a secret is, or of what kind."""

_SECRET_HEADER = re.compile(r"authorization|cookie|api-?key|token|secret", re.IGNORECASE)
_ANSWERS = frozenset({"", "true", "false", "yes", "no"})
_WAYS = frozenset({"anon", "google_default", "cache", "browser", "cloud"})
"""What gcsfs takes as `token` and is none; the name of a file of credentials is another one."""

_IN_STRING = re.compile(r"([^;=?&/]+)=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")
_IN_QUERY = re.compile(r"([^;=?&/]+)=([^&]*)")
_IN_ADDRESS = re.compile(r"([\w.+-]+)://[^/@]*?:(?!\d+(?:/|$))([^@]+)@")
_WITHOUT_LOGIN = frozenset({"github", "git", "gist"})  # owner:repository@commit
_LOGIN_IN_OPTIONS = frozenset({"ftp", "sftp", "ssh", "smb"})
NO_LOGIN_HERE = (
    "a login does not stand in a URL, which a password with / or @ in it would break; write "
    "username and password below options, and write ${NAME} for the password"
)


def is_secret_key(name: str) -> bool:
    """Whether a parameter of a driver or of an address holds a secret, by its name."""
    letters = re.sub(r"[^a-z0-9]", "", unquote_plus(name).lower())
    return bool(_SECRET_KEY.search(letters)) and not _NO_SECRET_KEY.search(letters)


def is_secret_header(name: str) -> bool:
    """Whether a header of HTTP holds a secret, by its name."""
    return bool(_SECRET_HEADER.search(name)) or is_secret_key(name)


def secrets_in(text: str) -> Iterator[str]:
    """The secrets in an address or a connection string, written out or as references.

    Args:
        text: with a login, or with `key=value` apart by `;` or `&`; a value may be such a text.
    """
    for protocol, password in _IN_ADDRESS.findall(text):
        if protocol not in _WITHOUT_LOGIN:
            yield password
    for key, value in (*_IN_STRING.findall(text), *_IN_QUERY.findall(text)):
        if _is_secret(key, value):
            yield value
        elif "=" in (inner := unquote_plus(value)):
            yield from secrets_in(inner)


def holds_written_secret(text: str) -> bool:
    """Whether a secret in an address or a connection string is no reference."""
    return any(not Template(value).variables for value in secrets_in(text))


def has_login(url: str) -> bool:
    """Whether a URL holds a login that its driver takes as options, too."""
    return any(protocol in _LOGIN_IN_OPTIONS for protocol, _ in _IN_ADDRESS.findall(url))


def without_written_secret(template: Template) -> Template:
    """An address or a connection string, if its secrets are references.

    Raises:
        ValueError: a secret itself is there.
    """
    if holds_written_secret(template.text):
        raise ValueError(NOT_HERE)
    return template


def referring_options(options: dict[str, Template]) -> dict[str, Template]:
    """Parameters of a driver, if what is secret in them are references.

    Raises:
        ValueError: a secret itself is there; names the parameter.
    """
    for key, value in options.items():
        if is_written_secret(key, value.text) or holds_written_secret(value.text):
            raise ValueError(f"{key}: {NOT_HERE}")
    return options


def is_written_secret(key: str, text: str) -> bool:
    """Whether a value is a secret by the name of its key, and no reference."""
    return _is_secret(key, text) and not Template(text).variables


def hidden_options(options: Mapping[str, object]) -> Iterator[str]:
    """The values of a driver's parameters that no message may hold."""
    for key, value in options.items():
        if isinstance(value, str):
            if _is_secret(key, value):
                yield value
            yield from secrets_in(value)


def _is_secret(key: str, value: str) -> bool:
    text = value.strip("{} ").lower()
    is_way = key.lower() == "token" and (text in _WAYS or text.endswith(".json"))
    return is_secret_key(key) and text not in _ANSWERS and not is_way
