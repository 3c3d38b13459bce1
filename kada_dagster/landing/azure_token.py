"""What the readable fields of a shared access signature (SAS) say about a refusal.

The service says that it refuses, seldom why; the fields say why. The signature itself is never
looked at. Fields: https://learn.microsoft.com/rest/api/storageservices/create-account-sas and
https://learn.microsoft.com/rest/api/storageservices/create-service-sas
"""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import parse_qsl

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import format_hwm

_PERMISSIONS = {"w": "write (w)", "r": "read (r)"}
_ANOTHER = "make a new SAS token and set it as sas_token"
_WIDE = (
    f"{_ANOTHER}, for the container with read, create and write (sp=rcw), or for the account with "
    "ss=b, srt=o and these permissions"
)


def clean_token(text: str) -> str:
    """A token as it is sent: without the leading `?` and blanks around it.

    Raises:
        ConfigError: it is something else than a SAS token.
    """
    token = text.strip().removeprefix("?")
    if "sig=" not in token or "://" in token or " " in token:
        raise ConfigError(
            "landing.sas_token is not a SAS token: give all of sv=...&sig=..., without an address "
            "before it (an account key is not taken)"
        )
    return token


def refusal(token: str, needs: str, moment: datetime, *, over_tls: bool) -> str | None:
    """Why a token cannot have been accepted, and the cure.

    Args:
        token: the token.
        needs: the permission the request needed: `w` or `r`.
        moment: when the service refused, by its own clock.
        over_tls: whether the request went over https.

    Returns:
        None when its fields explain nothing: the signature is wrong, or something else is.
    """
    fields = dict(parse_qsl(token))
    return _outside_its_time(fields, moment) or _out_of_scope(fields, needs, over_tls)


def _outside_its_time(fields: dict[str, str], moment: datetime) -> str | None:
    start, expiry = _moment(fields.get("st")), _moment(fields.get("se"))
    if expiry and moment >= expiry:
        return f"the SAS token expired at {format_hwm(expiry)} UTC: {_ANOTHER}"
    if start and moment < start:
        return (
            f"the SAS token is valid from {format_hwm(start)} UTC on: wait, or {_ANOTHER} (the "
            "clock of the machine it is made on may be fast)"
        )
    return None


def _out_of_scope(fields: dict[str, str], needs: str, over_tls: bool) -> str | None:
    if needs not in fields.get("sp", needs):
        given = fields["sp"]
        return f"the SAS token lacks the permission {_PERMISSIONS[needs]}, it has {given}: {_WIDE}"
    if "b" not in fields.get("ss", "b"):
        return f"the SAS token is not for the Blob service (ss): {_WIDE}"
    if "o" not in fields.get("srt", "o"):
        return f"the SAS token is not for objects (srt): {_WIDE}"
    if fields.get("sr") == "b":
        return f"the SAS token is for a single blob (sr=b): {_WIDE}"
    if not over_tls and fields.get("spr") == "https":
        return "the SAS token is for https only: correct landing.account_url"
    return None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
