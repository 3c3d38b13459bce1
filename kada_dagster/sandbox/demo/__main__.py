"""`python -m kada_dagster.sandbox.demo`: the main job on the demo's sources, through Dagster."""

from __future__ import annotations

import os

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import load_config_file
from kada_dagster.sandbox.demo.loads import load
from kada_dagster.sandbox.demo.report import next_steps, report
from kada_dagster.sandbox.demo.runs import bring, demo_instance
from kada_dagster.sandbox.demo.servers import demo_servers


def main() -> None:
    """Start the servers, bring windows of every source to its landing, load the warehouse."""
    print("Embedded PostgreSQL, stand-ins for Hevo and Hightouch ...", flush=True)
    with demo_servers() as demo:
        os.environ.update(demo.variables)
        config = load_config_file(demo.config)
        definitions = build_definitions(config)
        with demo_instance() as instance:
            for source in config.sources:
                bring(source, config, definitions, instance)
            for loader in config.loader:
                load(loader, definitions, instance)
    for source in config.sources:
        report(config, source)
    next_steps(config)


if __name__ == "__main__":
    main()
