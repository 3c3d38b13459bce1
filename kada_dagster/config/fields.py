"""Kinds of fields that several settings share: text, paths, secrets, numbers of seconds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    InstanceOf,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from kada_dagster.extracts.staging_place import checked_url, is_url
from kada_dagster.secrets import Secret

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WHOLE_REFERENCE = r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"


class Settings(BaseModel):
    """Base of all settings: unknown keys are errors, nothing changes after reading, and an
    error of pydantic does not show what it was given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


TYPE_TAG = "type:"
"""How the tags of settings that are told apart by their field `type` begin. pydantic puts them
into the paths of its errors; no field begins like this."""


def by_type(default: str | None = None) -> Discriminator:
    """Tells the alternatives of a union apart by `type`; each is tagged `type:<its type>`."""

    def tag(value: Any) -> str | None:
        if isinstance(value, dict):
            kind = cast("dict[str, object]", value).get("type", default)
        else:
            kind = getattr(value, "type", default)
        return None if kind is None else f"{TYPE_TAG}{kind}"

    return Discriminator(tag)


def _no_reference(text: str) -> str:
    if _REFERENCE.search(text):
        raise ValueError(
            "${...} stands for an environment variable in secret fields only; write the value here"
        )
    return text


def _name(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError("must be letters, digits and '_', and not begin with a digit")
    return name


def _no_url(server: str) -> str:
    """A URL may hold a password: refuse it, and do not repeat it."""
    if re.search(r"://|[@=\s]", server):
        raise ValueError("must be a host name, address or socket folder, not a URL")
    if re.fullmatch(r"[^:/]+:[0-9]+", server):
        raise ValueError("must be a host name or address alone; the number goes into port")
    return server


def _plain_url(text: str) -> str:
    """An address of a server that holds no credentials, and is a path away from every call."""
    if not re.match(r"https?://[^\s@?#]+\Z", text):
        raise ValueError("must be an address like https://host:port, without credentials or query")
    return text.rstrip("/")


def expanded(path: Path) -> Path:
    """The path with `~` as the home folder it stands for.

    Raises:
        ValueError: there is none.
    """
    try:
        return path.expanduser()
    except RuntimeError:  # no such user, or one without HOME and without an account
        raise ValueError(f"{path.parts[0]} is no home folder here; write the full path") from None


def _locate(path: Path, info: ValidationInfo) -> Path:
    """Relative paths count from the configuration file (`base` in the validation context)."""
    _no_reference(str(path))
    context: dict[str, Any] = info.context or {}
    return Path(context.get("base", "")) / expanded(path)


def _locate_read(path: Path, info: ValidationInfo) -> Path:
    """As `_locate`, but for the packaged demo beside its file, not where it writes (`beside`)."""
    _no_reference(str(path))
    context: dict[str, Any] = info.context or {}
    return Path(context.get("beside", context.get("base", ""))) / expanded(path)


def _folder_or_url(value: object, info: ValidationInfo) -> Path | str:
    """A folder is located like any path; a URL is taken as it is."""
    if isinstance(value, str) and is_url(value):
        return checked_url(_no_reference(value))
    if isinstance(value, (str, Path)):
        return _locate(Path(value), info)
    raise ValueError("must be a folder, or a URL like s3://bucket/staging")


def _secret(value: object) -> object:
    """Take a reference; refuse anything else without repeating it."""
    reference = Secret.parse(value) if isinstance(value, str) else value
    if value is None or (isinstance(reference, Secret) and reference.is_reference):
        return reference
    raise ValueError(
        "a secret is not written here; put it in an environment variable and write ${NAME}"
    )


Text = Annotated[str, AfterValidator(_no_reference)]
"""Text that is taken as it is written."""

Name = Annotated[str, AfterValidator(_name)]
"""What may stand in asset keys, names of jobs and files."""

ServerName = Annotated[Text, AfterValidator(_no_url)]
"""Host name, address or socket folder of a server."""

Url = Annotated[Text, AfterValidator(_plain_url)]
"""Address of an API or a store, without a slash at its end."""

LocalPath = Annotated[Path, AfterValidator(_locate)]
"""A path, relative to the file it is written in; `~` is the home folder."""

ReadPath = Annotated[Path, AfterValidator(_locate_read)]
"""A path of what is only read, relative to the file it is written in; `~` is the home folder."""

FolderOrUrl = Annotated[
    Path | str, PlainValidator(_folder_or_url), WithJsonSchema({"type": "string"})
]
"""A folder, relative to the file it is written in, or the URL of a place several machines share."""

SecretReference = Annotated[
    InstanceOf[Secret],
    BeforeValidator(_secret),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _WHOLE_REFERENCE}),
]
"""`${NAME}`: the secret is in the environment variable NAME when it is needed."""

Seconds = Annotated[int, Field(ge=1, le=86_400)]
"""A duration in whole seconds, one second to one day."""


def secret_fields(settings: BaseModel) -> list[Secret]:
    """The secrets among the fields themselves."""
    values = (getattr(settings, key) for key in type(settings).model_fields)
    return [value for value in values if isinstance(value, Secret)]
