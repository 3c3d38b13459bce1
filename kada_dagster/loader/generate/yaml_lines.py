"""Definitions as YAML that the reader of this package gives back unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = 100
_ODD_ENDS = re.compile("[\r\x85\u2028\u2029]")


class _Dumper(yaml.SafeDumper):
    """Gives each key of the outermost mapping a line of its own."""

    def serialize(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            node.flow_style = False
        super().serialize(node)


def _text(dumper: Any, text: str) -> yaml.ScalarNode:
    """In quotes where the library would fold a line end that is none of UNIX."""
    style = '"' if _ODD_ENDS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(data: Mapping[str, Any]) -> str:
    """Plain data as YAML: keys in their order, the innermost mappings and lists on one line."""
    return yaml.dump(
        dict(data),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=_WIDTH,
    )
