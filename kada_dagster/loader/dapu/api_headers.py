"""Headers of a task's request: those that sign it belong to the profile of its API."""

from __future__ import annotations

from typing import Any

from kada_dagster.loader.dapu.api_values import LEFT_OUT, is_kept_away
from kada_dagster.loader.dapu.notes import Fields
from kada_dagster.loader.dapu.routes import NewRoute
from kada_dagster.loader.dapu.task_draft import TaskDraft
from kada_dagster.loader.dapu.variables import has_variable, is_secret, reference


def headers_of(headers: Fields, draft: TaskDraft, route: NewRoute, api: str) -> dict[str, Any]:
    """The headers a task may hold; secret ones go into the profile of the API.

    Args:
        headers: of dapu's request.
        draft: of the task; needs a hand where one is left out.
        route: of the task.
        api: which of the route's is asked.
    """
    kept: dict[str, Any] = {}
    for key in headers.left:
        value: Any = headers.take(key)
        can_move = isinstance(value, str) and value and not has_variable(str(key))
        if is_secret(str(key)) and can_move:
            why = _sign(headers, str(key), value, route, api)
        else:
            why = LEFT_OUT if is_kept_away(str(key), value) or _is_deep(value) else ""
            kept.update({} if why or value is None else {key: value})
        if why:
            headers.say("set", key, why)
            draft.need_hand(headers, key, "is left out")
        elif key in kept:
            headers.say("mapped", key, "source.http.headers")
    return kept


def _sign(headers: Fields, key: str, value: str, route: NewRoute, api: str) -> str:
    """Why the profile cannot send a header; '' where it does."""
    profile = route.apis.get(api)
    if profile is None:
        return f"{LEFT_OUT}; there is no such API, whose profile could send it"
    known = route.signed.setdefault((api, key.lower()), value)
    if known != value:
        return f"is not copied: requests of {api} send different ones; give each a profile"
    made = route.profiles[api].setdefault("headers", {})
    if key.lower() not in {str(name).lower() for name in made}:
        made[key] = reference(headers, key, value, profile)
        headers.say("changed", key, f"is part of profile {profile}: all requests send it")
    return ""


def _is_deep(value: object) -> bool:
    return isinstance(value, (dict, list))
