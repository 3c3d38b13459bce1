"""Whether the secrets a configuration refers to can be looked up. Values are never shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kada_dagster.config.document import read_text
from kada_dagster.doctor.check import Verdict, fail, ok
from kada_dagster.errors import ConfigError
from kada_dagster.secrets import Secret

ENV_FILE = ".env"


def secrets_verdicts(secrets: Sequence[Secret]) -> Iterator[Verdict]:
    """One for all variables that are missing, one for each other secret that cannot be read."""
    variables = list(dict.fromkeys(one.variable for one in secrets if one.variable is not None))
    wrong = list(variables_verdicts(variables))
    for secret in secrets:
        if secret.variable is None:
            wrong += _unreadable(secret)
    yield from wrong or [ok(", ".join(dict.fromkeys(map(str, secrets))))]


def variables_verdicts(variables: Iterable[str]) -> Iterator[Verdict]:
    """One for all environment variables that are not set, and one for those that are empty."""
    named = list(dict.fromkeys(variables))
    if unset := [name for name in named if name not in os.environ]:
        yield fail(f"{_are(unset)} not set: {_cure(unset)}")
    if empty := [name for name in named if os.environ.get(name) == ""]:
        yield fail(f"{_are(empty)} set to nothing: give it a value")


def _unreadable(secret: Secret) -> Iterator[Verdict]:
    try:
        if not secret.reveal():
            yield fail(f"{secret} is empty: give it a value")
    except ConfigError as error:
        yield fail(str(error))


def _are(names: Sequence[str]) -> str:
    many = len(names) > 1
    return f"environment variable{'s' * many} {', '.join(names)} {'are' if many else 'is'}"


def _cure(names: Sequence[str]) -> str:
    cure = "set it for whatever runs the collector, or name another one in the configuration"
    if set(names) <= _names_in(Path(ENV_FILE)):
        cure = f"it is in ./{ENV_FILE}, which dagster dev reads and kada does not: --env-file .env"
    return cure.replace("it is", "they are").replace("set it", "set them") if names[1:] else cure


def _names_in(file: Path) -> set[str]:
    """The names a file of variables sets; its values are not looked at."""
    try:
        lines = read_text(file).splitlines()
    except ConfigError:
        return set()
    return {line.removeprefix("export ").partition("=")[0].strip() for line in lines if "=" in line}
