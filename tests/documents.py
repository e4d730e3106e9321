"""The pages of the documentation as their reader meets them: code blocks, and what the comments above them say.

A comment ``<!-- word: text -->`` stands on a line of its own above the fence; CONTRIBUTING.md says which there are.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?P<remarks>(?: *<!-- [^\n]* -->\n)*)(?P<indent> *)(?P<fence>`{3,})(?P<language>[^\s`]*)[^\n`]*\n"
    r"(?P<text>.*?)^(?P=indent)(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
REMARK = re.compile(r"<!-- ([a-z]+(?: [a-z]+)?)(?:: | )?(.*?) -->")
WORDS = {"file", "run with", "ends with", "output", "not run"}
"""What a comment above a block may say."""


@dataclass(frozen=True)
class Block:
    """One block of code: its `page`, `line`, `language` and `text`; `remarks` are the comments above it."""

    page: Path
    line: int
    language: str
    text: str
    remarks: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def settings(self) -> list[str]:
        """The words that a test puts behind each `run`, so that it is quick."""
        return shlex.split(self.remarks.get("run with", ""))


def blocks(page: Path) -> list[Block]:
    """Return the blocks of code of a page in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            textwrap.dedent(found["text"]),
            {word: rest for line in found["remarks"].splitlines() for word, rest in REMARK.findall(line)},
        )
        for found in BLOCK.finditer(text)
    ]
