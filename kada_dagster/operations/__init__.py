"""An operator's day: which marks lag, who is told of what failed, and how everything is.

What is decided, said and sent is plain Python. Dagster's face of it: `watched` (what there is);
`records`, `failed_runs`, `conditions`, `overview` (what Dagster knows); `sensor`, `summary`,
`build`; and `instance`, for the command line.
"""
