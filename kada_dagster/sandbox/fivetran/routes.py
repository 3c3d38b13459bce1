"""From a request to an answer: the paths of the API, over a world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from kada_dagster.sandbox.fivetran.account_routes import AccountRoutes
from kada_dagster.sandbox.fivetran.call import Call, refused
from kada_dagster.sandbox.fivetran.connection_routes import ConnectionRoutes
from kada_dagster.sandbox.fivetran.history_routes import HistoryRoutes
from kada_dagster.sandbox.fivetran.refusal import RefusedError, no_such_path
from kada_dagster.sandbox.fivetran.schema_routes import SchemaRoutes
from kada_dagster.sandbox.fivetran.webhook_routes import WebhookRoutes
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer

Handler = Callable[..., Answer]
Parts = tuple[str, ...]

_ANY = ""
"""Stands in a path for what goes to the handler."""


class Routes:
    """The API over a world."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world
        self._table: dict[Parts, dict[str, Handler]] = {}
        self._add_connections(ConnectionRoutes(world), HistoryRoutes(world))
        self._add_schemas(SchemaRoutes(world))
        self._add_account(AccountRoutes(world))
        self._add_webhooks(WebhookRoutes(world))

    def answer(self, call: Call) -> Answer:
        """The answer to a request that was let in."""
        try:
            parts = self._current(tuple(map(unquote, call.path.strip("/").split("/"))))
            handlers, given = self._found(parts)
            handler = handlers.get(call.method)
            if handler is None:
                raise RefusedError(405, "MethodNotAllowed", "HTTP 405 Method Not Allowed")
            call.check_accept(second=not self._world.quirks.strict_accept or _is_second(parts))
            if call.method != "GET":
                call.value()  # refused before anything is looked up
            return handler(call, *given)
        except RefusedError as error:
            return refused(_in_older_words(error) if "/connectors/" in call.path else error)

    def _current(self, parts: Parts) -> Parts:
        """A path in the words of today, if those used are known.

        Raises:
            RefusedError: 404.
        """
        quirks = self._world.quirks
        is_metadata = parts[1:2] == ("metadata",)
        legacy = "connectors" in (parts[1:2] + parts[3:4]) and not is_metadata
        current = "connections" in (parts[1:2] + parts[3:4])
        if (legacy and not quirks.legacy_paths) or (current and not quirks.current_paths):
            raise no_such_path()
        if not legacy:
            return parts
        place = 1 if parts[1] == "connectors" else 3
        return (*parts[:place], "connections", *parts[place + 1 :])

    def _found(self, parts: Parts) -> tuple[Mapping[str, Handler], list[str]]:
        for pattern, handlers in self._table.items():
            if len(pattern) == len(parts) and all(
                wanted in (_ANY, part) for wanted, part in zip(pattern, parts)
            ):
                given = [part for wanted, part in zip(pattern, parts) if wanted == _ANY]
                return handlers, given
        raise no_such_path()

    def _add(self, path: str, **handlers: Handler) -> None:
        self._table[("v1", *path.split("/"))] = handlers

    def _add_connections(self, routes: ConnectionRoutes, syncs: HistoryRoutes) -> None:
        self._add("connections", GET=routes.list)
        self._add("groups//connections", GET=routes.list_of_group)
        self._add("connections/", GET=routes.one, PATCH=routes.change)
        self._add("connections//sync", POST=routes.sync)
        self._add("connections//force", POST=routes.force)
        self._add("connections//test", POST=routes.test)
        self._add("connections//state", GET=routes.state, PATCH=routes.set_state)
        self._add("connections//sync-history", GET=syncs.history)
        self._add("connections//warnings", GET=syncs.warnings)
        self._add("connections//errors", GET=syncs.errors)

    def _add_schemas(self, routes: SchemaRoutes) -> None:
        self._add("connections//schemas", GET=routes.shown)
        self._add("connections//schemas/reload", POST=routes.reload)
        self._add("connections//resync", POST=routes.resync)
        self._add("connections//schemas/tables/resync", POST=routes.resync_tables)
        self._add("connections//schemas//tables//resync", POST=routes.resync_table)
        self._add("connections//schemas//tables//columns", GET=routes.columns)
        self._add("metadata/connectors//", GET=routes.metadata)

    def _add_account(self, routes: AccountRoutes) -> None:
        self._add("account/info", GET=routes.info)
        self._add("groups", GET=routes.groups)
        self._add("groups/", GET=routes.group)
        self._add("destinations", GET=routes.destinations)
        self._add("destinations/", GET=routes.destination)
        self._add("metadata/connector-types", GET=routes.connector_types)
        self._add("metadata/connector-types/", GET=routes.connector_type)
        self._add("transformations", GET=routes.transformations)
        self._add("transformations/", GET=routes.transformation, PATCH=routes.change_transformation)
        self._add("transformations//run", POST=routes.run_transformation)
        self._add("transformations//cancel", POST=routes.cancel_transformation)

    def _add_webhooks(self, routes: WebhookRoutes) -> None:
        self._add("webhooks", GET=routes.list)
        self._add("webhooks/account", POST=routes.of_account)
        self._add("webhooks/group/", POST=routes.of_group)
        self._add("webhooks/", GET=routes.one, PATCH=routes.change, DELETE=routes.delete)
        self._add("webhooks//test", POST=routes.test)


def _in_older_words(error: RefusedError) -> RefusedError:
    """An error as paths of old have it: there, connections are connectors."""
    if error.code != "NotFound_Connection":
        return error
    text = error.message.replace("Connection", "Connector", 1)
    return RefusedError(error.status, "NotFound_Connector", text)


def _is_second(parts: Parts) -> bool:
    """Whether a path speaks version 2: connections and destinations, but not schemas."""
    return parts[1] in ("connections", "destinations") and parts[3:4] != ("schemas",)
