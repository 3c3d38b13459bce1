"""The code location under test: a PostgreSQL server that wants passwords, and its kada.yaml.

Which secrets are planted and where belongs here; what is launched is in `launching.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import yaml
from psycopg2.sql import SQL, Identifier, Literal

from kada_dagster.hwm.window import format_hwm
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import S3Server

FIRST = "2024-01-01 00:00:00"
PASSWORD = "pl4nted-Passw0rd-in-the-Environment"
WRONG = "pl4nted-Passw0rd-that-is-Wrong"
SAS = "?sv=2022-11-02&ss=b&srt=co&sp=rwl&sig=Pl4ntedS1gnature%2Bx%2Fy%3D"
VENDOR = "pl4nted-Passw0rd-in-the-Vendor-File"
BUCKET_KEY = "pl4nted/S3cret+Access/Key"
SECRETS = (
    *("password", "wrong password", "SAS", "vendor password", "S3 key"),
    *("Azure signature", "expired Azure signature"),
)
VENDOR_FILE = "kada_postgres_extractor_config.json"
ENVIRONMENT = {
    "SHOP_PASSWORD": PASSWORD,
    "WRONG_PASSWORD": WRONG,
    "SAS_PASSWORD": SAS,
    "BUCKET_ID": "test-key",
}
SAS_READER, VENDOR_READER = "sas_reader", "vendor_reader"


@dataclass(frozen=True)
class Site:
    """A working folder with a kada.yaml, and the server its sources read.

    Attributes:
        folder: the working folder.
        sources: their names.
        secrets: what is planted, by the names of `SECRETS`.
        environment: the variables its kada.yaml refers to.
    """

    folder: Path
    sources: frozenset[str]
    secrets: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def landed(self, name: str) -> list[Path]:
        """The files in the landing of a source."""
        return sorted((self.folder / "landing" / name).glob("*"))

    def mark(self, name: str) -> str | None:
        """The high water mark of a source, as the vendor's file has it."""
        file = self.folder / "marks" / f"{name}_hwm.txt"
        return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def build_site(folder: Path, server: PostgresServer, s3_server: S3Server, azurite: Azurite) -> Site:
    """Fill the server and the folder.

    The sources: `shop` as a user would have it; `signed`, whose password looks like a SAS token;
    `vendor`, whose password is a literal in the vendor's file; `wrong`, whose password is;
    `unset`, whose variable and host do not exist; `clicked`, which is launched in a browser;
    `ticking`, with a window a minute and its schedule on; `bucket` and `container`, which land in
    S3 and in Azure; `expired`, whose token for Azure is.
    """
    sample_database.create(server.connect, "shop", reader_password=PASSWORD)
    _add_reader(server, SAS_READER, SAS)
    _add_reader(server, VENDOR_READER, VENDOR)
    vendor = {"username": VENDOR_READER, "password": VENDOR, "databases": ["shop"]}
    vendor |= {"host": "vendor.example.org", "server": "127.0.0.1", "port": server.port}
    (folder / VENDOR_FILE).write_text(json.dumps(vendor), encoding="utf-8")
    tokens = _tokens(azurite) if azurite else {}
    described = {**_sources(), "bucket": {"landing": _bucket(s3_server)}}
    if azurite:
        described |= _containers(azurite)
    sources = [_source(name, server.port, fields) for name, fields in described.items()]
    config = {"sources": sources, "high_water_marks": {"path": "marks"}}
    (folder / "kada.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    known = {"password": PASSWORD, "wrong password": WRONG, "SAS": SAS, "vendor password": VENDOR}
    signatures = {name: parse_qs(token)["sig"][0] for name, token in tokens.items()}
    environment = {**ENVIRONMENT, "BUCKET_KEY": BUCKET_KEY}
    environment |= dict(zip(("CONTAINER_SAS", "EXPIRED_SAS"), tokens.values()))
    secrets = {**known, "S3 key": BUCKET_KEY, **signatures}
    return Site(folder, frozenset(described), secrets, environment)


def _bucket(server: S3Server) -> dict[str, Any]:
    directory = server.directory(server.new_bucket())
    return {
        "type": "s3",
        "bucket": directory.bucket,
        "path": "lz/bucket/landing",
        "region": directory.region,
        "endpoint_url": directory.endpoint_url,
        "access_key_id": "${BUCKET_ID}",
        "secret_access_key": "${BUCKET_KEY}",
    }


def _tokens(azurite: Azurite) -> dict[str, str]:
    """A token that is good and one that was; the container is made where it is used."""
    past = datetime.now(timezone.utc) - timedelta(hours=1)
    return {
        "Azure signature": azurite.account_sas(),
        "expired Azure signature": azurite.account_sas(expiry=past),
    }


def _containers(azurite: Azurite) -> dict[str, dict[str, Any]]:
    directory = azurite.directory(str(azurite.new_container().container_name))
    azure = {
        "type": "azure",
        "storage_account": directory.storage_account,
        "account_url": directory.account_url,
        "container": directory.container,
    }
    tokens = {"container": "${CONTAINER_SAS}", "expired": "${EXPIRED_SAS}"}
    return {
        name: {"landing": {**azure, "path": f"lz/{name}/landing", "sas_token": token}}
        for name, token in tokens.items()
    }


def _sources() -> dict[str, dict[str, Any]]:
    minute = datetime.now(timezone.utc).replace(second=0) - timedelta(minutes=3)
    return {
        "shop": {
            "description": "Metadata of the sample company's warehouse.",
            "owners": ["team:data-platform"],
            "mask": True,
            "compress": True,
        },
        "signed": {"username": SAS_READER, "password": "${SAS_PASSWORD}"},
        "vendor": {"config_file": VENDOR_FILE},
        "wrong": {"password": "${WRONG_PASSWORD}"},
        "clicked": {"mask": True, "compress": True},
        "unset": {"server": "db.invalid", "password": "${NOT_SET_ANYWHERE}"},
        "ticking": {
            "window": {"start": format_hwm(minute), "cron": "* * * * *"},
            "schedule": {"enabled": True},
        },
    }


def _source(name: str, port: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    reached = {
        "host": "shop.example.org",
        "server": "127.0.0.1",
        "port": port,
        "username": sample_database.READER,
        "password": "${SHOP_PASSWORD}",
        "databases": ["shop"],
    }
    return {
        "type": "postgres",
        "name": name,
        **({} if "config_file" in fields else reached),
        "meta_only": True,
        "output_path": "extracts",
        "window": {"start": FIRST},
        "landing": {"type": "local", "path": f"landing/{name}"},
        **fields,
    }


def _add_reader(server: PostgresServer, role: str, password: str) -> None:
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                Identifier(role), Literal(password), Identifier(sample_database.READER)
            )
        )
    connection.close()
