"""Error texts of runs, which may quote data."""

from __future__ import annotations

import pytest

from kada_dagster.hightouch.masking import message


@pytest.mark.parametrize(
    ("error", "masked"),
    [
        ("NON_UNIQUE_PRIMARY_KEY: anna@example.com", "NON_UNIQUE_PRIMARY_KEY"),
        ("QUERY_COLUMN_MISSING", "QUERY_COLUMN_MISSING"),
        ("ANNA: has no e-mail", "***"),
        ("NON_UNIQUE_PRIMARY_KEY anna", "***"),
        ("row 7 has 'anna'", "***"),
        ("", ""),
    ],
)
def test_a_masked_error_is_its_code_or_nothing(error: str, masked: str) -> None:
    assert message(error, mask=True) == masked


@pytest.mark.parametrize(("length", "kept"), [(500, 500), (501, 501), (5000, 501)])
def test_a_long_error_is_cut(length: int, kept: int) -> None:
    text = message("x" * length, mask=False)
    assert (len(text), text.endswith("…")) == (kept, length > 500)
