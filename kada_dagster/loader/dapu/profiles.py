"""Connection profiles: dapu's drivers as the kinds of source there are here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from kada_dagster.loader.dapu.notes import Fields
from kada_dagster.loader.dapu.variables import is_secret, plain, secret, variable_name

_PG = frozenset({"pg", "postgres", "postgresql", ""})
_MARIA = frozenset({"maria", "mariadb", "mysql"})
_URLS = {"mssql": "mssql+pymssql", "oracle": "oracle+oracledb"}
_PAIR = re.compile(r"([^;={}]+)=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")
_WORDS = {"pwd": "password"}
_REFERENCE = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)%\Z")


def profile_of(name: str, fields: Fields, root: Path) -> dict[str, Any] | None:
    """A profile as connections.yaml has it; None where there is nothing like it here.

    Args:
        name: of the profile, in the new project.
        fields: of the old one.
        root: of the old project, for paths.
    """
    driver = str(fields.take("driver") or "").lower()
    path = fields.take("path", "path")
    if path is not None and driver in ("", "file", "excel"):
        made = {"type": "folder", "path": str(root / str(path))}
    elif driver in _PG:
        made = _server("postgres", name, fields)
    elif driver in _MARIA:
        made = _server("mariadb", name, fields)
    elif driver in _URLS:
        made = {"type": "sqlalchemy", "url": _url(_URLS[driver], name, fields, driver)}
    elif driver in ("asa", "odbc"):
        made = {"type": "odbc", "connection_string": _odbc(driver, name, fields)}
    else:
        fields.say("lost", "driver", f"{driver}: there is no such kind of source here")
        return None
    if driver:
        fields.say("mapped", "driver", f"type: {made['type']}")
    if fields.take("debug"):
        fields.say("lost", "debug", "printed the password; nothing prints it here")
    fields.leave()
    return made


def _server(kind: str, name: str, fields: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {"type": kind}
    for key in ("host", "port", "database", "username"):
        if (value := plain(fields, key, name)) is not None:
            made[key] = int(value) if key == "port" and value.isdecimal() else value
    made.setdefault("host", "localhost")
    made.setdefault("database", name)
    if password := secret(fields, "password", name):
        made["password"] = password
    return {**made, **_options(kind, name, fields)}


def _options(kind: str, name: str, fields: Fields) -> dict[str, Any]:
    """What dapu hands to the driver as it is."""
    made: dict[str, Any] = {}
    for word in ("extra", "extras"):
        extra = fields.below(word)
        for key in extra.left:
            value = plain(extra, key, name)
            if key == "connect_timeout" and value and value.isdecimal() and int(value) > 0:
                made["connect_timeout"] = int(value)
            elif key == "sslmode" and kind == "postgres" and value:
                made["ssl_mode"] = value
            elif value is not None:
                made.setdefault("options", {})[key] = value
    return made


def _url(scheme: str, name: str, fields: Fields, driver: str) -> str:
    user = plain(fields, "username", name, quote_plus) or ""
    password = secret(fields, "password", name)
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host, port = plain(fields, "host", name) or "localhost", plain(fields, "port", name)
    database = plain(fields, "database", name, quote_plus) or ""
    place = f"{host}:{port}" if port else host
    if fields.take("mode"):
        fields.say("lost", "mode", "the driver's thin mode is used")
    behind = f"?service_name={database}" if driver == "oracle" else database
    return f"{scheme}://{login}{place}/{behind}"


def _odbc(driver: str, name: str, fields: Fields) -> str:
    if (text := fields.take("conn_string")) is not None:
        return _without_password(str(text), name, fields)
    parts = [("Driver", "{SQL Anywhere 17}" if driver == "asa" else "{ODBC Driver}")]
    fields.say("changed", "driver", "the name of the ODBC driver is a guess: correct it")
    host, port = plain(fields, "host", name), plain(fields, "port", name)
    if host:
        parts.append(("Host" if driver == "asa" else "Server", f"{host}:{port}" if port else host))
    for key, word in (("engine", "ServerName"), ("database", "DatabaseName"), ("username", "UID")):
        if value := plain(fields, key, name):
            parts.append((word, value))
    if password := secret(fields, "password", name):
        parts.append(("PWD", password))
    return ";".join(f"{key}={value}" for key, value in parts)


def _without_password(text: str, name: str, fields: Fields) -> str:
    def hidden(match: re.Match[str]) -> str:
        word = match[1].strip().lower()
        if not is_secret(word) or not match[2].strip():
            return match[0]
        if reference := _REFERENCE.match(match[2].strip()):
            return f"{match[1]}=${{{reference[1]}}}"
        variable = variable_name(name, _WORDS.get(word, word))
        fields.say("set", "conn_string", f"{variable}: the value in it is not copied")
        return f"{match[1]}=${{{variable}}}"

    fields.say("mapped", "conn_string", "connection_string")
    return _PAIR.sub(hidden, text)
