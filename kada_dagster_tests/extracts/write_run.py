"""A host of its own: `python -m kada_dagster_tests.extracts.write_run URL TABLES [TIMES]` writes
a run with so many tables, so often. Its environment says how the place is reached."""

from __future__ import annotations

import sys

from kada_dagster.extracts.contract import LINKAGE, META
from kada_dagster.extracts.staging_place import staging_at
from kada_dagster_tests.extracts.samples import shop
from kada_dagster_tests.extracts.shared_places import NAME, extract


def main(url: str, tables: str, times: str = "1") -> None:
    rows = {family: shop(int(tables))[family] for family in (META, LINKAGE)}
    for _ in range(int(times)):
        extract(staging_at(url, NAME), rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
