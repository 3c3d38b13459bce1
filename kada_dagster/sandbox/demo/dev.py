"""`python -m kada_dagster.sandbox.demo.dev`: the Dagster UI with the demo's servers beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from kada_dagster.config.find import VARIABLE, demo_config, find_config
from kada_dagster.sandbox.demo.servers import demo_servers


def main(arguments: list[str]) -> int:
    """Run `dagster dev` until it ends.

    Args:
        arguments: passed on to it, e.g. `-p 3001`.

    Returns:
        Its exit code. With a kada.yaml of the user's own no demo server is started.
    """
    if find_config() != demo_config():
        return _dagster_dev(arguments, dict(os.environ))
    with demo_servers() as demo:
        environment = {**os.environ, **demo.variables, VARIABLE: str(demo.config)}
        return _dagster_dev(arguments, environment)


def _dagster_dev(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "dagster", "dev", *arguments]
    # an ignored SIGINT would be inherited, and Dagster stops on nothing else
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # a Ctrl-C reaches both; this process waits for Dagster to stop before the servers do
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: process.send_signal(signal.SIGINT))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
