"""The checks of a task in its run: shown, counted, and what they hold back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.loader.checks import check_names
from kada_dagster.loader.resource import LoaderResource
from kada_dagster_tests.fivetran.face_runs import Done, plain
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.face.location import Location

Make = Callable[..., Location]
FULL = "mode: full\nkey: [id]\nsource: {table: public.s}\ntarget: {ddl: auto}\n"
CHECKS = "checks: {row_count: {}, unique: true, not_null: [name], schema_drift: true"
TOP = "mode: sql\nsql: q.sql\ndepends: [public.t]\ntarget: {ddl: auto}\n"
TOP_FILES = {"routes/erp/public/top/q.sql": "SELECT count(*) AS n FROM public.t"}


def evaluations(done: Done) -> dict[str, Any]:
    return {one.check_name: one for one in done.result.get_asset_check_evaluations()}


def rows(ends: Ends, nameless: int = 0) -> None:
    ends.at_source(
        "CREATE TABLE s AS SELECT n AS id, 'n' || n AS name FROM generate_series(1, 9) n"
    )
    ends.at_source(f"UPDATE s SET name = NULL WHERE id <= {nameless}")


class Deaf(LoaderResource):
    """Loads, and cannot check."""

    def check(self, *_: Any, **__: Any) -> Any:
        raise ConnectionFailedError("gone")


def test_checks_run_behind_the_load_in_the_same_step(location: Make, ends: Ends) -> None:
    rows(ends)
    done = location(public__t=FULL + CHECKS + ", freshness: 1 day}\n").run("public.t")
    assert done.success
    found = evaluations(done)
    assert list(found) == ["row_count", "unique", "not_null", "schema_drift"]
    assert all(one.passed for one in found.values())
    assert plain(found["row_count"].metadata) == {
        "source_rows": 9,
        "target_rows": 9,
        "missing_rows": 0,
    }
    assert done.materialized()["public/t"]["source_rows"] == 9
    assert len({event.step_key for event in done.result.all_events if event.step_key}) == 1


def test_a_check_that_fails_is_shown_and_the_run_goes_on(location: Make, ends: Ends) -> None:
    rows(ends, nameless=2)
    place = location({"files": TOP_FILES}, public__t=FULL + CHECKS + "}\n", public__top=TOP)
    done = place.run("public.t", "public.top")
    assert done.success
    found = evaluations(done)["not_null"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == "rows without a value: name: 2"
    assert ends.at_target("SELECT n FROM top") == [(9,)]


def test_a_blocking_check_that_fails_holds_back_what_depends_on_it(
    location: Make, ends: Ends
) -> None:
    rows(ends, nameless=1)
    task = FULL + CHECKS + ", blocking: true}\n"
    place = location({"files": TOP_FILES}, public__t=task, public__top=TOP)
    done = place.run("public.t", "public.top")
    assert not done.success
    assert list(done.materialized()) == ["public/t"]
    assert ends.at_target("SELECT to_regclass('public.top')") == [(None,)]
    assert ends.at_target("SELECT count(*) FROM t") == [(9,)]


def test_what_cannot_be_checked_warns_and_the_load_counts(location: Make, ends: Ends) -> None:
    rows(ends)
    place = location(public__t=FULL + CHECKS + "}\n")
    done = place.run("public.t", resources={"dwh_loader": Deaf()})
    assert done.success
    assert list(done.materialized()) == ["public/t"]
    found = evaluations(done)["unique"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "not checked: gone"
    assert plain(found.metadata) == {"certain": False}


def test_a_task_without_a_table_has_no_checks_of_its_route(location: Make) -> None:
    route = "source: erp\ndefaults: {checks: {not_null: [id]}}\n"
    files = {"routes/erp/public/clean/c.sql": "SELECT 1"}
    more = {"route": route, "files": files}
    place = location(more, public__clean="mode: sql\nbefore: c.sql\n", public__t=FULL)
    tasks = place.instance().project.tasks
    assert (check_names(tasks["public.clean"]), check_names(tasks["public.t"])) == (
        [],
        ["not_null"],
    )
    assert place.run("public.clean").checks() == []


def test_checks_alone_look_at_what_is_there_and_load_nothing(location: Make, ends: Ends) -> None:
    rows(ends)
    place = location(public__t=FULL + CHECKS + "}\n", public__o=FULL)
    assert place.run("public.t").success
    ends.at_target("DELETE FROM t WHERE id = 3")
    key = dg.AssetKey(["public", "t"])
    chosen = {dg.AssetCheckKey(key, name) for name in ("row_count", "unique")}
    job = place.definitions().resolve_implicit_global_asset_job_def()
    subset = job.get_subset(asset_selection=set(), asset_check_selection=chosen)
    result = subset.execute_in_process(instance=place.dagster)
    found = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
    assert found == {"row_count": False, "unique": True}
    assert result.get_asset_materialization_events() == []
    assert ends.at_target("SELECT count(*) FROM t") == [(8,)]
