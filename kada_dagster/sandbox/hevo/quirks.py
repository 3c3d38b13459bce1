"""How the API behaves where it is known to differ between accounts, or may do so one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Quirks:
    """Standing habits of the server; what happens once is a `Fault`.

    Attributes:
        bare_singles: classic singles come without `data` around them.
        type_as_text: `type` of classic sources and destinations is a text, not an object.
        position_as_list: a position comes as a list.
        classic_no_content: an empty classic list is a 204.
        edge_no_content: an empty Edge list is a 204.
        edge_full_list: the list of Edge objects holds what the detail holds.
        edge_count: Edge lists say `count`.
        jobs_order: of Edge jobs; newest first is what is expected.
        job_delay: milliseconds until a job and its end show up.
        repeated_rows: rows of a page that the next page begins with, since rows came in at the
            front; all but jobs have another status then.
        page_loop: lists do not end: the same token comes again, or new tokens for the same rows.
        member_key: the key is a member's: some endpoints refuse it.
        classic_status: what all of the classic family answers, `404`; None: it is there.
        edge_status: likewise for Edge.
        retry_after: a 429 says how long to wait.
        calls_until_expired: calls after which the key is not valid any more.
    """

    bare_singles: bool = False
    type_as_text: bool = False
    position_as_list: bool = False
    classic_no_content: bool = True
    edge_no_content: bool = False
    edge_full_list: bool = False
    edge_count: bool = False
    jobs_order: Literal["newest", "oldest", "shuffled"] = "newest"
    job_delay: int = 0
    repeated_rows: int = 0
    page_loop: Literal["same token", "new tokens"] | None = None
    member_key: bool = False
    classic_status: int | None = None
    edge_status: int | None = None
    retry_after: bool = False
    calls_until_expired: int | None = None
