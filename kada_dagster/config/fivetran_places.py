"""A Fivetran account and what it stands in: the rest of its kada.yaml, or a file of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from kada_dagster.config.document import FieldPath
from kada_dagster.config.fivetran import JOBS, FivetranAccountSettings
from kada_dagster.config.problems import suggestion
from kada_dagster.config.single import settings_of

UNREAD_SOURCES = "unread_sources"
"""Key in the validation context: some sources are wrong, so that their names are not known."""


def check_account(
    place: int, account: FivetranAccountSettings, sources: Collection[str], unread: object
) -> None:
    """Check one account against the sources.

    Args:
        place: of the account in the list.
        account: the account.
        sources: names of the sources.
        unread: whether there are more sources, which could not be read.

    Raises:
        PydanticCustomError: a name is taken, or a collector is named that is not there.
    """
    _check_name(place, account, sources)
    for rule, follow in enumerate(account.follow):
        for at, name in enumerate(follow.collectors):
            if name not in sources and not unread:
                known = f"; the sources are {', '.join(sources)}" if sources else "; there are none"
                what = f"no source is called {name!r}{suggestion(name, sources) or known}"
                raise _error((place, "follow", rule, "collectors", at), what)


def account_settings(
    fields: Mapping[str, Any],
    file: Path,
    *,
    model: type[FivetranAccountSettings] = FivetranAccountSettings,
) -> FivetranAccountSettings:
    """Make the settings of an account that is not part of a kada.yaml.

    Args:
        fields: what kada.yaml would hold for it.
        file: the file the fields come from; relative paths count from its folder.
        model: the class of the settings.

    Raises:
        ConfigError: the fields are not usable; every problem is named.
    """
    return settings_of(model, fields, file)


def _check_name(place: int, account: FivetranAccountSettings, sources: Collection[str]) -> None:
    """Groups, resources and jobs of sources and accounts are named by them: `a_start_job` may not
    be of the account `a` and of the source `a_start`."""
    taken = {account.name.lower(), *(f"{account.name}_{action}".lower() for action in JOBS)}
    for source in sources:
        if source.lower() in taken:
            what = f"{account.name!r} clashes with the source {source!r}; rename one of them"
            raise _error((place, "name"), what)


def _error(below: FieldPath, what: str) -> PydanticCustomError:
    context = {"what": what, "below": ("fivetran", *below)}
    return PydanticCustomError("misfit", "{what}", context)
