"""`kada load …`: loader projects checked, run, migrated, made and cleaned up, without Dagster.

Each command is one module; what they have in common is in `project` and `printing`.
"""
