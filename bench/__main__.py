"""`python -m bench NAME [ARG ...]`: run one benchmark, or all."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    *("postgres_extract", "orchestration", "upload", "api_extract", "load", "loader_load"),
    *("soak", "big_instance", "celery_backfill"),
)


def main(arguments: list[str]) -> None:
    """Run what is named; `all` runs everything with its defaults."""
    name, *rest = arguments or ["all"]
    if name != "all" and name not in NAMES:
        sys.exit(f"no benchmark {name!r}; there are: {', '.join(NAMES)}")
    for chosen in NAMES if name == "all" else (name,):
        import_module(f"bench.{chosen}").main(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
