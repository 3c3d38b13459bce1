"""What the sync sensor decides, without Dagster: which syncs are new, and what follows them.

Everything here is a function of what was read; the one reader is `look`, and it reads through a
protocol. Talking to Dagster is in `kada_dagster.fivetran.sensor`.
"""
