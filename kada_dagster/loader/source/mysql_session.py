"""What a session of MySQL or MariaDB is told before it reads, whatever the server's defaults are.

Facts: https://mariadb.com/kb/en/server-system-variables/, and
https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html.
"""

from __future__ import annotations

_FORMS = (
    "SET SESSION time_zone = '+00:00', "
    # CHAR values would come with blanks up to their width
    "sql_mode = REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')"
)
_NO_LIMITS = (
    "SET SESSION net_write_timeout = 86400, wait_timeout = 86400, sql_big_selects = 1, "
    # the rows behind it would be missing without a word
    "sql_select_limit = 18446744073709551615"
)
_TIME_LIMITS = {  # by the versions that know them; for the other product they are comments
    "max_statement_time": "/*M!100101 , {} = 0 */",
    "idle_transaction_timeout": "/*M!100300 , {} = 0 */",
    "idle_readonly_transaction_timeout": "/*M!100300 , {} = 0 */",
    "max_execution_time": "/*!50708 , {} = 0 */",
}
"""On a statement, and on a transaction that waits for the target."""


def beginnings(init_command: str = "") -> tuple[str, ...]:
    """The statements that begin a session's only transaction.

    Args:
        init_command: of the profile's options; a limit of time that it sets stays.
    """
    limits = [text.format(name) for name, text in _TIME_LIMITS.items() if name not in init_command]
    return (
        _FORMS,
        " ".join((_NO_LIMITS, *limits)),
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
