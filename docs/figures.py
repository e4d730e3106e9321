"""The figures of verification.md, by the commands that stand under them: `python3 -m docs.figures [NAME …]`."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMAND = re.compile(r"^\./interstice (benchmark (\S+) .*--plot .*)$", re.MULTILINE)


def commands() -> dict[str, list[str]]:
    """Return the words behind `interstice` of the command of each figure, by the name of the benchmark."""
    page = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    return {name: shlex.split(command) for command, name in COMMAND.findall(page)}


if __name__ == "__main__":
    known = commands()
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"{name}: has no figure; there are {', '.join(known)}")
        subprocess.run([sys.executable, "-m", "interstice", *known[name]], cwd=ROOT, check=True)
