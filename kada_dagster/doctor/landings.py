"""A landing: reached, and a file may be placed there. What a probe would leave is never made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kada_dagster.config.fields import secret_fields
from kada_dagster.config.landing import (
    AzureLandingSettings,
    LandingSettings,
    LocalLandingSettings,
    S3LandingSettings,
)
from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.folders import told, try_folder
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.network import Address, address_of, reach
from kada_dagster.errors import ConfigError
from kada_dagster.landing.faults import landing_errors

if TYPE_CHECKING:
    from collections.abc import Mapping


def landing_checks(name: str, settings: LandingSettings, shared: Shared) -> list[Check]:
    """The checks of the landing of a source; the last but one says whether it is reached.

    Args:
        name: of the source.
        settings: of the landing.
        shared: see there.
    """
    if isinstance(settings, LocalLandingSettings):
        return [Check(name, "landing", lambda: _folder(settings))]
    held = secret_fields(settings)
    secrets = Check(name, "landing secrets", lambda: secrets_verdicts(held))
    needs = (secrets,) if held else ()

    def server() -> Iterator[Verdict]:
        url = _url(settings)
        yield from reach(_address(settings, url), shared.patience(settings.timeout))
        shared.clocks.ask(f"the landing of {name}", url, shared.patience(settings.timeout))

    reached = Check(name, "landing server", server, needs=needs, remote=True)
    probe = Check(name, "landing", lambda: _store(settings, shared), needs=(reached,), remote=True)
    return [*needs, reached, probe]


def _folder(settings: LocalLandingSettings) -> Iterator[Verdict]:
    with landing_errors(settings.path):
        is_there = try_folder(settings.path)
    if is_there:
        settings.landing().test_connection()
    yield ok(told(settings.path, is_there))


def _store(settings: S3LandingSettings | AzureLandingSettings, shared: Shared) -> Iterator[Verdict]:
    patient = settings.model_copy(update={"timeout": int(shared.patience(settings.timeout))})
    landing = patient.landing()
    landing.test_connection()
    yield ok(f"{landing.describe()} takes files")


def _url(settings: S3LandingSettings | AzureLandingSettings) -> str:
    if isinstance(settings, AzureLandingSettings):
        return settings.directory().url
    from kada_dagster.landing.s3_client import s3_client
    from kada_dagster.landing.s3_failures import s3_failures

    with s3_failures(settings.directory(), ConfigError):
        return str(s3_client(settings.directory()).meta.endpoint_url)


_FIELDS: Mapping[type[object], tuple[str, tuple[str, ...]]] = {
    S3LandingSettings: ("landing.region or endpoint_url", ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")),
    AzureLandingSettings: ("landing.storage_account or account_url", ("REQUESTS_CA_BUNDLE",)),
}


def _address(settings: S3LandingSettings | AzureLandingSettings, url: str) -> Address:
    fields, bundles = _FIELDS[type(settings)]
    return address_of(url, fields, *bundles)
