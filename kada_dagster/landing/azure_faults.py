"""What the Azure SDK raises, as errors of this package that name the place and the cure.

Its own messages show addresses with their query, and so the SAS token: nothing of them is passed
on but the service's error code. Codes:
https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kada_dagster.errors import ConnectionFailedError, KadaError, PermissionDeniedError
from kada_dagster.hwm.window import utc_now
from kada_dagster.landing.azure_token import refusal

_ROLE = "give the identity the role Storage Blob Data Contributor on the container"
_OTHER_CLIENT = "end what else works on this file"
_DENIALS = {
    "AuthorizationFailure": (
        "the storage account refuses this machine or this credential: let the machine's address "
        "through the account's firewall (Networking), and check that the credential is whole and "
        "made for this account and container"
    ),
    "AuthorizationSourceIPMismatch": (
        "the SAS token is for other addresses than this machine's: make one for its address (sip)"
    ),
    "AuthorizationProtocolMismatch": "the SAS token is for https only: correct landing.account_url",
    "KeyBasedAuthenticationNotPermitted": (
        "the storage account takes no tokens signed with its key: use a user delegation SAS token, "
        "or default credentials (leave out sas_token)"
    ),
    "UnauthorizedBlobOverwrite": (
        "the SAS token may create files but not replace them: make one with write (sp=rcw)"
    ),
    "AccountIsDisabled": "the storage account is disabled: enable it in the Azure portal",
}
_FAULTS = {
    "ContainerNotFound": "there is no such container: create it, or correct landing.container",
    "ContainerDisabled": "the container is disabled: enable it in the Azure portal",
    "ContainerBeingDeleted": "the container is being deleted: choose another landing.container",
    "ResourceNotFound": (
        "there is no such storage account or container: correct landing.storage_account, "
        "container or account_url"
    ),
    "InvalidResourceName": "Azure allows no such name: correct landing.container or landing.path",
    "InvalidUri": "Azure allows no such name: correct landing.container or landing.path",
    "OutOfRangeInput": "Azure allows no such name: correct landing.container or landing.path",
    "LeaseIdMissing": f"another program holds a lease on the file: {_OTHER_CLIENT}",
    "InvalidBlobType": "an append or page blob of that name is there: delete it",
    "BlobImmutableDueToPolicy": (
        "an immutability policy forbids to replace the file: end the policy for landing files"
    ),
    "BlobArchived": "the file there is in the archive tier: move it to hot, or delete it",
    "InvalidBlobOrBlock": (
        "another program's unfinished blocks of the file are there: finish its upload, or wait a "
        "week until they are gone"
    ),
}
_DAMAGED = {"Md5Mismatch", "Crc64Mismatch"}
_BUSY = {408, 429}


@dataclass(frozen=True)
class Request:
    """What a fault is explained from.

    Attributes:
        place: what it was about, for people, like `landing https://...`.
        kind: the error for what only a change of the store or the settings cures.
        token: the SAS token, or None with default credentials.
        needs: the permission it needs: `w` or `r`.
        over_tls: whether it went over https.
    """

    place: str
    kind: type[KadaError]
    token: str | None
    needs: str
    over_tls: bool


def error_code(error: Exception) -> str:
    """The service's word for what is wrong; empty where it is not the service that refused."""
    code: Any = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def retry_after(error: Exception) -> float:
    """Seconds the service asks to wait; 0 when it does not ask."""
    try:
        return max(0.0, float(_headers(error).get("Retry-After", 0)))
    except ValueError:  # a date, which no part of Azure sends
        return 0.0


def fault(error: Exception, request: Request) -> KadaError:
    """The error of this package for one of the SDK's."""
    code, status = error_code(error), _status(error)
    if status in _BUSY or status >= 500:
        text = f"it is overloaded or out of order (HTTP {status} {code}".rstrip() + "): try later"
        return ConnectionFailedError(f"{request.place}: {text}")
    if code in _DAMAGED or "MD5 mismatch" in str(error):
        text = "data was damaged on the way, and refused: check the network, then upload again"
        return ConnectionFailedError(f"{request.place}: {text}")
    if status in (401, 403) or code in _DENIALS or _is_about_credentials(error):
        return PermissionDeniedError(f"{request.place}: {_denial(error, request)}")
    if status < 300:
        return _lost(error, request)
    unknown = f"refused with HTTP {status} {code}".rstrip() + ": see Azure's list of error codes"
    return request.kind(f"{request.place}: {_FAULTS.get(code, unknown)}")


def _denial(error: Exception, request: Request) -> str:
    code = error_code(error)
    if not code and request.token is None and _is_about_credentials(error):
        return (
            "no default credentials are to be had here: set sas_token, or give this machine a "
            "managed identity, AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or a login"
        )
    if request.token is None:
        return _DENIALS.get(code, f"the identity is refused ({code or 'HTTP 403'}): {_ROLE}")
    when = _service_time(error)
    found = refusal(request.token, request.needs, when, over_tls=request.over_tls)
    return found or _DENIALS.get(code) or _wrong_signature(code)


def _wrong_signature(code: str) -> str:
    return (
        f"the SAS token is refused ({code or 'HTTP 403'}): it is cut, made for another account or "
        "container, or its key or access policy was changed. Make a new SAS token for this "
        "container and set it as sas_token"
    )


def _lost(error: Exception, request: Request) -> KadaError:
    text = str(error)  # looked at, never shown: it holds the address
    if "CERTIFICATE_VERIFY_FAILED" in text:
        cure = "its certificate is not trusted: name your authority's in REQUESTS_CA_BUNDLE"
        return request.kind(f"{request.place}: {cure}")
    if isinstance(getattr(error, "inner_exception", error), ValueError):
        cure = "this is not an address: correct landing.storage_account or account_url"
        return request.kind(f"{request.place}: {cure}")
    if any(sign in text for sign in ("Failed to resolve", "Name or service not known")):
        cure = "no such host: correct landing.storage_account or account_url, or check the DNS"
    elif "Connection refused" in text or "timed out" in text:
        cure = "it does not answer: check the network and landing.account_url, then try again"
    else:
        cure = "the connection was lost: check the network, then try again"
    return ConnectionFailedError(f"{request.place}: {cure}")


def _is_about_credentials(error: Exception) -> bool:
    from azure.core.exceptions import ClientAuthenticationError

    return isinstance(error, ClientAuthenticationError)


def _status(error: Exception) -> int:
    response: Any = getattr(error, "response", None)
    return int(getattr(response, "status_code", 0) or 0)


def _headers(error: Exception) -> Any:
    response: Any = getattr(error, "response", None)
    return getattr(response, "headers", None) or {}


def _service_time(error: Exception) -> datetime:
    try:
        return parsedate_to_datetime(_headers(error).get("Date", ""))
    except (TypeError, ValueError):
        return utc_now()
