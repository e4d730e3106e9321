"""Rough contact by boundary elements: the half-space solver `tamaas` as an independent reference.

tamaas represents the surface by Fourier series on a regular grid and finds the pressure by the conjugate gradients of
Polonsky and Keer, Wear 231 (1999) 206. It is imported by `sys.executable` if that has it, otherwise by the interpreter
under `TAMAAS`, in a process of its own: this file is that process's program too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TAMAAS = Path("/opt/tamaas")
"""Where the environment keeps tamaas, for an interpreter of its own."""
INTERPRETER = "python3.11"
TOLERANCE = 1e-10
"""Relative error of the complementarity of gap and pressure at which tamaas stops."""


class NoReferenceError(RuntimeError):
    """There is no tamaas; the text says where it was looked for."""


class Solution(NamedTuple):
    """Pressure [Pa] and gap [m] at the points of the grid, of the shape of the heights."""

    pressure: Array
    gap: Array


def press(heights: Array, length: float, modulus: float, pressures: Sequence[float]) -> list[Solution]:
    """Press a rigid surface on a half-space without friction; return the solution at each mean pressure [Pa].

    `heights` [m], shape (n,) for a profile in plane strain or (n, n), is one period of `length` [m]; its highest points
    touch first. `modulus` is E* [Pa]. NoReferenceError where tamaas is not installed, RuntimeError where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        problem, solution = Path(folder, "problem.npz"), Path(folder, "solution.npz")
        np.savez(problem, heights=heights, length=length, modulus=modulus, pressures=np.array(pressures))
        command, environment = _interpreter()
        done = subprocess.run(
            [*command, __file__, str(problem), str(solution)], env=environment, text=True, capture_output=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"tamaas failed: {done.stderr.strip()}")
        with np.load(solution) as found:
            return [Solution(*pair) for pair in zip(found["pressure"], found["gap"], strict=True)]


def is_available() -> bool:
    """Return whether there is an interpreter with tamaas."""
    try:
        _interpreter()
    except NoReferenceError:
        return False
    return True


def _interpreter() -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of a Python that has tamaas."""
    environment = dict(os.environ)
    if find_spec("tamaas") is not None:
        return [sys.executable, "-P"], environment
    if TAMAAS.is_dir():
        return [INTERPRETER, "-P"], environment | {"PYTHONPATH": str(TAMAAS)}
    raise NoReferenceError(
        f"no boundary-element reference: tamaas is neither installed for {sys.executable} nor under {TAMAAS}"
    )


def _solve(problem: Path, solution: Path) -> None:
    """Do what `press` asks for, with tamaas at hand."""
    import tamaas

    tamaas.set_log_level(tamaas.LogLevel.error)
    with np.load(problem) as given:
        heights, length, modulus, pressures = (given[key] for key in ("heights", "length", "modulus", "pressures"))
    kind = {1: tamaas.model_type.basic_1d, 2: tamaas.model_type.basic_2d}[heights.ndim]
    model = tamaas.Model(kind, [float(length)] * heights.ndim, list(heights.shape))
    model.E, model.nu = float(modulus), 0.0
    solver = tamaas.PolonskyKeerRey(model, heights, TOLERANCE)
    pressure, gap = [], []
    for mean in pressures:
        error = solver.solve(float(mean))
        if not error <= TOLERANCE:
            sys.exit(f"no convergence at a mean pressure of {mean:g} Pa: error {error:g}")
        pressure.append(model.traction.reshape(heights.shape).copy())
        gap.append(model.displacement.reshape(heights.shape) - heights)
    np.savez(solution, pressure=pressure, gap=gap)


if __name__ == "__main__":
    _solve(Path(sys.argv[1]), Path(sys.argv[2]))
