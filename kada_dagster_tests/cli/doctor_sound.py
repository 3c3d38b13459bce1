"""What makes a set-up sound: kada.yaml, the loader's project, variables, the Dagster instance."""

from __future__ import annotations

from typing import Any

from kada_dagster.config import load_config_file
from kada_dagster.fivetran.snapshot import refresh
from kada_dagster_tests.cli.doctor_site import Site
from kada_dagster_tests.landing.s3_server import REGION

WINDOW = {"start": "2026-01-01 00:00:00"}


def sound(site: Site) -> None:
    """Fill in what makes the set-up sound, and write it."""
    servers, set_variable = site.servers, site.monkeypatch.setenv
    site.sql(f"CREATE ROLE {site.role} LOGIN PASSWORD '{site.password}'")
    site.sql(f"GRANT CREATE ON DATABASE {servers.database} TO {site.role}")
    for name, value in _variables(site).items():
        set_variable(name, value)
    login = {"port": servers.postgres.port, "username": site.role, "password": "${SHOP_PASSWORD}"}
    shop = {"type": "postgres", "server": "127.0.0.1", "databases": [servers.database], **login}
    site.config = {
        "sources": [
            {**shop, **_common("shop"), "meta_only": True},
            {"type": "hevo", **_key("HEVO"), "base_url": servers.hevo.url, **_common("hevo")},
            {
                "type": "hightouch",
                "api_token": "${HIGHTOUCH_API_TOKEN}",
                "base_url": servers.hightouch.url,
                **_common("hightouch"),
            },
            {
                "type": "fivetran",
                "base_url": servers.fivetran.url,
                **_key("FIVETRAN"),
                **_common("syncs"),
            },
        ],
        "fivetran": [{"name": "account", "base_url": servers.fivetran.url, **_key("FIVETRAN")}],
        "loader": [{"name": "dwh", "project": "load"}],
    }
    site.source("hevo")["landing"] = {
        "type": "s3",
        "bucket": servers.bucket,
        "path": "lz/hevo/landing",
        "region": REGION,
        "endpoint_url": servers.s3.url,
        "access_key_id": "${S3_KEY}",
        "secret_access_key": "${S3_SECRET}",
    }
    site.source("hightouch")["landing"] = {
        "type": "azure",
        "storage_account": "kada",
        "container": servers.container.container_name,
        "path": "lz/hightouch/landing",
        "account_url": servers.azurite.account_url,
        "sas_token": "${SAS_TOKEN}",
    }
    profile = {"type": "postgres", "host": "127.0.0.1", "database": servers.database, **login}
    site.connections = {"target": profile, "erp": profile}
    (site.folder / "home").mkdir()
    (site.folder / "home" / "dagster.yaml").write_text(_DAGSTER)
    site.write()
    refresh(load_config_file(site.folder / "kada.yaml").fivetran[0])


_DAGSTER = "run_monitoring: {enabled: true}\ntelemetry: {enabled: false}\n"


def _variables(site: Site) -> dict[str, str]:
    servers = site.servers
    return {
        "SHOP_PASSWORD": site.password,
        "HEVO_API_KEY": "sandbox-key",
        "HEVO_API_SECRET": "sandbox-secret",
        "HIGHTOUCH_API_TOKEN": servers.hightouch.token,
        "FIVETRAN_API_KEY": servers.fivetran.api_key,
        "FIVETRAN_API_SECRET": servers.fivetran.api_secret,
        "S3_KEY": servers.keys.access_key_id,
        "S3_SECRET": servers.keys.secret_access_key,
        "SAS_TOKEN": servers.azurite.container_sas(servers.container.container_name),
        "DAGSTER_HOME": str(site.folder / "home"),
        "AWS_MAX_ATTEMPTS": "1",
    }


def _key(service: str) -> dict[str, str]:
    return {"api_key": f"${{{service}_API_KEY}}", "api_secret": f"${{{service}_API_SECRET}}"}


def _common(name: str) -> dict[str, Any]:
    landing = {"type": "local", "path": f"landing_{name}"}
    return {"name": name, "window": WINDOW, "landing": landing}
