"""What no message may hold of an address or a connection string."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kada_dagster.loader.definition.template import Template

SHORTEST = 4  # characters of a value; a shorter one would be masked in half of all words


def hidden_values(
    template: Template, field: str, spelt: Callable[[str], str], passwords: Iterable[str]
) -> tuple[str, ...]:
    """The passwords, and what comes from the environment, as they are and as they are written.

    Args:
        template: of the text.
        field: of connections.yaml, for the error.
        spelt: how a value is written in the text.
        passwords: that were found in it.

    Raises:
        ConfigError: a variable is not set.
    """
    given = [Template(f"${{{name}}}").resolve(field) for name in template.variables]
    values = [value for value in given if len(value) >= SHORTEST]
    values += filter(None, passwords)
    return tuple(dict.fromkeys(one for value in values for one in (value, spelt(value))))
