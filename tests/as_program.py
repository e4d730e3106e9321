"""Runs a test file as a program, with MPI's library loaded before the file imports DOLFINx: as_program.py FILE …"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import interstice  # noqa: F401  # loads the library

if __name__ == "__main__":
    del sys.argv[0]
    sys.path.insert(0, str(Path(sys.argv[0]).parent))
    runpy.run_path(sys.argv[0], run_name="__main__")
