"""A new code location that depends on this package: the files behind `kada init`.

`templates/` holds them as they will be, with `{{name}}` where a value goes; their names end in
`.txt` so that no tool takes them for files of this project. `naming` says what the project may be
called, `project` which files it has, `writing` puts them down.
"""
