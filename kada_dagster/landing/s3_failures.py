"""What S3 and its SDK say when something fails, as errors of this package.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. The answers themselves
may hold keys and tokens, so they are neither quoted nor chained.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    LandingError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

    from kada_dagster.landing.places import S3Directory

_Said = tuple[type[KadaError] | None, str]  # None: the kind the caller wants for all others

_EXPIRED = "the credentials have expired: renew them, or use a role that renews them itself"
_UNKNOWN_KEY = "the store does not know the access key: correct access_key_id"
_BAD_SIGNATURE = "the signature is wrong: correct secret_access_key"
_MISSING_BUCKET = "there is no such bucket: make it, or correct bucket (and endpoint_url)"
_BAD_BUCKET = "that is no name of a bucket: correct bucket"
_DAMAGED = "what arrived is not what was sent, so the store refused it: upload again"
_BUSY = "the store is busy or failing, after several tries: upload again later"
_AWAY = (
    "the store does not answer, or the connection was lost, after several tries: check the "
    "network, region and endpoint_url, then upload again"
)
_VANISHED = "the unfinished upload was removed while it ran: upload again"
_KMS = "the encryption key cannot be used: correct kms_key_id, or let the credentials use it"
_FULL = "the store is full or over its quota: make room"
_NO_CREDENTIALS = (
    "there are no usable credentials in the environment: give access_key_id and "
    "secret_access_key, or let the machine or container have a role"
)

_CODES: dict[str, _Said] = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        (PermissionDeniedError, _EXPIRED),
    ),
    **dict.fromkeys(
        ("InvalidToken", "InvalidTokenId"),
        (PermissionDeniedError, "the session token is wrong: correct session_token"),
    ),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
        (PermissionDeniedError, _UNKNOWN_KEY),
    ),
    "SignatureDoesNotMatch": (PermissionDeniedError, _BAD_SIGNATURE),
    "RequestTimeTooSkewed": (PermissionDeniedError, "this machine's clock is wrong: set it"),
    "NoSuchBucket": (None, _MISSING_BUCKET),
    "InvalidBucketName": (None, _BAD_BUCKET),
    "NoSuchUpload": (ConnectionFailedError, _VANISHED),
    **dict.fromkeys(
        ("BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "IncompleteBody"),
        (ConnectionFailedError, _DAMAGED),
    ),
    **dict.fromkeys(
        ("SlowDown", "RequestTimeout", "OperationAborted", "RequestLimitExceeded", "Throttling"),
        (ConnectionFailedError, _BUSY),
    ),
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull"), (None, _FULL)),
    "EntityTooLarge": (None, "the file is larger than the store takes"),
    "NotImplemented": (None, "the store cannot do this: use one with more of S3's API"),
}
_REGION_CODES = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "IncorrectEndpoint",
    "PermanentRedirect",
    "TemporaryRedirect",
    "301",
    "307",
}
_KINDS: dict[str, _Said] = {  # names of the SDK's exception classes; the nearest base counts
    "NoCredentialsError": (PermissionDeniedError, _NO_CREDENTIALS),
    "PartialCredentialsError": (PermissionDeniedError, _NO_CREDENTIALS),
    "CredentialRetrievalError": (PermissionDeniedError, _NO_CREDENTIALS),
    "MetadataRetrievalError": (PermissionDeniedError, _NO_CREDENTIALS),
    "SSOError": (PermissionDeniedError, _EXPIRED),
    "ProfileNotFound": (None, "AWS_PROFILE names a profile that is not there: correct it"),
    "ConfigParseError": (None, "the AWS configuration file cannot be read: correct it"),
    "NoRegionError": (None, "no region is known: set region"),
    "InvalidRegionError": (None, "that is no name of a region: correct region"),
    "ParamValidationError": (None, _BAD_BUCKET),
    "SSLError": (
        ConnectionFailedError,
        "the encrypted connection failed: check the address, the clock and the certificates "
        "(AWS_CA_BUNDLE names a file of your own)",
    ),
    "ConnectionError": (ConnectionFailedError, _AWAY),
    "HTTPClientError": (ConnectionFailedError, _AWAY),
    "IncompleteReadError": (ConnectionFailedError, _AWAY),
}


@contextmanager
def s3_failures(
    directory: S3Directory, kind: type[KadaError] = LandingError, what: str | None = None
) -> Generator[None, None, None]:
    """Turn what the SDK raises into one message that names the landing and the cure.

    Args:
        directory: the landing.
        kind: class of what is neither a missing permission nor a lost connection.
        what: what the message names; the landing by default.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said, cure = _of_answer(error, directory)
    except BotoCoreError as error:
        said, cure = _of_sdk(error)
    else:
        return
    raise (said or kind)(f"{what or f'landing {directory}'}: {cure}") from None


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer that was an error."""
    answer: Any = error.response
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: ClientError) -> str:
    """S3's name of the error; the HTTP status where there is none, as for HEAD."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: ClientError, directory: S3Directory) -> _Said:
    code, status = code_of(error), status_of(error)
    shown = code if re.fullmatch(r"[A-Za-z0-9.]{1,64}", code) else str(status)
    if code in _CODES:
        said, cure = _CODES[code]
        return said, f"{cure} ({shown})"
    if code.startswith("KMS."):
        return None, f"{_KMS} ({shown})"
    if code in _REGION_CODES:
        return None, f"the bucket is in another region{_region(error)}: correct region ({shown})"
    if status in (401, 403) or code == "AccessDenied":
        return PermissionDeniedError, f"{_refused(error, directory)} ({shown})"
    if status >= 500 or status == 429:
        return ConnectionFailedError, f"{_BUSY} ({shown})"
    return None, f"the store refused the request {error.operation_name} ({shown}, {status})"


def _refused(error: ClientError, directory: S3Directory) -> str:
    if error.operation_name == "AssumeRole":
        return (
            f"role {directory.role_arn} may not be assumed: let the credentials sts:AssumeRole, "
            "and check the role's trust policy and external_id"
        )
    action = _ACTIONS.get(error.operation_name, f"s3:{error.operation_name}")
    return (
        f"the credentials may not do this: let them {action} there (and use the bucket's "
        "encryption key, where it has one)"
    )


_ACTIONS = {  # https://docs.aws.amazon.com/AmazonS3/latest/API/mpuoverview.html#mpuAndPermissions
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject and s3:ListBucket (else a missing object looks like this)",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
}


def _region(error: ClientError) -> str:
    answer: Any = error.response
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = str(answer["Error"].get("Region") or headers.get("x-amz-bucket-region") or "")
    return f" ({region})" if re.fullmatch(r"[a-z0-9-]{3,30}", region) else ""


def _of_sdk(error: BotoCoreError) -> _Said:
    for base in type(error).__mro__:
        if base.__name__ in _KINDS:
            return _KINDS[base.__name__]
    return None, f"the AWS SDK gave up ({type(error).__name__})"
