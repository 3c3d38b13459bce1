"""The week that generated accounts live in."""

from __future__ import annotations

START = 1_767_225_600_000
"""2026-01-01 00:00:00 UTC, epoch milliseconds: nothing happened before."""

HOUR = 3_600_000
"""Milliseconds of an hour."""

END = START + 7 * 24 * HOUR
"""Nothing ends later."""
