"""A real broker, real workers, the real daemon: what is launched, on which worker it runs, and what
is left of it. Everything is launched at once, because most of the time is waiting for the daemon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kada_dagster.sandbox.demo.hevo_account import hevo_account
from kada_dagster.sandbox.demo.hightouch_workspace import hightouch_workspace
from kada_dagster.sandbox.hevo import HevoServer
from kada_dagster.sandbox.hightouch.server import HightouchServer
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster.sandbox.web.faults import HANG, Fault
from kada_dagster_tests.deploy.celery_history import (
    BEGUN,
    END,
    KEYS,
    KINDS,
    LATENCY,
    QUEUES,
    History,
    extract_plainly,
    launch_all,
    sources,
)
from kada_dagster_tests.deploy.celery_site import (
    WORKER_TAG,
    CelerySite,
    celery_site,
    landed,
    mark,
    tags_of,
    worker_of,
)
from kada_dagster_tests.extracts.shared_places import s3_environment
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.live.launching import events, materializations
from kada_dagster_tests.redis_server import PASSWORD, RedisUnavailableError, redis_server

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("celery")]


@pytest.fixture(scope="module")
def hangs() -> dict[str, Fault]:
    """What happens to a call of two sources: there is no answer, until somebody gives up."""
    return {name: Fault(delay=HANG, after=BEGUN) for name in ("lost", "cancelled")}


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
    s3_server: S3Server,
    hangs: dict[str, Fault],
) -> Iterator[CelerySite]:
    """Dagster, a broker and three workers, over an account, a workspace and a database."""
    folder = tmp_path_factory.mktemp("celery")
    with ExitStack() as running:
        try:
            redis = running.enter_context(redis_server())
        except RedisUnavailableError as error:
            pytest.skip(str(error))
        hevo = HevoServer(hevo_account(), budget=None, latency=LATENCY)
        hightouch = HightouchServer(hightouch_workspace(), calls=None, latency=LATENCY)
        stuck = {name: HevoServer(hevo_account(), budget=None) for name in hangs}
        for name, hang in hangs.items():
            stuck[name].fail(hang)
        for server in (hevo, hightouch, *stuck.values()):
            running.enter_context(server)
        bucket = f"s3://{s3_server.new_bucket()}/staging"
        urls = {name: server.url for name, server in stuck.items()}
        described = sources(hevo.url, hightouch.url, urls, bucket)
        environment = s3_environment(s3_server) | {"SITE_TOKEN": hightouch.token}
        extract_plainly(folder, described, environment)
        yield running.enter_context(
            celery_site(folder, postgres, redis, described, QUEUES, environment)
        )


@pytest.fixture(scope="module")
def history(site: CelerySite, hangs: dict[str, Fault]) -> History:
    """All that is launched, ended."""
    return launch_all(site, hangs)


def spans_overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["startTime"] < other["endTime"] and other["startTime"] < one["endTime"])


def told(site: CelerySite, run: dict[str, Any]) -> str:
    """All that the event log of a run says."""
    return " ".join(str(event) for event in events(site.server, run["runId"]))


def test_a_backfill_of_each_source_is_one_run_and_two_workers_execute_them_at_the_same_time(
    history: History,
) -> None:
    assert [run["status"] for run in history.two] == ["SUCCESS", "SUCCESS"]
    assert {worker_of(run) for run in history.two} == {"a", "b"}
    assert spans_overlap(*history.two)


def test_a_queue_with_one_worker_has_its_runs_executed_there_one_after_the_other(
    history: History,
) -> None:
    assert [run["status"] for run in history.one] == ["SUCCESS", "SUCCESS"]
    assert {worker_of(run) for run in history.one} == {"c"}
    assert not spans_overlap(*history.one)


def test_each_run_gets_a_fresh_process(history: History, site: CelerySite) -> None:
    said = [told(site, run) for run in history.one]
    begun = [re.findall(r"Started process for run \(pid: (\d+)", text) for text in said]
    assert [len(pids) for pids in begun] == [1, 1]
    assert begun[0] != begun[1]


@pytest.mark.parametrize("kind", KINDS)
def test_two_workers_one_worker_and_the_plain_command_leave_the_same(
    kind: str, history: History, site: CelerySite
) -> None:
    plain = landed(site.folder, f"plain_{kind}")
    assert sum(map(len, plain.values())) > 1000
    assert site.landed(f"two_{kind}") == site.landed(f"one_{kind}") == plain
    assert mark(site.folder, f"plain_{kind}") == END
    assert site.mark(f"two_{kind}") == site.mark(f"one_{kind}") == END


def test_a_run_leaves_its_staging_on_the_machine_of_its_worker(
    history: History, site: CelerySite
) -> None:
    for name, ways in (("two", history.two), ("one", history.one)):
        for kind, run in zip(KINDS, ways):
            there = [one for one in QUEUES if site.staged(f"{name}_{kind}", one)]
            assert there == [worker_of(run)]


def test_extract_and_upload_run_on_different_workers_where_staging_is_shared(
    history: History, site: CelerySite
) -> None:
    extract, upload = history.spread
    assert (extract["status"], upload["status"]) == ("SUCCESS", "SUCCESS")
    assert worker_of(extract) in ("a", "b")
    assert worker_of(upload) == "c"
    assert not [one for one in QUEUES if site.staged("spread", one)]
    assert set(site.landed("spread")) == {
        f"{family}_20260102000000.csv" for family in ("META", "LINKAGE", "EVENTS")
    }
    assert site.mark("spread") == KEYS[1]


def test_an_upload_far_from_its_extract_says_where_that_is_and_what_to_do(
    history: History, site: CelerySite
) -> None:
    extract, upload = history.apart
    assert (extract["status"], upload["status"]) == ("SUCCESS", "FAILURE")
    (message,) = {
        event["error"]["message"]
        for event in events(site.server, upload["runId"])
        if event["__typename"] == "ExecutionStepFailureEvent"
    }
    staged = site.workers[worker_of(extract)].folder / "extracts" / "apart"
    assert f"{site.workers['c'].folder}/extracts/apart on " in message
    assert f"{staged}/20260101000000_20260102000000/manifest.json on " in message
    assert "set it to the URL of a place that all hosts reach" in message
    assert site.landed("apart") == {}
    assert site.mark("apart") is None


def test_a_run_whose_worker_lost_its_power_is_launched_again_on_another_one(
    history: History, site: CelerySite
) -> None:
    first, second = history.lost
    assert (first["status"], second["status"]) == ("FAILURE", "SUCCESS")
    killed, other = worker_of(first), worker_of(second)
    assert {killed, other} == {"a", "b"}
    assert f"{tags_of(first)[WORKER_TAG]} does not answer" in told(site, first)
    plain = landed(site.folder, "plain_hevo")
    assert site.landed("lost") == plain
    assert site.mark("lost") == END
    assert site.staged("lost", killed) == []
    sent = materializations(site.server, "lost", "upload")
    assert sorted(sent) == KEYS
    assert len({facts["placed"] for facts in sent.values()}) == 1


def test_a_run_that_is_cancelled_ends_as_that_and_is_not_launched_again(
    history: History, site: CelerySite
) -> None:
    (run,) = history.cancelled
    assert run["status"] == "CANCELED"
    assert "dagster/will_retry" not in tags_of(run)
    assert site.staged("cancelled", worker_of(run)) == []


def test_no_password_of_the_broker_is_in_a_log_or_a_file(
    history: History, site: CelerySite
) -> None:
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    assert any(path.name == "worker.log" for path in files)
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert not [answer for answer in site.server.answers if PASSWORD in answer]
