"""What the user sees: progress on standard error, results on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol, TextIO

import click

if TYPE_CHECKING:
    from rich.status import Status


class Display(Protocol):
    """Shows how a run gets on."""

    def step(self, text: str) -> None:
        """A step begins."""
        ...

    def rows(self, what: str, count: int) -> None:
        """Rows of one kind have arrived; may be called from several threads."""
        ...

    def sent(self, size: int) -> None:
        """So many bytes more were uploaded; may be called from several threads."""
        ...


class PlainDisplay:
    """One line for each event, for logs and pipes. Times are UTC."""

    def step(self, text: str) -> None:
        """A step begins."""
        self._line(text)

    def rows(self, what: str, count: int) -> None:
        """Rows of one kind have arrived."""
        self._line(f"  {what}: {row_count(count)}")

    def sent(self, size: int) -> None:
        """So many bytes more were uploaded: too often for a line each."""

    def _line(self, text: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        tell(f"{now} {printable(text)}")


class TerminalDisplay:
    """A line that moves, with the sum so far; finished parts stay above it."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._step = ""
        self._total = self._sent = 0

    def step(self, text: str) -> None:
        """A step begins."""
        self._step, self._sent = printable(text), 0
        self._update()

    def rows(self, what: str, count: int) -> None:
        """Rows of one kind have arrived."""
        from rich.text import Text

        self._total += count
        line = Text.assemble("  ", printable(what), (f"  {row_count(count)}", "dim"))
        self._status.console.print(line)
        self._update()

    def sent(self, size: int) -> None:
        """So many bytes more were uploaded."""
        self._sent += size
        self._update()

    def _update(self) -> None:
        from rich.text import Text

        done = f"  {row_count(self._total)}" if self._total else ""
        if self._sent:
            done = f"  {self._sent / 1e6:,.1f} MB sent"
        self._status.update(Text.assemble((self._step, "bold"), (done, "cyan")))


@contextmanager
def display() -> Generator[Display, None, None]:
    """The display that suits standard error."""
    if not is_terminal(sys.stderr):
        yield PlainDisplay()
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("") as status:
        yield TerminalDisplay(status)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed by the caller is None."""
    return stream is not None and stream.isatty()


def tell(text: str, *, nl: bool = True) -> None:
    """Print on standard error. Where that is not possible, the work goes on all the same."""
    with suppress(OSError):
        click.echo(text, err=True, nl=nl)


def row_count(count: int) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """A text without what would steer a terminal, but for its line ends: names come from the
    source."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
