"""Text in connections.yaml that may name environment variables: `${NAME}`, anywhere in it.

The variables are read when the connection is made. Nothing else is ever put in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema

from kada_dagster.config.yaml_text import WrittenFloat
from kada_dagster.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NOT_HERE = "a secret is not written here; put it in an environment variable and write ${NAME}"
_ODD = re.compile(r"\$\{(?![A-Za-z_][A-Za-z0-9_]*\})")


@dataclass(frozen=True)
class Template:
    """A text with references.

    Attributes:
        text: as it is written.
    """

    text: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables it names, in their order."""
        return tuple(_VARIABLE.findall(self.text))

    def resolve(self, where: str, spelt: Callable[[str], str] = str) -> str:
        """The text with the values of the variables as they are now.

        Args:
            where: names profile and key, for the error.
            spelt: how a value is written in such a text, as percent-encoded in an address.

        Raises:
            ConfigError: a variable is not set; names it.
        """

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name not in os.environ:
                raise ConfigError(f"{where}: environment variable {name} is not set")
            return spelt(os.environ[name])

        return _VARIABLE.sub(value, self.text)

    def __str__(self) -> str:
        return self.text


def _template(value: object) -> object:
    if isinstance(value, Template):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("must be text; write a truth value in quotes")
    return template_of(value.text if isinstance(value, WrittenFloat) else str(value))


def template_of(text: str) -> Template:
    """The text with its references.

    Raises:
        ValueError: what looks like one is none.
    """
    if _ODD.search(text):
        raise ValueError("${ begins the name of an environment variable, as in ${NAME}")
    return Template(text)


def _only_a_reference(template: Template) -> Template:
    if not template.variables:
        raise ValueError(NOT_HERE)
    return template


def without_password(template: Template, password: re.Pattern[str]) -> Template:
    """The text, if the password in it is a reference.

    Args:
        template: an address, or another text with a password among other things.
        password: finds it, as its first group.

    Raises:
        ValueError: the password itself is there.
    """
    found = password.search(template.text)
    if found and not _VARIABLE.search(found[1]):
        raise ValueError(NOT_HERE)
    return template


def _text_of(template: Any) -> str:
    return str(template)


TemplateText = Annotated[
    InstanceOf[Template],
    BeforeValidator(_template),
    PlainSerializer(_text_of, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""Text in which `${NAME}` stands for an environment variable."""

SecretText = Annotated[TemplateText, AfterValidator(_only_a_reference)]
"""The same, and some of it must come from the environment."""
