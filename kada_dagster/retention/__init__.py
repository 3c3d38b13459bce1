"""Removing what nobody needs any more: staged runs that were uploaded, and compute logs.

What may go is decided in `decision`, on plain values; `staged` gathers them and removes, without
Dagster; `job` is Dagster's face of it.
"""
