"""Benchmarks: what is measured, against which peer, in the same run.

Each module has a `main()` that prints a table and, as its last line, `<name> key=value ...`.
Run one with `make bench BENCH=<name>`, all with `make bench`.
"""
