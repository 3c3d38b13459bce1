"""One call of the command line: how it ends, and what it says when it fails."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import click

from kada_dagster.cli.output import printable
from kada_dagster.errors import KadaError
from kada_dagster.secrets import Secret, redact

INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


@dataclass
class Session:
    """What the commands of one call share.

    Attributes:
        debug: show tracebacks of errors raised on purpose, too.
        secrets: those the command may come to hold; their values are kept out of what it prints.
    """

    debug: bool = False
    secrets: list[Secret] = field(default_factory=list[Secret])

    def redacted(self, text: str) -> str:
        """A text without the values of the secrets."""
        values: list[str] = []
        for secret in self.secrets:
            with suppress(KadaError):
                values.append(secret.reveal())
        return redact(text, values)


def run(command: click.Command, arguments: Sequence[str] | None) -> int:
    """Run a command to its end.

    Args:
        command: gets a `Session` as its object.
        arguments: without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    session = Session()
    try:
        result = command.main(arguments, "kada", standalone_mode=False, obj=session)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing was left half-written", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_went_away()
    except Exception as error:
        return _failed(session, error)
    return result if isinstance(result, int) else 0


def _failed(session: Session, error: Exception) -> int:
    """Say what is wrong; a traceback only for what nobody foresaw, or on request."""
    expected = isinstance(error, KadaError)
    if session.debug or not expected:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        click.echo(printable(session.redacted("".join(lines))), err=True, nl=False)
    if expected:
        click.echo(printable(session.redacted(f"error: {error}")), err=True)
        return error.exit_code
    return 1


def _reader_went_away() -> int:
    """`kada ... | head` closed the pipe; keep the interpreter from complaining at its exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
