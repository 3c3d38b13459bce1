"""The S3 client of a landing: which credentials it uses, how long it waits, how often it tries."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.loaders import Loader
    from botocore.session import Session
    from mypy_boto3_s3.client import S3Client

    from kada_dagster.landing.places import S3Directory

_ATTEMPTS = 7
_LONGEST_PAUSE = 20.0  # seconds, as the SDK's own
_CONNECTIONS = 32


def s3_client(directory: S3Directory) -> S3Client:
    """A client with the credentials of a landing; threads may share it.

    Each request is tried up to seven times, with growing random pauses; `AWS_MAX_ATTEMPTS` or
    `max_attempts` of the AWS configuration file change that.

    Raises:
        ConfigError: a secret is not where it should be.
        Whatever the SDK raises: use it inside `s3_failures`.
    """
    _quiet_logs()
    session = _session(directory)
    attempts = int(session.get_config_variable("max_attempts") or _ATTEMPTS)
    if directory.role_arn is not None:
        session = _assuming(session, directory, attempts)
    client: Any = session.create_client("s3", **_options(directory, attempts))
    client.meta.events.register("needs-retry.s3", _Throttled(attempts).pause)
    return client


def encryption(directory: S3Directory) -> dict[str, Any]:
    """What a request that makes an object says about its encryption at rest."""
    asked = {
        "ServerSideEncryption": directory.server_side_encryption,
        "SSEKMSKeyId": directory.kms_key_id,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _quiet_logs() -> None:
    """The SDK's debug log holds session tokens and answers of STS: it must be asked for. What it
    warns of with a traceback when a role is refused, the error of this package says.
    """
    for name, level in (("botocore", logging.INFO), ("botocore.credentials", logging.ERROR)):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)


def _session(directory: S3Directory) -> Session:
    session = _new_session()
    if directory.access_key_id is not None and directory.secret_access_key is not None:
        token = directory.session_token
        session.set_credentials(
            directory.access_key_id.reveal(),
            directory.secret_access_key.reveal(),
            token and token.reveal(),
        )
    return session


def _new_session() -> Session:
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    return session


@cache
def _models(data_path: str | None) -> Loader:
    """The SDK's descriptions of its services; a session that reads them anew takes 0.15 s more."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _options(directory: S3Directory, attempts: int) -> dict[str, Any]:
    return {
        "region_name": directory.region,
        "endpoint_url": directory.endpoint_url,
        "config": _config(directory, attempts),
    }


def _config(directory: S3Directory, attempts: int) -> Config:
    from botocore.config import Config

    return Config(
        connect_timeout=directory.timeout,
        read_timeout=directory.timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=_CONNECTIONS,
        # SHA-256 sums are given with each request; the SDK need not add others of its own, which
        # stores with only S3's older API refuse
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # other stores rarely have a host name for each bucket
        s3={"addressing_style": "path"} if directory.endpoint_url else None,
        user_agent_extra="kada-dagster",
    )


def _assuming(session: Session, directory: S3Directory, attempts: int) -> Session:
    """A session whose credentials are the role's, renewed before they expire."""
    from functools import partial

    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    source: Any = session.get_credentials()
    if source is None:
        raise NoCredentialsError
    asked = {"RoleSessionName": "kada-dagster", "ExternalId": directory.external_id}
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(session.create_client, **_options(directory, attempts)),
        source_credentials=source,
        role_arn=str(directory.role_arn),
        extra_args={name: value for name, value in asked.items() if value is not None},
    )
    role: Any = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    assuming = _new_session()
    assuming.register_component("credential_provider", _Given(role))
    return assuming


@dataclass(frozen=True)
class _Given:
    """Stands where the SDK looks for credentials."""

    credentials: Credentials

    def load_credentials(self) -> Credentials:
        return self.credentials


@dataclass(frozen=True)
class _Throttled:
    """Tries again after HTTP 429, which S3 itself never answers but other stores do."""

    attempts: int

    def pause(self, response: Any, attempts: int, **_: object) -> float | None:
        """Seconds to wait; None where there is nothing to try again."""
        if response is None or response[0].status_code != 429 or attempts >= self.attempts:
            return None
        return min(random.random() * 2 ** (attempts - 1), _LONGEST_PAUSE)  # noqa: S311
