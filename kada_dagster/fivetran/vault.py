"""References to a vault: `DATAOPS_VAULT(A.B.C)` names a value in a tree of secrets in a file.

Here is what a reference looks like and what it resolves to; how the file is read is in
`vault_file`. The notation is that of DataOps.live pipelines. It says nothing on references inside
a longer text or inside the vault; the rules for them here are: a reference is the whole value of
a variable, and an entry of the vault may refer to another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.vault_file import entry_text
from kada_dagster.secrets import Secret

VAULT_VARIABLE = "KADA_VAULT_FILE"
"""Environment variable with the path of the vault file."""

DEFAULT_VAULT = Path("/secrets/vault.yml")
"""Where DataOps.live runners mount the vault."""

_REFERENCE = re.compile(r"\s*DATAOPS_VAULT\(\s*([^().\s][^().]*(?:\.[^().]+)*)\)\s*\Z")
_ANY_REFERENCE = re.compile(r"DATAOPS_VAULT\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class VaultEntry:
    """A value in a vault. Neither `repr` nor `str` shows it.

    Attributes:
        file: the vault: YAML or JSON, a tree of mappings.
        path: keys from the root, joined by dots, as `FIVETRAN.DEFAULT.API_KEY`.
    """

    file: Path
    path: str

    def read(self) -> str:
        """The value, looked up now, without white space around it.

        Raises:
            ConfigError: the file cannot be read, or holds no such value; names file and path.
        """
        passed = [self.path]
        text = entry_text(self.file, self.path)
        while (path := vault_path(text, str(self))) is not None:
            if path in passed:
                raise ConfigError(f"{self}: the reference leads back to {path}")
            passed.append(path)
            text = entry_text(self.file, path)
        return text

    def __str__(self) -> str:
        return f"{self.path} in the vault {self.file}"


def vault_path(text: str, where: str) -> str | None:
    """The path a text refers to; None if it is no reference.

    Args:
        text: the value of a variable or of an entry of the vault.
        where: names it in errors.

    Raises:
        ConfigError: there is a reference in it, but not a whole and plain one.
    """
    if match := _REFERENCE.match(text):
        return ".".join(part.strip() for part in match.group(1).split("."))
    if _ANY_REFERENCE.search(text):
        raise ConfigError(
            f"{where}: a vault reference must be the whole value, as DATAOPS_VAULT(A.B.C): nothing "
            "before or after it, none inside another, capital letters"
        )
    return None


def vault_secret(file: Path, path: str) -> Secret:
    """A secret that is looked up in a vault when it is needed.

    Args:
        file: the vault.
        path: as `FIVETRAN.DEFAULT.API_KEY`.
    """
    return Secret(place=VaultEntry(file, path))
