"""The file of a vault: YAML or JSON, read safely, and only along one path.

Nothing is built from the file but the text of the one value that is asked for, so a broken or
odd part of a shared vault disturbs nobody who does not use it. Values are taken as they are
written: `1.10` stays `1.10`, `012` stays `012`. No message repeats a value or a line of the file.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    import yaml

DEEPEST = 50
"""Levels of nesting; a vault needs four."""

_TAG = "tag:yaml.org,2002:"
_TEXTS = {_TAG + kind for kind in ("str", "int", "float", "bool", "timestamp", "value")}


@dataclass(frozen=True)
class Branch:
    """A mapping of the tree, as pairs: a key may be there twice.

    Attributes:
        own: keys and values written in it.
        merged: those brought by `<<`; an own key comes first.
    """

    own: Sequence[tuple[str, object]]
    merged: Sequence[tuple[str, object]] = ()

    def named(self, key: str) -> list[object]:
        """The values under a key; several if it is written twice."""
        own = [value for name, value in self.own if name == key]
        return own or [value for name, value in self.merged if name == key][:1]

    def near(self, key: str) -> str:
        """A hint at a key that looks like it, or nothing."""
        names = [name for name, _ in (*self.own, *self.merged)]
        same = {name.casefold(): name for name in names}
        close = difflib.get_close_matches(key.casefold(), same, 1, 0.8)
        return f"; did you mean {same[close[0]]!r}?" if close else ""


def entry_text(file: Path, path: str) -> str:
    """The text of one value, without white space around it.

    Args:
        file: of the vault, UTF-8.
        path: keys from the root, joined by dots.

    Raises:
        ConfigError: the file cannot be read, or holds no text there; names file and path.
    """
    where = f"{file}: {path}"
    try:
        text = _text(_walk(_tree(file, path), path.split("."), where))
    except RecursionError:
        raise ConfigError(f"{file}: nested too deep for a vault, or in itself") from None
    if text is None:
        raise ConfigError(f"{where}: is not a text: it is a mapping, a list, or has a tag")
    if not text.strip():
        raise ConfigError(f"{where}: is empty")
    return text.strip()


def _walk(node: object, keys: Sequence[str], where: str) -> object:
    for depth, key in enumerate(keys):
        node = _child(node, key, where, ".".join(keys[:depth]) or "the file")
    return node


def _child(node: object, key: str, where: str, parent: str) -> object:
    branch = _branch(node)
    if branch is None:
        raise ConfigError(f"{where}: not there; {parent} holds no keys")
    found = branch.named(key)
    if len(found) > 1:
        raise ConfigError(f"{where}: {key} is there twice in {parent}; remove one")
    if not found:
        raise ConfigError(f"{where}: not there; {parent} has no key {key}{branch.near(key)}")
    return found[0]


def _tree(file: Path, path: str) -> object:
    """The root: of JSON as branches, of YAML as nodes that become branches when they are met."""
    text = _read(file, path)
    if text.lstrip().startswith("{"):
        with suppress(ValueError):  # a YAML file may begin like this, too
            return json.loads(
                text, object_pairs_hook=Branch, parse_int=str, parse_float=str, parse_constant=str
            )
    return _compose(file, text)


def _read(file: Path, path: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        reason = "there is no such file; KADA_VAULT_FILE names the vault"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8; save the file as UTF-8"
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
    raise ConfigError(f"{file}: {reason} (looked for {path})")


def _compose(file: Path, text: str) -> yaml.Node | None:
    import yaml

    parser: Any = yaml
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _is_too_deep(parser.parse(text, Loader=loader)):
            raise RecursionError
        return parser.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
    raise ConfigError(
        f"{file}{line}: not YAML and not JSON; put text with special characters in quotes"
    )


def _is_too_deep(events: Iterable[object]) -> bool:
    """Composing recurses in C: what is nested without end would end the process."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


def _branch(node: object) -> Branch | None:
    """The node as a mapping; None if it is something else."""
    if node is None or isinstance(node, Branch):
        return node or Branch(())  # an empty file is an empty mapping
    pairs: Any = getattr(node, "value", None)
    if getattr(node, "id", "") != "mapping":
        return None
    own = [(str(key.value), value) for key, value in pairs if key.tag != _TAG + "merge"]
    merges = [value for key, value in pairs if key.tag == _TAG + "merge"]
    return Branch(own, list(_merged(merges)))


def _merged(nodes: Sequence[Any]) -> Iterator[tuple[str, object]]:
    """What `<<: *one` or `<<: [*one, *other]` brings, the first one first."""
    for node in nodes:
        for part in node.value if node.id == "sequence" else [node]:
            branch = _branch(part)
            yield from (*branch.own, *branch.merged) if branch else ()


def _text(node: object) -> str | None:
    """What a scalar says, as it is written; empty for nothing; None for anything else."""
    if node is None:
        return ""
    if isinstance(node, (str, bool)):
        return node if isinstance(node, str) else json.dumps(node)
    tag: str = getattr(node, "tag", "")
    if tag == _TAG + "null":
        return ""
    return str(getattr(node, "value", "")) if tag in _TEXTS else None
