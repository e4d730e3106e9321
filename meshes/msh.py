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

KEY = "geometry.file"
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
    if not path.is_file():
        raise ValueError(f"{KEY}: there is no file '{path}'; the path is relative to the case file")
    with path.open("rb") as file:
        if file.readline().strip() != b"$MeshFormat":
            raise ValueError(f"{KEY}: '{path}' is not a Gmsh mesh file (.msh, format 2 or 4)")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "arrays.npz"
        # -P: the files beside the program are no modules
        command = [sys.executable, "-P", str(PROGRAM), str(path), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            said = done.stderr.strip().rpartition("\n")[2]
            if "Traceback" in done.stderr:
                raise ValueError(f"{KEY}: Gmsh, which reads it, does not start ({said})")
            if done.returncode < 0:
                said = f"it crashed: {signal.strsignal(-done.returncode)}"
            raise ValueError(f"{KEY}: Gmsh cannot read '{path.name}' ({said}); write it anew")
        with np.load(target) as arrays:
            elements = [
                Elements(dimension, kind, tuple(groups), arrays[f"nodes {number}"].astype(np.int64))
                for number, (dimension, kind, groups) in enumerate(json.loads(str(arrays["contents"])))
            ]
            return arrays["points"], elements
