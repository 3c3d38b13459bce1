"""What a tick costs, and what it does when the API does not answer: nothing it cannot stand by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.fivetran.watch.cursor import encode
from kada_dagster.sandbox.fivetran import Fault, FivetranWorld, Outcome
from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.fivetran.account_location import VARIABLES
from kada_dagster_tests.fivetran.followed import Followed, followed

HOUR = 3600
MANY = 1500
LIST = r"/v1/connections$"


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def world(count: int, **fields: object) -> FivetranWorld:
    """So many connections, none of which syncs by itself unless told to."""
    made = FivetranWorld()
    for number in range(count):
        given = {"schedule_type": "manual", "layout": None, **fields}
        made.add_connection(id=f"shop_{number:04}", **given)
    return made


@pytest.fixture(scope="module")
def crowd() -> FivetranWorld:
    return world(MANY)


@pytest.fixture
def many(tmp_path: Path, crowd: FivetranWorld) -> Iterator[Followed]:
    """1,500 connections; the sensor knows them, no asset does."""
    with followed(tmp_path, crowd, snapshot=False) as account:
        account.tick()
        account.location.server.forget()
        yield account


def calls(account: Followed, path: str = "") -> int:
    found = len(account.location.server.calls("", path))
    account.location.server.forget()
    return found


def test_a_tick_over_1500_connections_is_two_calls(
    many: Followed, record_property: Callable[[str, object], None]
) -> None:
    said = str(many.tick().skip_message)
    made = calls(many)
    assert made == 2
    assert said.startswith("1,500 connections in 2 calls: ")
    record_property(FIGURE, f"fivetran_sensor_tick connections={MANY} calls={made}")


def test_the_history_is_asked_for_once_for_each_connection_that_advanced(many: Followed) -> None:
    for number in range(3):
        many.world.start_sync(f"shop_{number:04}")
    many.world.advance(100)
    many.tick()
    assert calls(many) == 2 + 3
    many.tick()
    assert calls(many) == 2


def test_an_account_without_history_is_not_asked_again_for_an_hour(many: Followed) -> None:
    many.world.quirks.history = 403
    try:
        for number in range(10, 20):
            many.world.start_sync(f"shop_{number:04}")
        many.world.advance(100)
        many.tick()
        assert calls(many) == 2 + 3
        assert len(many.materialized("shop_0019")) == 1
        many.world.start_sync("shop_0010")
        many.world.advance(100)
        many.tick()
        assert calls(many) == 2
        assert len(many.materialized("shop_0010")) == 2
    finally:
        many.world.quirks.history = "on"


@pytest.mark.parametrize("page", [0, 1])
def test_a_page_of_the_list_that_fails_leaves_all_to_the_next_tick(
    many: Followed, page: int
) -> None:
    many.world.start_sync("shop_0700")
    many.world.advance(100)
    before = many.cursor
    many.location.server.fail(Fault.status(500, LIST, after=page, times=1))
    with pytest.raises(KadaError, match="500"):
        many.tick()
    assert many.cursor == before
    assert many.materialized("shop_0700") == []
    many.tick()
    assert len(many.materialized("shop_0700")) == 1


# --- few connections -----------------------------------------------------------------------------


def test_more_syncs_than_a_tick_reports_are_reported_by_the_next_ones(tmp_path: Path) -> None:
    with followed(tmp_path, world(7), sensor={"max_syncs": 3}) as account:
        account.tick()
        for number in range(7):
            account.world.start_sync(f"shop_{number:04}")
        account.world.advance(100)
        said = str(account.tick().skip_message)
        assert "3 syncs completed, 0 failed; waiting for the next look: shop_0003, " in said
        reported = [len(account.materialized(f"shop_{number:04}")) for number in range(7)]
        assert reported == [1, 1, 1, 0, 0, 0, 0]
        account.tick()
        account.tick()
        reported = [len(account.materialized(f"shop_{number:04}")) for number in range(7)]
        assert reported == [1] * 7


def test_a_history_that_fails_keeps_a_connection_waiting_and_no_other(tmp_path: Path) -> None:
    with followed(tmp_path, world(2)) as account:
        account.tick()
        for name in ("shop_0000", "shop_0001"):
            account.world.start_sync(name)
        account.world.advance(100)
        account.location.server.fail(Fault.status(500, "shop_0000/sync-history", times=3))
        said = str(account.tick().skip_message)
        assert "shop_0000 (the sync history could not be read: " in said
        assert account.materialized("shop_0000") == []
        assert len(account.materialized("shop_0001")) == 1
        account.location.server.failures.clear()
        account.tick()
        (facts,) = account.materialized("shop_0000")
        assert facts["fivetran/sync_id"]


def test_a_history_that_cannot_be_read_for_long_is_done_without(tmp_path: Path) -> None:
    with followed(tmp_path, world(1)) as account:
        account.tick()
        account.world.start_sync("shop_0000")
        account.world.advance(60 + 601)
        account.location.server.fail(Fault.status(500, "sync-history", times=None))
        account.tick()
        (facts,) = account.materialized("shop_0000")
        assert "fivetran/sync_id" not in facts


def test_a_failure_is_told_of_even_while_the_history_cannot_be_read(tmp_path: Path) -> None:
    with followed(tmp_path, world(1)) as account:
        account.tick()
        account.world.script("shop_0000", Outcome.breaks())
        account.world.start_sync("shop_0000")
        account.world.advance(100)
        account.location.server.fail(Fault.status(500, "sync-history", times=None))
        account.tick()
        assert len(account.observed("shop_0000")) == 1


def test_a_key_that_is_valid_no_more_fails_the_tick_and_says_so(tmp_path: Path) -> None:
    with followed(tmp_path, world(1)) as account:
        account.tick()
        account.location.server.expire_key()
        with pytest.raises(KadaError, match="401"):
            account.tick()


def test_a_limit_of_the_account_fails_the_tick_at_once(tmp_path: Path) -> None:
    with followed(tmp_path, world(1)) as account:
        account.tick()
        account.location.server.fail(Fault.too_many(LIST, retry_after=3600))
        with pytest.raises(KadaError, match="429"):
            account.tick()


@pytest.mark.parametrize(("groups", "left"), [([], 1), (["Sales"], 3)])
def test_calls_that_are_used_up_fail_the_tick_at_once(
    tmp_path: Path, groups: list[str], left: int
) -> None:
    """It does not wait for an hour in the code server; with a name, the groups are a call more."""
    with followed(
        tmp_path, grouped(), groups=groups, calls_per_hour=left, snapshot=False
    ) as account:
        account.tick()
        before, began = account.cursor, time.monotonic()
        with pytest.raises(KadaError, match="calls are used up"):
            account.tick()
        assert time.monotonic() - began < 10
        assert account.cursor == before


def test_a_cursor_nobody_wrote_fails_the_tick_and_says_the_cure(tmp_path: Path) -> None:
    with followed(tmp_path, world(1)) as account:
        account.cursor = "yesterday"
        with pytest.raises(ConfigError, match="clear it on the sensor's page"):
            account.tick()


# --- groups --------------------------------------------------------------------------------------


def grouped() -> FivetranWorld:
    made = FivetranWorld()
    for group in ("Sales", "Ops"):
        made.add_group(group)
        made.add_connection(id=f"of_{group.lower()}", group=group.lower(), layout=None)
    return made


@pytest.mark.parametrize(("group", "made"), [("sales", 1), ("Sales", 2)])
def test_only_the_groups_of_the_account_are_followed(tmp_path: Path, group: str, made: int) -> None:
    with followed(tmp_path, grouped(), groups=[group]) as account:
        account.tick()
        assert list(account.known.seen) == ["of_sales"]
        assert calls(account) == made


def test_a_group_that_is_gone_fails_the_tick(tmp_path: Path) -> None:
    with followed(tmp_path, grouped(), groups=["sales"]) as account:
        account.location.fields["groups"] = ["Marketing"]
        with pytest.raises(ConfigError, match="no group 'Marketing'"):
            account.tick()


def test_the_cursor_says_what_it_knows(tmp_path: Path) -> None:
    with followed(tmp_path, world(2)) as account:
        account.tick()
        assert set(account.known.seen) == {"shop_0000", "shop_0001"}
        assert encode(account.known) == account.cursor
