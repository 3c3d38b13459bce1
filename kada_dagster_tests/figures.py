"""Figures that tests come to, printed at the end of a run, whichever process they ran in."""

from __future__ import annotations

from typing import Any

FIGURE = "figure"
"""A test records a line under this name with `record_property`."""


def print_figures(terminal: Any) -> None:
    """Print what the tests of a run recorded.

    Args:
        terminal: pytest's terminal reporter.
    """
    reports = [*terminal.getreports("passed"), *terminal.getreports("failed")]
    for report in reports:
        for name, line in report.user_properties:
            if name == FIGURE and report.when == "call":
                terminal.write_line(str(line))
