"""What source and target hold in each of many generations, and tasks that bring one to the other.

Generation by generation rows come, change and go at the source. A load brings the target from one
generation to the next; whatever happens to it, the target holds one of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kada_dagster_tests.loader.databases import Ends

Sums = tuple[int, int, int]
"""Rows, and the sums of their `id` and `g`: different in every generation."""

_ROWS = 300
_LAG = 10
_PAD = "repeat(md5(id::text), 12)"
_TABLE = "CREATE TABLE {} (id int, g int, pad text)"
_KEY = "ALTER TABLE t ADD PRIMARY KEY (id)"
_VERSIONS = (
    "ALTER TABLE t ADD valid_from timestamptz, ADD valid_to timestamptz, ADD is_current boolean"
)


def changing(generation: int) -> dict[int, int]:
    """Of each id the generation that changed it last; every seventh is gone."""
    present = (at for at in range(1, _ROWS + 1) if (at + generation) % 7)
    return {at: generation - (at + generation) % 4 for at in present}


def growing(generation: int) -> dict[int, int]:
    """New ids, and the last ones of the generation before changed once more."""

    def made(at: int) -> int:
        born = max(0, -(-(at - 200) // 20))
        is_late = born < generation and at > 200 + 20 * born - _LAG
        return born + is_late

    return {at: made(at) for at in range(1, 200 + 20 * generation + 1)}


def sums(rows: dict[int, int]) -> Sums:
    """Of the rows of a generation."""
    return len(rows), sum(rows), sum(rows.values())


@dataclass(frozen=True)
class Case:
    """A way to load.

    Attributes:
        task: text of its task.yaml.
        rows: of the source, by generation.
        make: makes the target's table what the task needs.
        shown: which rows of the target are those of the generation.
        adds: whether rows of all generations stay.
        reads: `table`, `file`, or `target`.
    """

    task: str
    rows: Callable[[int], dict[int, int]] = changing
    make: str = _KEY
    shown: str = "true"
    adds: bool = False
    reads: str = "table"

    def files(self) -> dict[str, str]:
        """The project's files but for its connections."""
        route = "folder" if self.reads == "file" else "erp"
        return {
            "routes/erp/route.yaml": f"source: {route}\n",
            "routes/erp/public/t/task.yaml": self.task,
            "routes/erp/public/t/build.sql": "SELECT id, g, pad FROM given",
        }

    def expected(self, generation: int) -> Sums:
        """What readers see of a generation."""
        if not self.adds:
            return sums(self.rows(generation))
        all_of_them = [sums(self.rows(one)) for one in range(generation + 1)]
        return (
            sum(one[0] for one in all_of_them),
            sum(one[1] for one in all_of_them),
            sum(one[2] for one in all_of_them),
        )

    @property
    def query(self) -> str:
        """What a reader asks the target."""
        return (
            f"SELECT count(*), coalesce(sum(id), 0), coalesce(sum(g), 0) FROM t WHERE {self.shown}"
        )

    def begin(self, ends: Ends) -> None:
        """Make the tables."""
        ends.at_source(_TABLE.format("t"))
        ends.at_target(f"{_TABLE.format('t')}; {_TABLE.format('given')}; {self.make}")
        (ends.folder / "in").mkdir(parents=True, exist_ok=True)

    def turn(self, ends: Ends, generation: int) -> None:
        """Bring the source to a generation."""
        rows = self.rows(generation)
        if self.reads == "file":
            _write(ends.folder / "in" / "rows.csv", rows)
            return
        run, table = (ends.at_target, "given") if self.reads == "target" else (ends.at_source, "t")
        values = ", ".join(f"({at}, {made})" for at, made in rows.items())
        run(
            f"TRUNCATE {table}; "
            f"INSERT INTO {table} SELECT id, g, {_PAD} FROM (VALUES {values}) AS v (id, g)"
        )


def _write(path: Path, rows: dict[int, int]) -> None:
    lines = [f"{at},{made},{'x' * 400}" for at, made in rows.items()]
    path.write_text("\n".join(["id,g,pad", *lines]) + "\n")


_FROM = "source: {table: public.t}\n"
_FILE = "mode: file\nsource: {files: {pattern: rows.csv}}\n"
CASES: dict[str, Case] = {
    "full, rename": Case(f"mode: full\n{_FROM}target: {{swap: rename}}\n"),
    "full, delete": Case(f"mode: full\n{_FROM}target: {{swap: delete}}\n"),
    "full, truncate": Case(f"mode: full\n{_FROM}target: {{swap: truncate}}\n"),
    "upsert": Case(f"mode: upsert\n{_FROM}key: [id]\ndeletes: hard\n"),
    "diff": Case(f"mode: diff\n{_FROM}key: [id]\nblock: 50\n"),
    "incremental, key": Case(
        f"mode: incremental\n{_FROM}cursor: id\nlag: {_LAG}\nkey: [id]\n", growing
    ),
    "incremental": Case(f"mode: incremental\n{_FROM}cursor: id\nlag: {_LAG}\n", growing, "SELECT"),
    "history": Case(
        f"mode: history\n{_FROM}key: [id]\n", make=_VERSIONS, shown="is_current"
    ),
    "sql, rename": Case("mode: sql\nsql: build.sql\n", reads="target"),
    "sql, delete": Case("mode: sql\nsql: build.sql\ntarget: {swap: delete}\n", reads="target"),
    "file, full": Case(_FILE, reads="file"),
    "file, append": Case(f"{_FILE}write: append\n", make="SELECT", adds=True, reads="file"),
}  # fmt: skip
NEW = Case(f"mode: upsert\n{_FROM}key: [id]\ntarget: {{ddl: auto}}\n", make="DROP TABLE t")
"""The load makes the table."""
