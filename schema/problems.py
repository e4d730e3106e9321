"""What is wrong with a case, in sentences that name file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

MOST_PROBLEMS = 30

Key = tuple[str | int, ...]
Problem = tuple[Key, str]


class CaseError(ValueError):
    """A case that cannot be used; the text lists every problem with its file, line and key."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        lines = self.problems[:MOST_PROBLEMS]
        if len(self.problems) > MOST_PROBLEMS:
            lines.append(f"… and {len(self.problems) - MOST_PROBLEMS} more")
        super().__init__("\n".join(lines))


def in_order(problems: Iterable[str]) -> list[str]:
    """Return the problems in the order of the lines of their files."""
    return sorted(problems, key=_by_line)


def _by_line(problem: str) -> tuple[str, int]:
    match = re.match(r"(.*?):(\d+): ", problem)
    return (match[1], int(match[2])) if match else (problem, 0)


def dotted(key: Key) -> str:
    """Return `key` as people write it, "stack.pressure"."""
    return brief(".".join(str(part) for part in key), quotes=False, longest=120) or "the case"


def brief(value: Any, quotes: bool = True, longest: int = 60) -> str:
    """Return `value` for a message: one line, printable, not too long."""
    text = repr(value) if quotes else repr(str(value))[1:-1]
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
