"""What a loader project's folder says, as models. No connection, no environment, no Dagster.

`project` finds and reads the files; the others are the models of one file each.
"""
