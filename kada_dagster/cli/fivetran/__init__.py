"""`kada fivetran`: the four actions on a connection, by variables or by options.

`group` is the command and the job of a pipeline, `commands` and `resync` the explicit commands;
`access` is how they reach an account, `actions` what they do, `outcomes` and `ending` how they say
what came of it.
"""
