"""The page on attributes of components, made from their schemas: `docs/components.md`.

`python -m kada_dagster.components.reference` prints it. What a table says is what `dg check yaml`
and editors are told; nothing is written twice.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from kada_dagster import components

_HEAD = """\
# Components

In a `dg` project of your own each source, Fivetran account and loader project may be a component,
and so may what operators get of all of them. Its attributes are the keys of kada.yaml; `dg check
yaml` checks them, and errors name file, line and the nearest key that is known. `dg scaffold defs
kada_dagster.PostgresCollector NAME` writes a `defs.yaml` to fill in. Relative paths count from that
file's folder; secrets are references to the environment, `${NAME}`. What a source cannot do without
may also be in its `config_file`; so it is not marked as required.

This page is made from the components' schemas: `python -m kada_dagster.components.reference`.
"""
_EXAMPLE = "Example:"
_ISO_SPAN = re.compile(
    r"P(?=.)(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
Schema = Mapping[str, Any]


def page() -> str:
    """The whole page, in Markdown."""
    schemas = {name: _schema(name) for name in components.__all__}
    shared = _shared(schemas)
    parts = [_HEAD, *(_component(name, schema, shared) for name, schema in schemas.items())]
    parts.append("## Parts\n\nMappings that are the value of an attribute.\n")
    parts += [_part(name, shared) for name in sorted(shared)]
    return "\n".join(parts)


def _schema(name: str) -> Schema:
    return getattr(components, name).get_model_cls().model_json_schema()


def _shared(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The mappings below attributes; several components have the same ones."""
    found = {name: part for one in schemas.values() for name, part in one.get("$defs", {}).items()}
    return {name: _mapping(part) for name, part in found.items()}


def _mapping(part: Schema) -> Schema:
    """A part that may also be `true` or `false` has its attributes in one of its forms."""
    return next((form for form in part.get("anyOf", ()) if "properties" in form), part)


def _component(name: str, schema: Schema, shared: Mapping[str, Schema]) -> str:
    words, _, example = str(schema["description"]).partition(_EXAMPLE)
    code = "\n".join(line.removeprefix("    ") for line in example.splitlines()).strip()
    return f"## {name}\n\n{words.strip()}\n\n{code}\n\n{_table(schema, shared)}"


def _part(name: str, shared: Mapping[str, Schema]) -> str:
    words = str(shared[name]["description"]).strip()
    return f"### {_title(name)}\n\n{words}\n\n{_table(shared[name], shared)}"


def _table(schema: Schema, shared: Mapping[str, Schema]) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {_kind(one)} | {_default(name, one, required)} | {_words(one, shared)} |"
        for name, one in schema["properties"].items()
    ]
    head = ["| attribute | value | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _kind(field: Schema) -> str:
    """What the value looks like."""
    if "$ref" in field:
        title = _title(field["$ref"].rsplit("/", 1)[-1])
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if forms := [*_forms(field)]:
        return " or ".join(dict.fromkeys(map(_kind, forms)))
    if "const" in field or "enum" in field:
        return " ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    if field.get("type") == "object":
        return f"mapping to {_kind(field.get('additionalProperties') or {})}"
    return _bounded(field)


def _forms(field: Schema) -> Iterator[Schema]:
    for form in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        if form.get("type") != "null":
            yield form


def _bounded(field: Schema) -> str:
    if "pattern" in field and "${" in str(field["pattern"]).replace("\\", ""):
        return "`${NAME}`"
    names = {"string": "text", "integer": "number", "number": "number", "boolean": "true, false"}
    name = names.get(str(field.get("type")), "any")
    least, most = field.get("minimum"), field.get("maximum")
    return f"{name}, {least} to {most}" if least is not None and most is not None else name


def _default(name: str, field: Schema, required: object) -> str:
    if isinstance(required, list | tuple) and name in required:
        return "**required**"
    value = field.get("default")
    if value in (None, ".") or isinstance(value, dict):  # "." is a path that is not given
        return "–"
    return f"`{_span(value)}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


def _span(text: str) -> str:
    """A span of time as it is written in a file, where pydantic writes it by ISO 8601."""
    if not (found := _ISO_SPAN.fullmatch(text)):
        return text
    parts = [(number, unit) for unit, number in found.groupdict().items() if number]
    return " ".join(f"{number} {unit[:-1] if number == '1' else unit}" for number, unit in parts)


def _words(field: Schema, shared: Mapping[str, Schema]) -> str:
    """What it means; where pydantic leaves that out, it is what its mapping says of itself."""
    part = shared.get(str(field.get("$ref", "")).rsplit("/", 1)[-1], {})
    text = str(field.get("description") or part.get("description", ""))
    return text.replace("|", "\\|").replace("<", "&lt;")


def _title(name: str) -> str:
    """`LocalLandingSettings` as people say it."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name)
    return words.removesuffix(" Settings").strip().lower().replace("s 3", "S3").capitalize()


if __name__ == "__main__":
    sys.stdout.write(page())
