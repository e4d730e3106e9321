"""Gmsh files as arrays, without Gmsh in this process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interstice.schema import files
from interstice.schema.problems import brief

KEY = "geometry.file"
LARGEST = 2_000_000_000
"""Bytes of a file that is read: those of twenty million tetrahedra, as text."""
MEMORY, SECONDS = (1e9, 20.0), (2.0, 4e-7)
"""Bytes of memory and seconds of computing that it may take, and how many more for each byte: twice what it takes."""
PROGRAM = Path(__file__).with_name("extract.py")


@dataclass(frozen=True)
class Elements:
    """Elements of one kind, as Gmsh calls it, in the same physical groups; `nodes` are rows of the points."""

    dimension: int
    kind: str
    groups: tuple[str, ...]
    nodes: NDArray[np.int64]


def read(path: Path) -> tuple[NDArray[np.float64], list[Elements]]:
    """Return the points of a Gmsh file, shape (points, 3) in its unit, and its elements.

    ValueError says what is wrong with the file. Another process reads it, for damaged files may bring Gmsh down.
    """
    try:
        size = files.size_of(path, LARGEST)
        first, last = _ends(path) if size else (b"", b"")
    except files.FileError as error:
        raise ValueError(f"{KEY}: {files.reason_beside_case(error, path)}") from None
    except OSError as error:
        raise ValueError(f"{KEY}: cannot be read: {error.strerror}") from None
    if first != b"$MeshFormat":
        raise ValueError(f"{KEY}: '{path}' is not a Gmsh mesh file (.msh, format 2 or 4)")
    if not last.startswith(b"$End"):
        raise ValueError(f"{KEY}: '{path.name}' ends in the middle, not with a line '$End…'; write it anew")
    memory, seconds = (round(base + each * size) for base, each in (MEMORY, SECONDS))
    # a file without a name leaves nothing behind where this process is killed
    with tempfile.TemporaryFile() as target:
        # -P: the files beside the program are no modules
        command = [sys.executable, "-P", str(PROGRAM), str(path), str(memory), str(seconds)]
        done = subprocess.run(
            command, stdout=target, stderr=subprocess.PIPE, text=True, errors="replace", stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            said = done.stderr.strip().rpartition("\n")[2]
            if "Traceback" in done.stderr:
                raise ValueError(f"{KEY}: Gmsh, which reads it, does not start ({said})")
            if done.returncode == -signal.SIGXCPU:
                said = f"it takes more than {seconds} s"
            elif done.returncode < 0:
                said = f"it crashed: {signal.strsignal(-done.returncode)}"
            raise ValueError(
                f"{KEY}: Gmsh cannot read '{path.name}' ({brief(said, quotes=False, longest=200)}); write it anew"
            )
        target.seek(0)
        with np.load(target) as arrays:
            elements = [
                Elements(dimension, kind, tuple(groups), arrays[f"nodes {number}"].astype(np.int64))
                for number, (dimension, kind, groups) in enumerate(json.loads(str(arrays["contents"])))
            ]
            return arrays["points"], elements


def _ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last line of a file."""
    with path.open("rb") as file:
        first = file.readline(100).strip()
        file.seek(max(0, path.stat().st_size - 1000))
        return first, file.read(1000).rstrip().rpartition(b"\n")[2]
