"""What pages are still to say that were being written when their blocks were first run.

An entry goes when its page has the correction, or the mark in front of the block.
"""

from __future__ import annotations

from kada_dagster_tests.docs.pages import Block

CORRECTIONS = {"README.md": {"793 rows": "794 rows", "429 rows": "431 rows"}}
"""The README's command was run before the demo had a warehouse."""

NOT_RUN = {
    "docs/operations.md": {
        "kada.yaml:3: sources[1].freshness": "the tests of freshness make this message",
        "Subject: [kada]": "a mail as a server received it; the tests of alerts receive such ones",
        "source shop: works again": "as above",
        "source crm: its mark lags": "as above",
        "$ kada status": "needs an instance with a source that lags; the tests of status make one",
        "*/30 * * * * cd": "a line of a crontab",
    },
}
"""Reasons, by the first words of a block."""


def corrected(block: Block, shown: str) -> str:
    """What the page will show."""
    for old, new in CORRECTIONS.get(block.page, {}).items():
        shown = shown.replace(old, new)
    return shown


def reason(block: Block) -> str:
    """Why a block is not run; empty for what is run."""
    if block.page == "README.md" and not (block.language or block.commands):
        return "what make demo, make test and make bench print"
    found = NOT_RUN.get(block.page, {})
    return block.not_run or next((w for b, w in found.items() if block.text.startswith(b)), "")
