"""One call of the command line: how it ends, and what it says when it fails."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO, cast

import click

from kada_dagster.cli.output import printable, tell
from kada_dagster.errors import KadaError
from kada_dagster.secrets import Secret, known_spellings, redact

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
        return redact(text, known_spellings(self.secrets))


def run(command: click.Command, arguments: Sequence[str] | None) -> int:
    """Run a command to its end.

    Args:
        command: gets a `Session` as its object.
        arguments: without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    try:
        return _run(command, arguments)
    finally:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _run(command: click.Command, arguments: Sequence[str] | None) -> int:
    session = Session()
    try:
        result = command.main(arguments, "kada", standalone_mode=False, obj=session)
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted: nothing was left half-written")
        return INTERRUPTED
    except BrokenPipeError:
        return 1  # as with `kada ... | head`
    except Exception as error:
        return _failed(session, _of_output(error) or error)
    return result if isinstance(result, int) else 0


def _failed(session: Session, error: Exception) -> int:
    """Say what is wrong; a traceback only for what nobody foresaw, or on request."""
    expected = isinstance(error, KadaError)
    if session.debug or not expected:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        tell(printable(session.redacted("".join(lines))), nl=False)
    if expected:
        tell(printable(session.redacted(f"error: {error}")))
        return error.exit_code
    return 1


def _show(error: click.ClickException) -> None:
    """Say what is wrong with the usage, where standard error takes it."""
    if cast("TextIO | None", sys.stderr) is not None:
        with suppress(OSError):
            error.show()


def _of_output(error: Exception) -> KadaError | None:
    """What to say of an error that arose in printing a result."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    if not isinstance(error, OSError) or all(f.f_code is not click.echo.__code__ for f in frames):
        return None
    reason = (error.strerror or str(error)).lower()
    return KadaError(f"standard output cannot be written: {reason}; what was done stays")


def _let_go(stream: TextIO | None) -> None:
    """Drop what a stream cannot take: the interpreter would try again at its exit, and complain
    with an exit code of its own. One that was closed by the caller is None."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
