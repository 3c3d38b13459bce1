"""Several loads in one process, in the order of what they wait for; without Dagster."""
