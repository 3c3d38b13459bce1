"""An operator's day: which marks lag, who is told of what failed, and how everything is.

What is decided, said and sent is plain Python; `sensor`, `records`, `subjects`, `summary` and
`build` are Dagster's face of it.
"""
