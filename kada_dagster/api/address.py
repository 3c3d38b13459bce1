"""Addresses of an API: the base of all calls, what is put behind it, and where it may send us."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

from kada_dagster.errors import ConfigError

_PORTS = {"http": 80, "https": 443}


def segment(name: str) -> str:
    """A name as one part of a path: `/`, `%`, spaces, and the parts `.` and `..` are encoded."""
    encoded = quote(name, safe="")
    return encoded.replace(".", "%2E") if name in (".", "..") else encoded


def checked_base(base_url: str) -> str:
    """The base address without a slash at its end.

    Raises:
        ConfigError: it is no http(s) address, or holds credentials, a query or a fragment.
    """
    parts = _split(base_url)
    if parts is None:
        raise ConfigError("base_url: an address such as https://api.example.com/v1 is expected")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("base_url: take the credentials out of the address; they have own fields")
    if parts.query or parts.fragment:
        raise ConfigError("base_url: take what stands behind ? or # out of the address")
    return base_url.strip().rstrip("/")


def address(base: str, path: str, params: Mapping[str, str | int] | None) -> str:
    """The address of a call; `path` is taken as it is, so encode names with `segment`."""
    query = urlencode(params, quote_via=quote, safe="") if params else ""
    joint = "&" if "?" in path else "?"
    return f"{base}/{path.lstrip('/')}{joint if query else ''}{query}"


def next_address(url: str, location: str) -> str | None:
    """Where a redirect leads, if the credentials may go there: the same host, not less safe."""
    if not location:
        return None
    here, there = _split(url), _split(location, url)
    if here is None or there is None or there.username is not None:
        return None
    return there.geturl() if _is_same_place(here, there) else None


def _split(url: str, base: str = "") -> SplitResult | None:
    """The parts of an http(s) address with a host; None for anything else."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        good = parts.scheme in _PORTS and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        return None
    return parts if good else None


def _is_same_place(here: SplitResult, there: SplitResult) -> bool:
    if here.hostname != there.hostname:
        return False
    ports = here.port or _PORTS[here.scheme], there.port or _PORTS[there.scheme]
    upgrade = (here.scheme, there.scheme) == ("http", "https") and ports == (80, 443)
    return upgrade or (here.scheme == there.scheme and ports[0] == ports[1])
