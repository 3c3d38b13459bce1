"""A task as an asset: what is told of it, what a run of it does and reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from kada_dagster.config import load_config_file
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.loader.resource import LoaderResource
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.face.location import PASSWORD, Location

Make = Callable[..., Location]
FULL = "mode: full\nsource: {table: public.s}\ntarget: {ddl: auto}\n"
UPSERT = "mode: upsert\nkey: [id]\nsource: {table: public.s}\ntarget: {ddl: auto}\n"


def source(ends: Ends, rows: int = 10) -> None:
    ends.at_source("CREATE TABLE s (id int PRIMARY KEY, name text, at timestamptz)")
    ends.at_source(
        f"INSERT INTO s SELECT n, 'n' || n, '2026-01-01'::timestamptz + n * interval '1 day' "
        f"FROM generate_series(0, {rows - 1}) n"
    )


def test_a_task_is_an_asset_with_all_that_its_files_say(location: Make) -> None:
    task = """
        mode: upsert
        description: Orders of the shop.
        owners: [team:sales]
        tags: {domain: sales}
        source: {table: shop.orders}
        key: [id]
        run: {cron: "0 5 * * *", timezone: Europe/Tallinn, pause: 2 hours, priority: 7}
        checks: {unique: true, freshness: 26 hours}
    """
    more = {"route": "source: erp\ntags: {tier: gold}\nmax_concurrent: 3\n"}
    place = location(more, shop__orders=task)
    spec = place.spec("shop.orders")
    assert spec.group_name == "erp"
    assert spec.kinds == {"postgres"}
    assert list(spec.owners) == ["team:sales"]
    assert {"domain": "sales", "tier": "gold"}.items() <= spec.tags.items()
    assert spec.description == (
        "Orders of the shop.\n\nMode `upsert`, from erp: `shop.orders`\n\n"
        "cron `0 5 * * *` Europe/Tallinn, pause 2:00:00"
    )
    assert spec.code_version == place.instance().project.tasks["shop.orders"].fingerprint
    assert spec.metadata["dagster/table_name"] == "shop.orders"
    assert str(spec.metadata["definition"].value).endswith("routes/erp/shop/orders/task.yaml")
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(
        fail_window=spec.freshness_policy.fail_window.to_timedelta()  # pyright: ignore
    )
    definitions = place.definitions()
    (op,) = (node for node in definitions.resolve_all_job_defs()[0].nodes)
    assert (op.definition.pool, op.definition.tags["dagster/priority"]) == ("kada_load_erp", "7")  # pyright: ignore
    assert sorted(definitions.resources or {}) == ["dwh_loader"]
    dg.Definitions.validate_loadable(definitions)


def test_tasks_depend_on_what_they_name_and_on_what_they_read(location: Make) -> None:
    other = "mode: full\nsource: {connection: target, table: raw.a}\n"
    named = "mode: sql\nsql: q.sql\ndepends: [raw.a]\n"
    files = {"routes/erp/mart/c/q.sql": "SELECT 1"}
    place = location({"files": files}, raw__a=FULL, mart__b=other, mart__c=named)
    for task in ("mart.b", "mart.c"):
        deps = [dep.asset_key.to_user_string() for dep in place.spec(task).deps]
        assert deps == ["raw/a"]
    assert place.spec("mart.c").kinds == {"postgres", "sql"}


def test_what_is_read_is_named_in_the_description(location: Make, ends: Ends) -> None:
    tasks = {
        "a": "mode: file\nsource: {connection: drop, files: {pattern: a/*_*.csv}}\n",
        "b": "mode: http\nsource: {connection: shop, http: {path: /orders}}\n",
        "c": "mode: full\nsource: {query: q.sql}\n",
    }
    place = location(**{f"raw__{name}": text for name, text in tasks.items()})
    place.files["routes/erp/raw/c/q.sql"] = "SELECT 1"
    place.write()
    file = ends.folder / "connections.yaml"
    place.files["connections.yaml"] = file.read_text() + (
        "drop: {type: folder, path: drop}\nshop: {type: http, url: https://shop.example}\n"
    )
    texts = {name: place.spec(f"raw.{name}").description for name in tasks}
    assert texts == {
        "a": "Mode `file`, from drop: `a/*_*.csv`",
        "b": "Mode `http`, from shop: `/orders`",
        "c": "Mode `full`, from erp: `q.sql`",
    }
    assert place.spec("raw.b").kinds == {"postgres", "http"}


def test_names_that_dagster_has_no_word_for_load_and_run(location: Make, ends: Ends) -> None:
    source(ends)
    place = location(**{"odd schema__Order items": FULL, "odd schema__Order_items": FULL})
    assert place.run("odd schema.Order items", "odd schema.Order_items").success
    assert ends.at_target('SELECT count(*) FROM "odd schema"."Order items"') == [(10,)]


def test_a_load_reports_its_numbers_and_the_columns_it_left(location: Make, ends: Ends) -> None:
    source(ends)
    ends.at_source("COMMENT ON COLUMN s.name IS 'Who buys.'")
    place = location(public__t=FULL)
    assert place.run("public.t").success
    ((_, facts),) = place.events("public.t")
    counts = {name: facts[f"rows_{name}"] for name in ("read", "inserted", "updated", "deleted")}
    assert counts == {"read": 10, "inserted": 10, "updated": 0, "deleted": 0}
    assert facts["dagster/row_count"] == 10
    assert facts["bytes"] > 100
    assert isinstance(facts["rows_per_second"], int)
    assert 0 < facts["duration_seconds"] < 60
    assert facts["note/ddl"] == "created with id, name, at"
    schema: dg.TableSchema = facts["dagster/column_schema"]
    assert [(column.name, column.type) for column in schema.columns] == [
        ("id", "integer"),
        ("name", "text"),
        ("at", "timestamp with time zone"),
    ]
    assert [column.constraints.nullable for column in schema.columns] == [False, True, True]
    assert [column.description for column in schema.columns] == [None, "Who buys.", None]


def test_an_incremental_load_reports_its_marks(location: Make, ends: Ends) -> None:
    source(ends)
    task = "mode: incremental\ncursor: at\nkey: [id]\nsource: {table: public.s}\n"
    place = location(public__t=task + "target: {ddl: auto}\n")
    assert place.run("public.t").success
    ends.at_source("INSERT INTO s VALUES (99, 'new', '2026-02-01')")
    assert place.run("public.t").success
    (_, first), (_, second) = place.events("public.t")
    assert "mark_before" not in first
    assert first["mark_after"] == second["mark_before"] == "2026-01-10 00:00:00+00"
    assert (second["mark_after"], second["rows_inserted"]) == ("2026-02-01 00:00:00+00", 1)
    assert "dagster/row_count" not in second


def test_tasks_of_one_run_follow_each_other(location: Make, ends: Ends) -> None:
    source(ends)
    top = "mode: sql\nsql: q.sql\ndepends: [public.t]\ntarget: {ddl: auto}\n"
    files = {"routes/erp/public/top/q.sql": "SELECT count(*) AS n FROM public.t"}
    place = location({"files": files}, public__t=FULL, public__top=top)
    assert place.run("public.top", "public.t").success
    assert ends.at_target("SELECT n FROM top") == [(10,)]


def stale(place: Location) -> str:
    """What the UI shows of the task's code and data."""
    context = LoadingContextForTest(place.dagster)
    graph = place.definitions().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(place.dagster, graph, context)
    return resolver.get_status(dg.AssetKey(["public", "t"])).value


def test_a_task_that_changed_since_its_last_load_is_stale(location: Make, ends: Ends) -> None:
    source(ends)
    place = location(public__t=FULL + "before: more.sql\n")
    place.files["routes/erp/public/t/more.sql"] = "SELECT 1"
    assert stale(place) == "MISSING"
    assert place.run("public.t").success
    assert stale(place) == "FRESH"
    place.files["routes/erp/public/t/more.sql"] = "SELECT 2"
    assert stale(place) == "STALE"
    assert place.run("public.t").success
    assert stale(place) == "FRESH"
    place.tasks["public.t"] += "description: Other words.\n"
    assert stale(place) == "STALE"


def test_a_pool_is_of_the_profile_that_has_a_limit_or_else_of_the_route(
    location: Make, ends: Ends
) -> None:
    other = "mode: full\nsource: {connection: slow-db, table: s}\n"
    place = location({"route": "source: erp\nmax_concurrent: 4\n"}, public__t=FULL, public__o=other)
    place.write()
    file = ends.folder / "connections.yaml"
    file.write_text(file.read_text() + "slow-db: {type: sqlite, path: a.db, max_concurrent: 1}\n")
    settings = load_config_file(ends.folder.parent / "kada.yaml").loader[0]
    instance = LoaderInstance(settings, read_project(settings.project))
    pools = {name: instance.pool(task) for name, task in instance.project.tasks.items()}
    assert pools == {"public.t": "kada_load_erp", "public.o": "kada_load_from_slow_db"}
    assert instance.pool_limits == {"kada_load_erp": 4, "kada_load_from_slow_db": 1}


def test_without_limits_there_are_no_pools(location: Make) -> None:
    instance = location(public__t=FULL).instance()
    assert instance.pool(instance.project.tasks["public.t"]) is None
    assert instance.pool_limits == {}


def test_what_is_wrong_is_said_as_it_is_and_not_tried_again(location: Make, ends: Ends) -> None:
    ends.at_source(
        "CREATE TABLE s (id int, name text); INSERT INTO s VALUES (1, 'v4lue'), (1, 'b')"
    )
    place = location(public__t=UPSERT)
    done = place.run("public.t")
    text, facts = done.failure()
    assert not done.success
    assert facts == {"error": "DuplicateKeyError", "attempts": 1}
    assert "make the query give each key (id) once" in text
    assert place.events("public.t") == []
    assert "v4lue" not in done.everything()


def test_a_password_never_reaches_the_history(location: Make, ends: Ends) -> None:
    source(ends)
    place = location(public__t=FULL)
    assert place.run("public.t").success
    place.ports = {"erp": 1}
    place.tasks["public.t"] = FULL + "retries: {max_retries: 0}\n"
    failed = place.run("public.t")
    assert not failed.success
    for part in (PASSWORD, "pl4nted", "p@ss"):
        assert part not in failed.everything()
        assert part not in str(place.definitions().resources)


def test_loading_needs_no_environment_and_no_server(
    location: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = location({"ports": {"erp": 1, "target": 1}}, public__t=FULL)
    monkeypatch.delenv("TEST_LOADER_PASSWORD")
    dg.Definitions.validate_loadable(place.definitions())
    done = place.run("public.t")
    assert "environment variable TEST_LOADER_PASSWORD is not set" in done.failure()[0]


class Refusing(LoaderResource):
    """Loads nothing."""

    def load(self, *_: Any) -> Any:
        raise ConfigError("not today")


def test_a_resource_of_ones_own_takes_the_place_of_the_loader(location: Make) -> None:
    place = location(public__t=FULL)
    done = place.run("public.t", resources={"dwh_loader": Refusing()})
    assert done.failure()[0] == "not today"


def test_keys_have_the_prefix_of_the_loader(location: Make, ends: Ends) -> None:
    source(ends)
    place = location({"fields": {"key_prefix": ["dwh", "raw"]}}, public__t=FULL)
    specs = place.definitions().resolve_all_asset_specs()
    assert [spec.key.to_user_string() for spec in specs] == ["dwh/raw/public/t"]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("owners: [somebody]\n", "somebody"),
        ("tags: {'a b': c}\n", "a b"),
        ("checks: {freshness: 5 seconds}\n", "1 minute"),
    ],
)
def test_what_dagster_refuses_is_said_with_the_file(location: Make, task: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"task\.yaml: Dagster refuses it") as caught:
        location(public__t=FULL + task).definitions()
    assert said in str(caught.value)
