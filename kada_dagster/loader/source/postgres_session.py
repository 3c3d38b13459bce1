"""What a generic driver's session of PostgreSQL is told before it reads, as by the source for it.

The defaults of a role or database decide how values are printed, how long a statement may take,
and whether rows that a policy hides are missing without a word.
"""

from __future__ import annotations

from kada_dagster.loader.server import FORMS

_LIMITS = """
SELECT set_config(name, CASE vartype WHEN 'bool' THEN 'off' ELSE '0' END, true) FROM pg_settings
 WHERE name IN ('row_security', 'statement_timeout', 'idle_in_transaction_session_timeout',
                'transaction_timeout') AND source NOT IN ('client', 'session')"""
"""Those that servers of any version know; what the profile says of one stays."""


def beginnings() -> tuple[str, ...]:
    """The statements that begin a transaction; each one for itself, as some drivers want it."""
    forms = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in FORMS.items())
    return (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SELECT {forms}",
        _LIMITS.strip(),
    )
