"""A page of the documentation as read: headings, links, images, and fenced blocks with their marks.

A mark is an HTML comment on the line before a block, which readers do not see:

    <!-- not run here: why -->    the block is counted, listed, and not run
    <!-- step: name -->           a step of the page's world, or a command, is done first; where
                                  the block has no command, it shows what that printed
    <!-- file: path -->           the block becomes that file, which later commands use
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

import kada_dagster

ROOT = Path(kada_dagster.__file__).parents[1]
README = ROOT / "README.md"
INDEX = ROOT / "docs" / "index.md"
LANGUAGES = frozenset({"", "yaml", "python", "sql", "ini", "json", "mermaid", "sh"})
"""What fenced blocks may be; commands and what they print carry no word."""
_MARK = re.compile(r"<!-- (not run here|step|file): (.+?) -->")
_PROMPT = "$ "


class Link(NamedTuple):
    """Where a link or an image leads, and the line it stands on."""

    target: str
    line: int


class Command(NamedTuple):
    """A command of a block and all that is shown below it."""

    text: str
    output: str


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: name of the page.
        line: of its fence.
        language: the word behind the fence.
        text: what is in it.
        not_run: why it cannot be run here; empty for what is run.
        steps: functions of the world to call before.
        files: what it is to be written as.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    steps: Sequence[str] = ()
    files: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def left_out(self) -> str:
        """Why it is not run; empty for what is run. The README shows what make prints, unmarked."""
        is_of_make = self.page == README.name and not self.language and not self.commands
        return self.not_run or ("what make demo, make test and make bench print" * is_of_make)

    @property
    def commands(self) -> list[Command]:
        """Its commands; what is shown above the first belongs to none and must not be there."""
        first, *rest = re.split(r"^\$ ", self.text, flags=re.MULTILINE)
        if self.language or not rest:
            return []
        assert not first, f"{self}: text above the first command"
        return [
            Command(command, output) for command, _, output in (r.partition("\n") for r in rest)
        ]


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    file: Path

    @property
    def name(self) -> str:
        """Its path below the root of the repository."""
        return os.path.relpath(self.file, ROOT)

    @property
    def anchors(self) -> set[str]:
        """What a link may have behind `#`: headings as GitHub names them."""
        found: set[str] = set()
        for title in self.headings:
            slug, number = _slug(title), 0
            while (anchor := f"{slug}-{number}" if number else slug) in found:
                number += 1
            found.add(anchor)
        return found

    @property
    def headings(self) -> list[str]:
        """Its headings, without the signs of Markdown."""
        tokens = _tokens(self.file)
        below = (tokens[n + 1] for n, token in enumerate(tokens) if token.type == "heading_open")
        return ["".join(part.content for part in inline.children or ()) for inline in below]

    @property
    def links(self) -> Iterator[Link]:
        """Every link and image."""
        for token in _tokens(self.file):
            for part in token.children or ():
                target = part.attrs.get("href") or part.attrs.get("src")
                if target:
                    yield Link(str(target), (token.map or [0])[0] + 1)

    @property
    def blocks(self) -> Iterator[Block]:
        """Its fenced blocks, each with the marks right before it."""
        marks: defaultdict[str, list[str]] = defaultdict(list)
        for token in _tokens(self.file):
            if token.type == "html_block":
                for kind, said in _MARK.findall(token.content):
                    marks[kind].append(said)
                continue
            if token.type == "fence":
                place = self.name, (token.map or [0])[0] + 1
                not_run = ", ".join(marks["not run here"])
                text = token.content
                yield Block(*place, token.info.strip(), text, not_run, marks["step"], marks["file"])
            else:
                assert not any(marks.values()), f"{self.name}: a mark without a block behind it"
            marks.clear()


def pages() -> list[Page]:
    """All of them: the README first."""
    return [Page(README), *(Page(file) for file in sorted((ROOT / "docs").glob("*.md")))]


@cache
def _tokens(file: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))


def _slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
