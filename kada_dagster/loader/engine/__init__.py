"""One load, from the source to the committed target table: plain Python, without Dagster."""
