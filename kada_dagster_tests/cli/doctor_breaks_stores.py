"""Ways to break landings in stores. Each gives the lines that must tell it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from kada_dagster_tests.cli.doctor_site import Site
from kada_dagster_tests.landing.s3_access import allow
from kada_dagster_tests.landing.s3_server import Keys


def the_bucket_does_not_exist(site: Site) -> list[str]:
    site.source("hevo")["landing"]["bucket"] = "kada-no-such-bucket"
    _be(site, site.servers.s3.user(allow("*", "s3:*")))
    return [
        "hevo  landing  landing s3://kada-no-such-bucket/lz/hevo/landing: there is no such bucket: "
        "make it, or correct bucket (and endpoint_url) (NoSuchBucket)"
    ]


def the_bucket_may_not_be_written(site: Site) -> list[str]:
    bucket = site.servers.bucket
    _be(site, site.servers.s3.user(allow(bucket, "s3:GetObject", "s3:ListBucket")))
    return [
        f"hevo  landing  landing s3://{bucket}/lz/hevo/landing: the credentials may not do this: "
        "let them s3:PutObject there (and use the bucket's encryption key, where it has one) "
        "(AccessDenied)"
    ]


def the_secret_key_is_wrong(site: Site) -> list[str]:
    site.monkeypatch.setenv("S3_SECRET", "not-it")
    return [
        f"hevo  landing  landing s3://{site.servers.bucket}/lz/hevo/landing: the signature is "
        "wrong: correct secret_access_key (SignatureDoesNotMatch)"
    ]


def the_container_does_not_exist(site: Site) -> list[str]:
    landing = site.source("hightouch")["landing"]
    landing["container"] = "no-such-container"
    site.monkeypatch.setenv("SAS_TOKEN", site.servers.azurite.account_sas())
    return [
        f"hightouch  landing  {_azure(landing)}: there is no such container: create it, or "
        "correct landing.container"
    ]


def the_sas_token_has_expired(site: Site) -> list[str]:
    landing, past = site.source("hightouch")["landing"], datetime(2026, 1, 1, tzinfo=timezone.utc)
    token = site.servers.azurite.container_sas(landing["container"], expiry=past)
    site.monkeypatch.setenv("SAS_TOKEN", token)
    return [
        f"hightouch  landing  {_azure(landing)}: the SAS token expired at 2026-01-01 00:00:00 "
        "UTC: make a new SAS token and set it as sas_token"
    ]


def the_sas_token_may_not_write(site: Site) -> list[str]:
    landing = site.source("hightouch")["landing"]
    token = site.servers.azurite.container_sas(landing["container"], "r")
    site.monkeypatch.setenv("SAS_TOKEN", token)
    return [
        f"hightouch  landing  {_azure(landing)}: the SAS token lacks the permission write (w), "
        "it has r: make a new SAS token and set it as sas_token, for the container with read, "
        "create and write (sp=rcw), or for the account with ss=b, srt=o and these permissions"
    ]


def _azure(landing: dict[str, Any]) -> str:
    return f"landing {landing['account_url']}/{landing['container']}/{landing['path']}"


def _be(site: Site, keys: Keys) -> None:
    site.monkeypatch.setenv("S3_KEY", keys.access_key_id)
    site.monkeypatch.setenv("S3_SECRET", keys.secret_access_key)


BREAKS = [
    the_bucket_does_not_exist,
    the_bucket_may_not_be_written,
    the_secret_key_is_wrong,
    the_container_does_not_exist,
    the_sas_token_has_expired,
    the_sas_token_may_not_write,
]
