"""A connection of a loader: its variables set, its server reached, and opened as a load does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.environment import variables_verdicts
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.network import Address, address_of, reach
from kada_dagster.doctor.postgres import knock
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.template import Template

if TYPE_CHECKING:
    from kada_dagster.loader.definition.profiles import Profile
    from kada_dagster.loader.server import Server

_MYSQL_PORT = "3306"
_WITHOUT_SERVER = ("sqlite", "folder")


@dataclass(frozen=True)
class Connection:
    """A profile of connections.yaml that is used.

    Attributes:
        loader: name of the loader.
        name: of the profile.
        profile: the profile.
        shared: see there.
        sent: variables that tasks which use it name themselves.
    """

    loader: str
    name: str
    profile: Profile
    shared: Shared
    sent: tuple[str, ...] = ()

    def checks(self) -> list[Check]:
        """Its checks; the last one says whether it can be used."""
        variables = (*Template(self.profile.model_dump_json()).variables, *self.sent)
        checks: list[Check] = []
        if variables:
            checks.append(self._check("secrets", lambda: _variables(variables)))
        if self._kind.type not in _WITHOUT_SERVER:
            checks.append(self._check("server", self._server, *checks, remote=True))
        if self._kind.type != "http":  # an API has no call that only says that it lets one in
            is_here = getattr(self.profile, "path", None) is not None
            checks.append(self._check("login", self._login, *checks, remote=not is_here))
        return checks

    def server_address(self) -> Server:
        """The server of a profile of type postgres.

        Raises:
            ConfigError: it is none, or a variable is not set.
        """
        from kada_dagster.loader.definition.profiles import PostgresProfile
        from kada_dagster.loader.profile_server import server_of

        profile = self._patient()
        if not isinstance(profile, PostgresProfile):
            raise ConfigError(f"connections.yaml: {self.name}: must be of type postgres")
        return server_of(profile, self.name)

    @property
    def _kind(self) -> Any:
        return self.profile

    def _check(self, name: str, probe: Any, *needs: Check, remote: bool = False) -> Check:
        return Check(self.loader, f"{self.name} {name}", probe, needs=needs, remote=remote)

    def _server(self) -> Iterator[Verdict]:
        """Reach it, where the profile says where it is."""
        patience = self.shared.patience(getattr(self.profile, "connect_timeout", 10))
        if self._kind.type == "postgres":
            yield from knock(self.server_address().address, patience)
        elif (address := self._address()) is not None:
            yield from reach(address, patience)
        else:
            yield ok("only the driver knows where it is")

    def _login(self) -> Iterator[Verdict]:
        from kada_dagster.loader.source.registry import open_source

        with closing(open_source(self._patient(), self.name)) as source:
            if self._kind.type == "folder":
                yield _listed(source)
            else:
                yield ok("it can be opened")

    def _patient(self) -> Profile:
        """The profile, with no more patience than a check has."""
        given: int | None = getattr(self.profile, "connect_timeout", None)
        if given is None:
            return self.profile
        patience = int(self.shared.patience(given))
        return self.profile.model_copy(update={"connect_timeout": patience})

    def _address(self) -> Address | None:
        if self._kind.type == "http":
            return address_of(self._text("url"), f"url of {self.name}")
        fields = f"host and port of {self.name}"
        if self._kind.type in ("mysql", "mariadb"):
            host, port = self._text("host"), self._text("port") or _MYSQL_PORT
            return None if host.startswith("/") else Address(host, int(port), fields)
        if self._kind.type == "sqlalchemy":
            from kada_dagster.loader.source.sqlalchemy_engine import address_of as engine_of

            url = engine_of(self._kind.url, self.name).engine.url
            return Address(url.host, url.port, fields) if url.host and url.port else None
        return None

    def _text(self, key: str) -> str:
        template: Template | None = getattr(self.profile, key)
        return template.resolve(f"connections.yaml: {self.name}.{key}") if template else ""


def _variables(names: tuple[str, ...]) -> Iterator[Verdict]:
    wrong = list(variables_verdicts(names))
    yield from wrong or [ok(", ".join(f"${{{name}}}" for name in dict.fromkeys(names)))]


def _listed(source: Any) -> Verdict:
    """List the top of a folder, as `FolderSource` does."""
    from kada_dagster.loader.definition.sources import FilesSource

    found = source.chosen(FilesSource(pattern="*", missing="empty"))
    return ok(f"it can be listed: {len(found):,} file{'' if len(found) == 1 else 's'} at its top")
