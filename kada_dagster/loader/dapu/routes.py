"""A route: which profile its tasks read, and the APIs it may hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kada_dagster.config.problems import error_message
from kada_dagster.loader.dapu.api_values import values_of
from kada_dagster.loader.dapu.layout import OldProject
from kada_dagster.loader.dapu.notes import Fields, Notes, mapping
from kada_dagster.loader.dapu.variables import has_variable, referring, timeout_of, variable_name
from kada_dagster.loader.definition.route import RouteDefinition

_SHARED = ("params", "body")


@dataclass
class NewRoute:
    """A route of the new project.

    Attributes:
        name: of the route.
        definition: what route.yaml says.
        apis: profiles of its APIs, by the name of the API.
        profiles: what they say, by the name of the API.
        shared: what every request to an API holds: params, body.
        lacking: APIs whose requests lack a part of that.
        signed: values of headers, by the names of API and header; nothing shows them.
    """

    name: str
    definition: dict[str, Any] = field(default_factory=dict[str, Any])
    apis: dict[str, str] = field(default_factory=dict[str, str])
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    shared: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    lacking: set[str] = field(default_factory=set[str])
    signed: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str], repr=False
    )


def route_of(folder: Path, project: OldProject, connections: dict[str, dict[str, Any]]) -> NewRoute:
    """A route; the profiles of its APIs are added to the connections.

    Args:
        folder: of the old route.
        project: it is part of.
        connections: profiles of the new project, by name.
    """
    route = NewRoute(folder.name.lower())
    file = folder / "route.yaml"
    document = project.document(file) if file.is_file() else None
    if document is None:
        project.notes.add(
            "changed", str(file), "", "there is no such file: the route has no source"
        )
        return route
    fields = Fields.of(document, project.notes)
    if label := fields.take("name", "description"):
        route.definition["description"] = str(label)
    kind = str(fields.take("type") or "sql")
    _source(route, fields, project, connections)
    for name in fields.left:
        if isinstance(mapping(document.data).get(name), dict):
            for header, value in mapping(mapping(document.data)[name].get("headers")).items():
                route.signed[name, str(header).lower()] = str(value)
            _api(route, name, fields.below(name), connections)
    if kind not in ("sql", "file", "http"):
        fields.say("lost", "type", f"{kind}: there is no such kind of route")
    fields.leave()
    _check(route, str(file), project.notes)
    return route


def _check(route: NewRoute, where: str, notes: Notes) -> None:
    """Leave out what route.yaml may not say."""
    try:
        RouteDefinition.model_validate(route.definition)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            key = str(one["loc"][0])
            route.definition.pop(key, None)
            notes.add("lost", where, key, error_message(one, RouteDefinition))


def _source(
    route: NewRoute, fields: Fields, project: OldProject, connections: Collection[str]
) -> None:
    alias = fields.take("alias")
    if alias is None:
        return
    name = project.named(str(alias))
    if name in connections:
        fields.say("mapped", "alias", f"source: {name}")
        route.definition["source"] = name
    else:
        fields.say("lost", "alias", f"{name}: there is no such profile any more")


def _api(
    route: NewRoute, name: str, fields: Fields, connections: dict[str, dict[str, Any]]
) -> None:
    profile = name if name not in connections else f"{route.name}_{name}"
    made: dict[str, Any] = {"type": "http", "url": referring(fields, "url", profile) or ""}
    if headers := _headers(route, name, fields.below("headers"), profile):
        made["headers"] = headers
    if login := _login(fields.below("auth"), profile):
        made["auth"] = login
    if seconds := timeout_of(fields):
        made["timeout"] = seconds
    shared = {key: values_of(fields, key) for key in _SHARED}
    route.shared[name] = {key: kept for key, (kept, _) in shared.items() if kept}
    if any(is_less for _, is_less in shared.values()):
        route.lacking.add(name)
    fields.take("method")
    fields.leave()
    connections[profile] = made
    route.apis[name], route.profiles[name] = profile, made


def _headers(route: NewRoute, name: str, headers: Fields, profile: str) -> dict[str, str]:
    """The headers of an API; tasks need a hand where the name of one holds a variable."""
    made: dict[str, str] = {}
    for key in headers.left:
        if has_variable(str(key)):
            route.lacking.add(name)
            headers.say("set", key, "is not copied: the name of a header takes no variable")
            headers.take(key)
        elif (value := referring(headers, key, profile)) is not None:
            made[key] = value
    return made


def _login(fields: Fields, profile: str) -> dict[str, Any]:
    kind = str(fields.take("method") or "none")
    if kind == "bearer_token":
        token = referring(fields, "token", profile, may_be_secret=True)
        return {"type": "bearer", "token": token or f"${{{variable_name(profile, 'token')}}}"}
    if kind == "basic":
        password = referring(fields, "password", profile, may_be_secret=True)
        return {
            "type": "basic",
            "username": referring(fields, "username", profile) or "",
            "password": password or f"${{{variable_name(profile, 'password')}}}",
        }
    if kind != "none":
        fields.say("lost", "method", f"{kind}: there is no such login; see docs of `auth`")
    return {}
