"""`python -m kada_dagster` is the command `kada`."""

from __future__ import annotations

import sys

from kada_dagster.cli import main

if __name__ == "__main__":
    sys.exit(main())
