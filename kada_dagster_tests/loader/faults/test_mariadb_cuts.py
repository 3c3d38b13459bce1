"""The connection to a MariaDB is cut: the target keeps what it has, and another load is right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import run_task
from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.faults.proxy import Cut, Network, after
from kada_dagster_tests.loader.source.mariadb_server import MariadbDatabase
from kada_dagster_tests.loader.source.mariadb_source import PASSWORD_VARIABLE

CUTS = 12
SUM = "SELECT count(*), sum(id) FROM t"


def project(ends: Ends, maria: MariadbDatabase, port: int) -> Project:
    """A task that reads a table of MariaDB behind that port."""
    target = f"port: {ends.server.port}, database: {ends.target}, username: postgres"
    source = f"port: {port}, database: {maria.name}, username: root"
    return ends.read(
        {
            "connections.yaml": f"target: {{type: postgres, host: 127.0.0.1, {target}}}\n"
            f"erp: {{type: mariadb, host: 127.0.0.1, {source}, "
            f"password: '${{{PASSWORD_VARIABLE}}}'}}\n",
            "routes/erp/route.yaml": "source: erp\n",
            "routes/erp/public/t/task.yaml": "mode: full\nsource: {table: t}\n",
        }
    )


def test_no_cut_leaves_half_a_table(
    ends: Ends, maria: MariadbDatabase, record_property: Callable[[str, object], None]
) -> None:
    maria.run("CREATE TABLE t AS SELECT seq AS id, REPEAT('x', 300) AS s FROM seq_1_to_1000")
    ends.at_target("CREATE TABLE t (id bigint, s text)")
    passed = 0

    def count(data: bytes, _to_server: bool) -> None:
        nonlocal passed
        passed += len(data)

    def load(cut: Cut) -> bool:
        with Network(maria.port, cut) as network:
            made = project(ends, maria, network.port)
            with suppress(ConnectionFailedError):  # which says that it may pass
                run_task(made.tasks["public.t"], made)
            return network.was_cut

    assert not load(count)
    size = passed
    for at in range(CUTS):
        before = ends.at_target(SUM)
        maria.run("UPDATE t SET id = id + 1")
        assert load(after(1 + size * at * at // (CUTS * CUTS)))
        assert ends.at_target(SUM) == before
        assert not load(count)
        assert ends.at_target(SUM) == [tuple(maria.run(SUM)[0])]
    record_property(FIGURE, f"load matrix, MariaDB: survived {CUTS} of {CUTS} cuts")
