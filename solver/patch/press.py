"""The command `patch`: a square of a rough surface, pressed and relieved by boundary elements, becomes a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from interstice.meshes import roughness
from interstice.schema import Patch, yaml_text
from interstice.schema.explain import Located, explain
from interstice.schema.problems import CaseError
from interstice.solver.environment import version
from interstice.solver.patch import boundary_elements
from interstice.solver.patch.table import MARK, Table, TableError

Array = npt.NDArray[np.float64]

LOADS = 12
"""Number of pressures if none are given, geometrically spaced."""
LIGHTEST, HEAVIEST = 5e-3, 1.6
"""The first and the last of them, over E* h': 1.3 % and 99 % touch."""
HARDEST = 0.95
"""Highest pressure over the hardness if none are given."""
RELIEVED = (2, 5, 8, 11)
"""From which of twelve pressures the surface is relieved; as evenly among more or fewer."""
PARTS = (0.7, 0.4, 0.2, 0.08, 0.02)
"""Pressures then, over the largest."""
VERSION = 1
"""Of what is computed: raised where the same input gives other numbers."""


@dataclass(frozen=True)
class Surface:
    """The heights [m] over one period, shape (n, n), the period [m], rms gradient, and what to say of it.

    `warnings` say how heights were made that the file does not have as they are.
    """

    heights: Array
    period: float
    slope: float
    description: str
    warnings: tuple[str, ...] = ()


def read_patch(path: Path, overrides: Sequence[str] = ()) -> tuple[Patch, Surface]:
    """Return the patch that a YAML file describes and its surface; CaseError with all that is wrong."""
    values, places = yaml_text.parse(yaml_text.read_text(path), str(path))
    for override in overrides:
        values = yaml_text.replace(values, places, override)
    located, folder = Located(values, places), path.resolve().parent
    try:
        patch = Patch.model_validate_json(json.dumps(values), strict=True, context={"folder": folder})
    except ValidationError as error:
        raise CaseError(explain(error, located, Patch)) from None
    try:
        heights, profile = roughness.of_patch(patch, folder)
    except ValueError as error:
        name, _, message = str(error).partition(": ")
        raise CaseError([located.problem(tuple(name.split(".")), message)]) from None
    period, warnings = len(heights) * patch.spacing, tuple(roughness.remarks_of_patch(patch, folder))
    return patch, Surface(heights, period, boundary_elements.slope(heights, period), profile.description, warnings)


def identity(patch: Patch, surface: Surface) -> str:
    """Return what tells the input of a table from any other: the same for the same heights and numbers."""
    numbers = patch.model_dump(mode="json", exclude={"roughness"})
    content = json.dumps([VERSION, numbers], sort_keys=True).encode() + surface.heights.tobytes()
    return hashlib.sha256(content).hexdigest()


def is_written(path: Path, identity: str) -> bool:
    """Say whether the table of that input is in the file already."""
    try:
        head = path.read_text(encoding="utf-8", errors="replace").splitlines()[:3]
    except OSError:
        return False
    return head[:1] == [MARK] and f"# input: {identity}" in head


def require_free(path: Path, overwrite: bool = False) -> None:
    """Raise TableError if the file is there, unless it is a table and `overwrite` says so, or cannot be written."""
    try:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            raise TableError("exists and is no table of a patch; choose another file with -o")
        if path.exists() and not overwrite:
            raise TableError("holds the table of another patch; choose another file with -o, or use --overwrite")
        if not path.parent.is_dir():
            raise TableError("its folder does not exist")
    except OSError as error:
        raise TableError(f"cannot be written: {error.strerror}") from None


def press(patch: Patch, surface: Surface, tell: Callable[[int, int], None] = lambda done, of: None) -> Table:
    """Return the table of a patch, up to where everything touches; `tell` hears of how many loads how many are done.

    Elastic contact comes back as it went. Where a hardness bounds the pressure, what is flat stays so when relieved.
    """
    modulus, hardness = patch.modulus, patch.hardness
    pressures = np.array(patch.pressures or _pressures(modulus * surface.slope, hardness))
    relieved = _relieved(len(pressures)) if hardness else set()
    of = len(pressures) + len(relieved) * len(PARTS)
    rows: list[list[float]] = []

    def load(heights: Array, mean: float, largest: float) -> Array:
        """Add a row and return the heights that are left without load."""
        if hardness is None:
            (found,) = boundary_elements.press(heights, surface.period, modulus, [mean])
        else:
            (found,) = boundary_elements.flatten(heights, surface.period, modulus, hardness, [mean])
        touching = found.pressure > 0
        share = boundary_elements.share(touching)
        if hardness is not None:
            # rims that bear the hardness are in contact entirely
            share = max(share, mean / hardness)
        stiffness = boundary_elements.stiffness(touching, surface.period, modulus)
        if touching.all():
            if not rows:
                raise RuntimeError(f"everything touches at {mean:.3g} Pa already; give lower pressures")
            # infinite: what it was before is on the safe side
            stiffness = rows[-1][-1] * modulus
        rows.append([mean / modulus, largest / modulus, share, float(found.gap.mean()), stiffness / modulus])
        tell(len(rows), of)
        return found.heights

    heights = surface.heights
    for i, largest in enumerate(pressures):
        heights = load(heights, largest, largest)
        if rows[-1][2] == 1.0:
            break
        for part in PARTS if i in relieved else ():
            load(heights, part * largest, largest)
    about = {
        "input": identity(patch, surface),
        "version": version(),
        "surface": surface.description,
        "points": f"{len(surface.heights)} x {len(surface.heights)}, {patch.spacing:.6g} m apart",
        "rms": f"{surface.heights.std():.6g} m",
        "slope": f"{surface.slope:.6g}",
        "modulus": f"{modulus:.6g} Pa",
        "hardness": "none" if hardness is None else f"{hardness:.6g} Pa",
    }
    return Table(about, np.array(rows), np.inf if hardness is None else hardness / modulus)


def _pressures(steepness: float, hardness: float | None) -> Array:
    """Return mean pressures [Pa] of a surface with E* h' the `steepness` [Pa]."""
    heaviest = HEAVIEST * steepness
    if hardness is not None:
        heaviest = min(heaviest, HARDEST * hardness)
    return np.geomspace(LIGHTEST / HEAVIEST * heaviest, heaviest, LOADS)


def _relieved(loads: int) -> set[int]:
    return {round((i + 1) * loads / LOADS) - 1 for i in RELIEVED}
