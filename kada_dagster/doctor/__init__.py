"""What is wrong with a set-up, found before a run finds it: the checks behind `kada doctor`.

`plan` says which checks a configuration asks for, `running` does them side by side, and each kind
of check is one module. Nothing is changed by any of them, and what one has to write to find out
is gone when it ends. The plain layer: Dagster is imported by the checks of its instance alone.
"""
