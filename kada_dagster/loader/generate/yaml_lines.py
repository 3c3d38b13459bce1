"""Definitions as YAML that the reader of this package gives back unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Gives each key of the outermost mapping a line of its own."""

    def serialize(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            node.flow_style = False
        super().serialize(node)


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
