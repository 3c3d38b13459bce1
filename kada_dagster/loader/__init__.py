"""Loads: YAML and SQL definitions that fill tables of PostgreSQL.

`definition` is what a project folder says, `source` reads, `ddl` makes and changes tables, `engine`
moves the rows; they are plain Python. Everything else here is the Dagster face over them.
"""
