"""The code location under the real Dagster: daemon, web server, code server and a browser."""
