"""Ways to break what sources need. Each gives the lines that must tell it."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta, timezone

import pytest

from kada_dagster.sandbox.fivetran import FivetranSandbox, FivetranWorld, RunningClock
from kada_dagster_tests.cli.doctor_site import Site

SET_IT = "set it for whatever runs the collector, or name another one in the configuration"


def a_variable_is_not_set(site: Site) -> list[str]:
    site.monkeypatch.delenv("HIGHTOUCH_API_TOKEN")
    text = "environment variable HIGHTOUCH_API_TOKEN is not set"
    return [f"hightouch  secrets  {text}: {SET_IT}"]


def two_variables_are_in_the_env_file_alone(site: Site) -> list[str]:
    for name in ("HEVO_API_KEY", "HEVO_API_SECRET"):
        site.monkeypatch.delenv(name)
    (site.folder / ".env").write_text("HEVO_API_KEY=a\nexport HEVO_API_SECRET=b\n")
    return [
        "hevo  secrets  environment variables HEVO_API_KEY, HEVO_API_SECRET are not set: they are "
        "in ./.env, which dagster dev reads and kada does not: --env-file .env"
    ]


def the_token_of_a_landing_is_empty(site: Site) -> list[str]:
    site.monkeypatch.setenv("SAS_TOKEN", "")
    text = "environment variable SAS_TOKEN is set to nothing: give it a value"
    return [f"hightouch  landing secrets  {text}"]


def the_server_is_down(site: Site) -> list[str]:
    port = site.source("shop")["port"] = closed_port()
    text = f"127.0.0.1:{port} refuses connections: start the server, or correct server and port"
    return [f"shop  server  {text}"]


def the_host_does_not_exist(site: Site) -> list[str]:
    site.source("hevo")["base_url"] = "http://api.invalid"
    with pytest.raises(socket.gaierror) as refused:
        socket.getaddrinfo("api.invalid", 80)
    said = refused.value.strerror
    return [
        f"hevo  server  api.invalid: the name cannot be resolved ({said}): correct region or "
        "base_url, or mend the DNS"
    ]


def the_certificate_is_not_trusted(site: Site) -> list[str]:
    """The plain port is asked for TLS; one with a certificate is in the tests of the network."""
    landing = site.source("hightouch")["landing"]
    landing["account_url"] = landing["account_url"].replace("http:", "https:")
    where = landing["account_url"].split("/")[2]
    return [
        f"hightouch  landing server  {where}: TLS fails (WRONG_VERSION_NUMBER): see that it "
        "speaks https there"
    ]


def nobody_answers(site: Site) -> list[str]:
    """Connections are taken and nothing is ever said: the driver's own patience ends it."""
    listener = site.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = site.source("shop")["port"] = listener.getsockname()[1]
    return [
        f"shop  login  127.0.0.1:{port}/{site.servers.database}: connection to server at "
        f'"127.0.0.1", port {port} failed: timeout expired; check server, port and the network'
    ]


def the_password_is_wrong(site: Site) -> list[str]:
    site.source("shop")["password"] = "${OTHER_PASSWORD}"
    site.monkeypatch.setenv("OTHER_PASSWORD", "not-it")
    port, role = site.servers.postgres.port, site.role
    return [
        f"shop  login  127.0.0.1:{port}/{site.servers.database}: connection to server at "
        f'"127.0.0.1", port {port} failed: FATAL: password authentication failed for user '
        f'"{role}"; check username, password and CONNECT'
    ]


def databases_do_not_exist(site: Site) -> list[str]:
    site.source("shop")["databases"] = ["postgress", "nowhere"]
    found = site.query("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    there = f"there are: {', '.join(found)}: correct databases"
    return [
        f"shop  databases  there is no database 'postgress'; did you mean 'postgres'?; {there}",
        f"shop  databases  there is no database 'nowhere'; {there}",
    ]


def the_role_may_not_connect(site: Site) -> list[str]:
    other = site.new_database()
    site.sql(f"REVOKE CONNECT ON DATABASE {other} FROM PUBLIC")
    site.source("shop")["databases"].append(other)
    return [
        f"shop  databases  {site.role} may not connect to {other}: GRANT CONNECT ON DATABASE "
        f'"{other}" TO "{site.role}"'
    ]


def a_catalogue_may_not_be_read(site: Site) -> list[str]:
    database = site.new_database("REVOKE SELECT ON pg_policy FROM PUBLIC")
    site.source("shop")["databases"] = [database]
    where = f"127.0.0.1:{site.servers.postgres.port}/{database}"
    return [
        f"shop  permissions  POLICIES_SQL, DEPENDENCIES_SQL: {where}: permission denied for table "
        "pg_policy: grant the role SELECT on it, as PostgreSQL's defaults do"
    ]


def the_key_of_hevo_is_wrong(site: Site) -> list[str]:
    site.monkeypatch.setenv("HEVO_API_SECRET", "not-it")
    cure = "check the credentials, and that they belong to this region, account or workspace"
    said = "was answered with 401: The API key and secret is not valid."
    return [
        f"hevo  login  Hevo: GET /api/public/v2.0/pipelines {said}; {cure}; "
        f"Hevo: GET /api/v1/pipelines {said}: AUTHENTICATION_FAILED; {cure}"
    ]


def the_token_of_hightouch_is_wrong(site: Site) -> list[str]:
    site.monkeypatch.setenv("HIGHTOUCH_API_TOKEN", "not-it")
    return [
        "hightouch  login  Hightouch: GET /sources was answered with 401: Authentication error: "
        "Token is invalid; check the credentials, and that they belong to this region, account or "
        "workspace"
    ]


def the_key_of_fivetran_has_expired(site: Site) -> list[str]:
    server = site.stack.enter_context(FivetranSandbox(FivetranWorld(RunningClock())))
    server.expire_key()
    site.config["fivetran"][0]["base_url"] = server.url
    return [
        "account  login  Fivetran: GET /account/info was answered with 401: Invalid authorization "
        "credentials; check the credentials, and that they belong to this region, account or "
        "workspace"
    ]


def the_clock_of_a_server_is_an_hour_behind(site: Site) -> list[str]:
    start = datetime.now(timezone.utc) - timedelta(hours=1)
    server = FivetranSandbox(FivetranWorld(RunningClock(start=start)))
    site.source("syncs")["base_url"] = site.stack.enter_context(server).url
    return [
        "machine  clock  this machine is N s ahead of the API of syncs, where it is T UTC: "
        "have NTP set the clock that is wrong"
    ]


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


BREAKS = [
    a_variable_is_not_set,
    two_variables_are_in_the_env_file_alone,
    the_token_of_a_landing_is_empty,
    the_server_is_down,
    the_host_does_not_exist,
    the_certificate_is_not_trusted,
    nobody_answers,
    the_password_is_wrong,
    databases_do_not_exist,
    the_role_may_not_connect,
    a_catalogue_may_not_be_read,
    the_key_of_hevo_is_wrong,
    the_token_of_hightouch_is_wrong,
    the_key_of_fivetran_has_expired,
    the_clock_of_a_server_is_an_hour_behind,
]
