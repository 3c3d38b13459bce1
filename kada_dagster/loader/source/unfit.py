"""What a value is refused with."""

from __future__ import annotations


class UnfitError(Exception):
    """A value that its column cannot hold; the message shows no value."""
