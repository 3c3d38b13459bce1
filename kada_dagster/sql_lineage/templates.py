"""Liquid and Jinja in SQL: what of it can be analysed without running the template.

A value `{{ ... }}` becomes a made-up name, which the analysis then knows not to trust. Branches are
rendered one set after the other: the first of every `if`, the second of every `if`, ... so that
each is part of one text. Loops are rendered once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MARK = "kada_template_value"
_PIECE = re.compile(
    r"\{\{-?(?P<value>.*?)-?\}\}|\{%-?\s*(?P<tag>\w+)(?P<rest>.*?)-?%\}|\{#.*?#\}", re.DOTALL
)
_VERBATIM = {"raw": "endraw", "comment": "endcomment", "macro": "endmacro", "doc": "enddoc"}
_OPENERS = frozenset({"if", "unless", "case", "for", "ifchanged", "tablerow"})
_BRANCHES = frozenset({"else", "elif", "elsif", "elseif", "when"})
_SETTERS = frozenset({"set", "capture"})
_REFERENCE = re.compile(r"\s*(ref|source|this|var|env_var)\b")
MAX_VARIANTS = 8


@dataclass
class _Block:
    """An open `if`, `case` or `for`: the texts of its branches."""

    tag: str
    branches: list[list[str | _Block]] = field(default_factory=lambda: [[]])
    has_else: bool = False


def is_templated(name: str) -> bool:
    """Whether a name was made up for the value of a template."""
    return MARK in name.lower()


def has_template(sql: str) -> bool:
    """Whether a text holds anything of a template."""
    return "{{" in sql or "{%" in sql or "{#" in sql


def variants(sql: str) -> tuple[list[str], bool]:
    """Texts without templates that hold every branch of a templated one.

    Returns:
        At least one text, and whether every branch is in one of them.
    """
    root = _Block("")
    stack = [root]
    position = 0
    while match := _PIECE.search(sql, position):
        stack[-1].branches[-1].append(sql[position : match.start()])
        position = match.end()
        if match["value"] is not None:
            stack[-1].branches[-1].append(_value(match["value"]))
        elif match["tag"]:
            position = _tag(match, stack, sql)
    stack[-1].branches[-1].append(sql[position:])
    width = _width(root)
    texts = dict.fromkeys(_render(root, number) for number in range(min(MAX_VARIANTS, width)))
    return list(texts), width <= MAX_VARIANTS


def _value(text: str) -> str:
    """A name in place of a value; `config(...)` of dbt prints nothing."""
    if re.match(r"\s*config\s*\(", text):
        return ""
    kind = _REFERENCE.match(text)
    return f"{MARK}_{kind[1]}" if kind else MARK


def _tag(match: re.Match[str], stack: list[_Block], sql: str) -> int:
    """Take a tag in; return the position to read on from."""
    tag = match["tag"]
    if tag in _VERBATIM or (tag in _SETTERS and "=" not in match["rest"]):
        end = re.compile(rf"\{{%-?\s*{_VERBATIM.get(tag, 'end' + tag)}\s*-?%\}}").search(
            sql, match.end()
        )
        stop = end.start() if end else len(sql)
        if tag == "raw":
            stack[-1].branches[-1].append(sql[match.end() : stop])
        return end.end() if end else len(sql)
    if tag in _OPENERS:
        block = _Block(tag)
        stack[-1].branches[-1].append(block)
        stack.append(block)
    elif tag in _BRANCHES and len(stack) > 1:
        stack[-1].branches.append([])
        stack[-1].has_else |= tag == "else"
    elif tag.startswith("end") and len(stack) > 1:
        _close(stack.pop())
    return match.end()


def _close(block: _Block) -> None:
    if block.tag == "case":
        block.branches = block.branches[1:] or [[]]  # before the first `when` stands nothing
    elif block.tag == "for":
        block.branches = block.branches[:1]
    if block.tag in ("if", "unless", "case") and not block.has_else:
        block.branches.append([])


def _width(block: _Block) -> int:
    """How many texts it takes to show every branch of a block and of those inside."""
    nested = (part for branch in block.branches for part in branch if isinstance(part, _Block))
    return len(block.branches) * max((_width(part) for part in nested), default=1)


def _render(block: _Block, number: int) -> str:
    """The text of a number: it says which branch each block takes."""
    inner, chosen = divmod(number, len(block.branches))
    return "".join(
        part if isinstance(part, str) else _render(part, inner) for part in block.branches[chosen]
    )
