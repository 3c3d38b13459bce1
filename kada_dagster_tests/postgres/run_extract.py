"""A process that extracts, for tests that kill, interrupt, starve or measure it.

`python -m kada_dagster_tests.postgres.run_extract JSON`; JSON: the extractor's keywords, and
`die_at`: progress at which it kills itself (`publish`, `published` too), `file_bytes`: largest
file it may write, `sleep`: put a statement that never ends in place of SCHEMAS_SQL.
Prints the error's class and text, or the peak memory in KiB.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

from kada_dagster.errors import KadaError
from kada_dagster.extracts.staging import Staging
from kada_dagster.postgres import Extractor
from kada_dagster_tests.postgres.faults import SLOW


def main(options: dict[str, Any]) -> None:
    die_at = options.pop("die_at", "")
    if limit := options.pop("file_bytes", 0):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if options.pop("sleep", False):
        options["custom_sql"] = {"SCHEMAS_SQL": SLOW}
    collector = Extractor(**options)
    _arrange_death(collector, die_at)
    try:
        collector.run("2026-01-01 00:00:00", "2026-01-02 00:00:00")
    except KadaError as error:
        print(type(error).__name__, error)
        sys.exit(error.exit_code)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _arrange_death(collector: Extractor, point: str) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if point in ("publish", "published"):
        publish = Staging.publish

        def dying(staging: Staging, *arguments: Any) -> Any:
            if point == "published":
                publish(staging, *arguments)
            die()

        Staging.publish = dying  # type: ignore[method-assign]
    elif point:
        collector.on_progress = lambda what, rows: die() if what.endswith(point) else None


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
