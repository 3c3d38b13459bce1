"""Whatever stands in the files of a project of dapu, what is made of it reads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster_tests.loader.dapu.projects import translated

WORDS = ["id", "a.sql", "q.sql", "no.sql", "%VAR%", "${X}", "ts", "1 day", "", "Ü", "{{x}}", "3"]
KEYS = [*filter(None, WORDS), "token", "X-Api-Key"]
SCALARS = st.sampled_from([*WORDS, 0, 1, -5, 2.5, True, None]) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)
LISTS = st.lists(st.sampled_from(["id", "name", "at"]), max_size=3)


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with some of the keys; a value may be anything."""
    return st.fixed_dictionaries({}, optional={key: it | VALUES for key, it in keys.items()})


FILES = st.sampled_from(["q.sql", "a.sql", ["no.sql", "q.sql"], "no.sql"])
COLUMN = some(
    name=st.just("id"),
    **{"from": st.sampled_from(["A", "extract", "data"])},
    data=st.just("x.y"),
    transform=st.sampled_from(["to_date", "to_hash"]),
)
ACTION = st.fixed_dictionaries(
    {
        "do": st.sampled_from(
            ["stream", "export", "runsql", "shadow", "history", "excel", "restapi", "json", "drop"]
        )
    },
    optional={
        "file": FILES | VALUES,
        "input": FILES | VALUES,
        "cols": LISTS | st.lists(COLUMN, max_size=3) | VALUES,
        "pkcols": LISTS | VALUES,
        "pkcol": LISTS | VALUES,
        "changedetection": st.just("ts") | VALUES,
        "ts_col": st.just("at") | VALUES,
        "imp": st.just("dwh.x") | VALUES,
        "key_columns": LISTS | VALUES,
        "source": some(name=st.just("a.xlsx"), sheet=st.just(1), start_row=st.just(2)),
        "delete": st.sampled_from(["all", "month"]) | VALUES,
        "management": st.sampled_from(["hash", "delete"]) | VALUES,
        "api_source": some(
            api=st.just("api"),
            path=st.sampled_from(["/p", "/%VAR%", "/p?token=%VAR%"]),
            **dict.fromkeys(("params", "timeout", "headers", "body"), VALUES),
        ),
        "extract": st.just("items") | VALUES,
    },
)
TASK = st.fixed_dictionaries(
    {"actions": st.lists(ACTION, min_size=1, max_size=3) | VALUES},
    optional={
        "depends": st.lists(st.sampled_from(["r.s.t0", "r.s.t1", "q.s.t0", "x"]), max_size=2)
        | VALUES,
        "run": some(keep_pause=st.just("2 hours"), morning=VALUES, priority=st.just(5)) | VALUES,
        "status": st.sampled_from(["active", "old"]) | VALUES,
    },
)
PROFILE = st.fixed_dictionaries(
    {"driver": st.sampled_from(["pg", "maria", "mssql", "oracle", "odbc", "asa"]) | VALUES},
    optional={
        **{
            key: st.just("x") | VALUES
            for key in ("host", "database", "username", "password", "conn_string", "path")
        },
        "port": st.just(5432) | VALUES,
        "extra": some(connect_timeout=st.just(5), sslmode=st.just("require")) | VALUES,
    },
)
ROUTE = some(
    name=st.text(max_size=5),
    type=st.sampled_from(["sql", "file", "http"]),
    alias=st.sampled_from(["target", "src", "sheets", "gone"]),
    api=some(
        url=st.just("https://h"),
        **dict.fromkeys(("headers", "auth", "timeout", "params", "body"), VALUES),
    ),
)


@settings(max_examples=20, deadline=None)
@given(
    profiles=st.fixed_dictionaries({}, optional={"target": PROFILE, "src": PROFILE}) | VALUES,
    route=ROUTE | VALUES,
    tasks=st.lists(TASK | VALUES, min_size=1, max_size=2),
    conf=some(FAILURE_LIMIT=st.just(3), APP_NAME=VALUES, DAPU_SCHEMA=VALUES) | VALUES,
)
def test_what_is_made_of_any_files_reads(profiles: Any, route: Any, tasks: Any, conf: Any) -> None:
    files = {"conf/sql.yaml": yaml.dump(profiles), "conf/conf.yaml": yaml.dump(conf)}
    files["conf/file.yaml"] = "sheets: {path: /data}\n"
    for name in ("r", "q"):
        files[f"routes/{name}/route.yaml"] = yaml.dump(route)
        for number, task in enumerate(tasks):
            folder = f"routes/{name}/s/t{number}"
            files[f"{folder}/haulwork.yaml"] = yaml.dump(task)
            files[f"{folder}/q.sql"] = "SELECT id, name, at FROM {{target_schema}}.x"
            files[f"{folder}/a.sql"] = "SELECT {{target_table}}"
    with tempfile.TemporaryDirectory() as folder:
        made = translated(Path(folder), files)
        assert set(made.project.tasks) == set(made.said.active)
