"""What a soak runs on: a PostgreSQL server, an object store, three accounts, and the kada.yaml."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from bench.soak.accounts import busy_fivetran, busy_hevo, busy_hightouch, in_time
from kada_dagster.config import KadaConfig, load_config_file
from kada_dagster.fivetran.snapshot import refresh
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import format_hwm
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer
from kada_dagster.sandbox.hightouch import HightouchEstate, HightouchServer
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.landing.s3_server import S3Server, start_s3

SCHEDULED = ("shop", "hevo", "hightouch")
FOLLOWING = "syncs"
"""The source that is extracted when the sensor has seen a sync, and has no schedule that is on."""

SOURCES = (*SCHEDULED, FOLLOWING)
ACCOUNT = "fivetran"
MINUTE = timedelta(minutes=1)
_SECRETS = {
    "SHOP_PASSWORD": "of-the-shop's-reader",
    "MARKS_PASSWORD": "of-the-server",
    "HEVO_KEY": "sandbox-key",
    "HEVO_SECRET": "sandbox-secret",
    "HIGHTOUCH_TOKEN": "token-of-the-soak",
    "FIVETRAN_KEY": "sandbox-key",
    "FIVETRAN_SECRET": "sandbox-secret",
    "BUCKET_ID": "test-key",
    "BUCKET_KEY": "test-secret",
}


@dataclass(frozen=True)
class Site:
    """A soak's surroundings; `soak_site` makes one.

    Attributes:
        folder: holds kada.yaml and the staging folder.
        server: of the shop, of the marks and of Dagster's storage.
        store: holds the landings; it keeps every version of every file.
        bucket: theirs.
        hevo, hightouch, world: the accounts.
        first: start of the first window of every source.
        marked: where all marks are at the start: what is before it was never extracted.
        secrets: variables of the code server.
        variables: of all processes of Dagster: where compute logs go.
    """

    folder: Path
    server: PostgresServer
    store: S3Server
    bucket: str
    hevo: HevoEstate
    hightouch: HightouchEstate
    world: FivetranWorld
    first: datetime
    marked: datetime
    secrets: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)

    @property
    def config(self) -> KadaConfig:
        """The configuration, read from its file."""
        return load_config_file(self.folder / "kada.yaml")

    @property
    def marks(self) -> MarkStore:
        """Where the marks of all sources are kept."""
        config = self.config
        return config.high_water_marks.store(config.sources[0])

    def prefix(self, name: str) -> str:
        """Of the files in the landing of a source."""
        return f"lz/{name}/landing"


@contextmanager
def soak_site(folder: Path, now: datetime, history: int) -> Generator[Site, None, None]:
    """Bring up everything but Dagster, with marks a few minutes behind the present.

    Args:
        folder: an empty one, which everybody may look into.
        now: the present.
        history: how many windows there are before the marks.
    """
    marked = now.replace(second=0, microsecond=0) - 5 * MINUTE
    first = marked - history * MINUTE
    hevo, hightouch, world = busy_hevo(first, now), busy_hightouch(first, now), busy_fivetran()
    os.environ.update(_SECRETS)
    with ExitStack() as running:
        server = running.enter_context(
            PostgresServer.start(folder / "server", password=_SECRETS["MARKS_PASSWORD"])
        )
        sample_database.create(server.connect, "shop", reader_password=_SECRETS["SHOP_PASSWORD"])
        server.create_database("marks")
        store, stop = start_s3()
        running.callback(stop)
        bucket = _versioned_bucket(store)
        hevo_server = running.enter_context(HevoServer(hevo, budget=None))
        hightouch_server = running.enter_context(
            HightouchServer(hightouch, token=_SECRETS["HIGHTOUCH_TOKEN"], calls=None)
        )
        key, secret = _SECRETS["FIVETRAN_KEY"], _SECRETS["FIVETRAN_SECRET"]
        fivetran = running.enter_context(FivetranSandbox(world, api_key=key, api_secret=secret))
        running.enter_context(in_time(hightouch))
        secrets = {**_SECRETS, "KADA_CONFIG": str(folder / "kada.yaml")}
        site = Site(
            *(folder, server, store, bucket, hevo, hightouch, world, first, marked),
            *(secrets, log_variables(store)),
        )
        addresses = [hevo_server.url, hightouch_server.url, fivetran.base_url]
        _configure(site, addresses)
        yield site


def log_variables(store: S3Server) -> dict[str, str]:
    """What the compute logs of `deploy/s3` need, in a bucket of their own."""
    return {
        "KADA_LOGS_BUCKET": store.new_bucket(),
        "KADA_LOGS_PREFIX": "logs",
        "AWS_ENDPOINT_URL": store.url,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test-key",
        "AWS_SECRET_ACCESS_KEY": "test-secret",
    }


def _versioned_bucket(store: S3Server) -> str:
    bucket = store.new_bucket()
    store.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def _configure(site: Site, addresses: Sequence[str]) -> None:
    """Write kada.yaml, put the marks where they are, and look at the Fivetran account once."""
    own = _own_fields(site.server.port, addresses)
    config = {
        "sources": [{"name": name, **own[name], **_common(site, name)} for name in SOURCES],
        "fivetran": [_account(addresses[-1])],
        "high_water_marks": {
            "type": "postgres",
            "server": "127.0.0.1",
            "port": site.server.port,
            "database": "marks",
            "username": "postgres",
            "password": "${MARKS_PASSWORD}",
        },
    }
    (site.folder / "kada.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    for name in SOURCES:
        site.marks.set(name, site.marked)
    refresh(site.config.fivetran[0])


def _own_fields(port: int, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    hevo, hightouch, fivetran = addresses
    shop = {"host": "shop.example.org", "server": "127.0.0.1", "port": port}
    login = {"username": sample_database.READER, "password": "${SHOP_PASSWORD}"}
    keys = {"api_key": "${HEVO_KEY}", "api_secret": "${HEVO_SECRET}"}
    other = {"api_key": "${FIVETRAN_KEY}", "api_secret": "${FIVETRAN_SECRET}"}
    lookback = {"lookback_hours": 1}
    return {
        "shop": {"type": "postgres", **shop, **login, "databases": ["shop"], "meta_only": True},
        "hevo": {
            "type": "hevo",
            **{"host": "eu.hevodata.com", "base_url": hevo, "calls_a_minute": 6000},
            **keys,
            **lookback,
        },
        "hightouch": {
            "type": "hightouch",
            **{"base_url": hightouch, "api_token": "${HIGHTOUCH_TOKEN}"},
            **lookback,
        },
        "syncs": {"type": "fivetran", "base_url": fivetran, **other, **lookback},
    }


def _common(site: Site, name: str) -> dict[str, Any]:
    return {
        "output_path": "extracts",
        "compress": name in ("shop", "hightouch"),
        "window": {"start": format_hwm(site.first), "cron": "* * * * *"},
        "schedule": {"enabled": name in SCHEDULED},
        "landing": {
            "type": "s3",
            "bucket": site.bucket,
            "path": site.prefix(name),
            "region": "eu-west-1",
            "endpoint_url": site.store.url,
            "access_key_id": "${BUCKET_ID}",
            "secret_access_key": "${BUCKET_KEY}",
        },
    }


def _account(address: str) -> dict[str, Any]:
    return {
        "name": ACCOUNT,
        "base_url": address,
        "api_key": "${FIVETRAN_KEY}",
        "api_secret": "${FIVETRAN_SECRET}",
        "sensor": {"interval_seconds": 5, "coalesce": False},
        "follow": [{"collectors": [FOLLOWING]}],
    }
