"""How one variable is read: where it may refer to the vault, and where the credentials come from.

What the variables of a job mean together is in `environment`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.vault import DEFAULT_VAULT, VAULT_VARIABLE, vault_path, vault_secret
from kada_dagster.secrets import Secret

KEY, SECRET = "FIVETRAN_API_KEY", "FIVETRAN_API_SECRET"
FROM_VAULT = "SET_FIVETRAN_KEYS_TO_ENV"
BASE_URL_VARIABLE = "FIVETRAN_BASE_URL"
DEFAULT_KEY = "FIVETRAN.DEFAULT.API_KEY"
DEFAULT_SECRETS = ("FIVETRAN.DEFAULT.API_SECRET", "FIVETRAN.DEFAULT.SECRET")
"""Where the secret is: the text of the documentation names the first, its table the second."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Credentials:
    """Key and secret of an account, as references.

    Attributes:
        key: the API key.
        secret: its secret.
        warnings: what is odd about where they come from; without values.
    """

    key: Secret
    secret: Secret
    warnings: tuple[str, ...] = ()


class Variables:
    """The environment of the process; a value that is DATAOPS_VAULT(A.B.C) comes from the vault.

    Args:
        vault: the vault file; by default the one KADA_VAULT_FILE names, or DataOps's.
    """

    def __init__(self, vault: Path | None = None) -> None:
        named = os.environ.get(VAULT_VARIABLE, "").strip()
        self.vault = vault or (Path(named).expanduser() if named else DEFAULT_VAULT)

    def given(self, name: str) -> bool:
        """Whether a variable has any value at all, even 0."""
        return bool(os.environ.get(name))

    def text(self, name: str) -> str:
        """The value without white space around it; empty if there is none.

        Raises:
            ConfigError: the vault does not hold what it refers to.
        """
        text = os.environ.get(name, "").strip()
        path = vault_path(text, name)
        return text if path is None else self.entry(name, path).reveal()

    def required(self, name: str, what: str) -> str:
        """The value; an error that says what the variable is for, if there is none."""
        if text := self.text(name):
            return text
        raise ConfigError(f"{name}: is required; it {what}")

    def secret(self, name: str, what: str) -> Secret:
        """A secret that a variable holds or refers to; it is there at this moment.

        Raises:
            ConfigError: it is not.
        """
        text = os.environ.get(name, "")
        path = vault_path(text, name)
        if path is not None:
            return self.entry(name, path)
        if not text.strip():
            raise ConfigError(f"{name}: is required; {what}")
        return Secret(variable=name) if text == text.strip() else Secret(value=text.strip())

    def entry(self, name: str, path: str) -> Secret:
        """A secret in the vault; it is there at this moment.

        Args:
            name: of the variable that asks for it.
            path: in the vault.

        Raises:
            ConfigError: it is not.
        """
        entry = vault_secret(self.vault, path)
        try:
            entry.reveal()
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None
        return entry

    def shown(self, name: str) -> str:
        """A variable with its value, for an error; a value from the vault is not shown."""
        text = os.environ.get(name, "").strip()
        hidden = vault_path(text, name) is not None
        return f"{name}={text!r}" if text and not hidden else name

    def beginning(self, prefix: str) -> list[str]:
        """The names of all variables that begin so and have a value."""
        return sorted(name for name in os.environ if name.startswith(prefix) and self.given(name))

    def base_url(self) -> str | None:
        """The address of the API, if a variable gives one.

        Raises:
            ConfigError: it would send the credentials in the clear.
        """
        text = self.text(BASE_URL_VARIABLE)
        return checked_url(text, BASE_URL_VARIABLE) if text else None


def credentials(variables: Variables) -> Credentials:
    """Key and secret: from the vault's default paths, or from their own variables.

    Raises:
        ConfigError: one of them is not there; names the variables and the path.
    """
    if variables.given(FROM_VAULT):
        return _of_the_vault(variables)
    what = f"or set {FROM_VAULT} to take both from the vault"
    key, secret = variables.secret(KEY, what), variables.secret(SECRET, what)
    return Credentials(key, secret, tuple(_same(key, secret, f"{KEY} and {SECRET}")))


def checked_url(text: str, name: str) -> str:
    """An address of the API that is safe to send credentials to.

    Args:
        text: as `https://api.fivetran.com/v1`.
        name: of the variable or option, for the error.

    Raises:
        ConfigError: it is no address, or neither https nor this machine.
    """
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        return text.strip()
    raise ConfigError(
        f"{name}: must be an https address, as https://api.fivetran.com/v1; http is for this "
        "machine only"
    )


def suggestion(text: str, known: Iterable[str]) -> str:
    """A hint at the known word that looks like a wrong one, or nothing."""
    close = difflib.get_close_matches(text, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _of_the_vault(variables: Variables) -> Credentials:
    ignored = [name for name in (KEY, SECRET) if variables.given(name)]
    warnings = [f"{name} is not used, because {FROM_VAULT} is set" for name in ignored]
    key = variables.entry(FROM_VAULT, DEFAULT_KEY)
    secret = _first(variables)
    same = _same(key, secret, f"{DEFAULT_KEY} and {secret}")
    return Credentials(key, secret, (*warnings, *same))


def _first(variables: Variables) -> Secret:
    """The secret at the first of its two paths that has one; errors name the first."""
    for path in DEFAULT_SECRETS:
        with suppress(ConfigError):
            return variables.entry(FROM_VAULT, path)
    return variables.entry(FROM_VAULT, DEFAULT_SECRETS[0])


def _same(key: Secret, secret: Secret, where: str) -> Iterator[str]:
    """The example of the documentation refers to the key twice."""
    if key.reveal() == secret.reveal():
        both = f", both {key}," if key == secret else ""
        yield f"{where}{both} are the same text; a key and its secret never are: is this a slip?"
