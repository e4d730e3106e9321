"""Rough contact: two blocks under a series of mean pressures, against boundary elements on the same surface.

The surface is self-affine and periodic, or a window of a measured one between symmetric sides, whose mirror images
make it periodic for the reference. It has no waves shorter than `short_cutoff`. The nodes of the interface lie on the
regular grid of the reference, so that both know the same heights; in 3D those of second order are three quarters of its
points. The state does not depend on the order of the loads: the largest comes first, each next starts from the last.

A load is p̄/(E* g'), g' the root mean square of |∇h| of the trigonometric interpolant. At light loads the slope of the
area A/A_0 over it lies between those of Persson and of Bush, Gibson and Thomas, of which `slope_bounds` is the relative
distance at the lightest load. Where spots span few nodes it comes out larger: nodes at the rim of a spot count in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from mpi4py import MPI
from pydantic import BeforeValidator, Field, model_validator
from scipy.stats import wasserstein_distance

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box, cascade, complementarity
from interstice.benchmarks.options import ContactParameters, Dimension, OptionError, Order, split
from interstice.benchmarks.report import Result
from interstice.meshes import roughness
from interstice.meshes.height_profile import ROUNDING
from interstice.schema import Film, Measured, SelfAffine
from interstice.solver.patch import boundary_elements
from interstice.solver.physics.mechanics import composite_modulus

NAME = "rough"
PROFILE = {"elements": 256, "order": 1}
"""Defaults in 2D."""
TOPOGRAPHIES = Path(roughness.__file__).parent / "topography"
RMS = 20e-9
"""Root mean square height of a self-affine surface if not given [m]."""
SHORTEST = 8
"""Points of the grid per shortest wave if not given."""
OVERSAMPLING = 4
"""Points per point of the grid at which a measured surface is read before its short waves are taken out."""
QUANTILES = (0.1, 0.5, 0.9)
"""Shares of the area in contact for which the pressure is told."""
LAYERS = {1: 8, 2: 2}
"""Regular layers of elements below the interface, half as high as wide, by order."""
GROWTH = {1: 0.15, 2: 0.25}
"""Growth of the element size per distance beyond them."""


Loads = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(split), Field(min_length=1)]


class Options(ContactParameters):
    """The surface, the loads and the mesh."""

    dimension: Dimension = 3
    """3, or 2 for a profile in plane strain"""
    elements: int = Field(24, ge=8)
    """elements along each edge; if not given, 256 in 2D"""
    order: Order = 2
    """1, or 2 for quadratic displacements and twice the points per edge; if not given, 1 in 2D"""
    roughness: str = "self_affine"
    """self_affine, or a measured surface: a file, or the name of one that comes along, such as afm_10um_256"""
    length: float = Field(10e-6, gt=0)
    """edge of the blocks, the period or the window [m]"""
    rms: float | None = Field(None, gt=0)
    """root mean square height [m]; if not given, 20 nm or as measured"""
    hurst: float = Field(0.8, gt=0, le=1)
    """Hurst exponent of a self-affine surface"""
    long_cutoff: float | None = Field(None, gt=0)
    """longest wavelength of a self-affine surface [m]; if not given, the edge"""
    short_cutoff: float | None = Field(None, gt=0)
    """shortest wavelength [m]; if not given, that of 8 points of the grid"""
    seed: int = Field(1, ge=0)
    """seed of a self-affine surface"""
    origin: float = Field(0.0, ge=0)
    """corner of the window of a measured surface [m]"""
    loads: Loads = (
        0.02,
        0.05,
        0.1,
        0.2,
    )
    """mean pressures over E* g', separated by commas"""
    depth: float = Field(1.0, ge=0.4)
    """thickness of each block over its edge"""

    @model_validator(mode="before")
    @classmethod
    def _fit_dimension(cls, given: dict[str, Any]) -> dict[str, Any]:
        """In 2D nodes are cheap, and those of second order count with unlike areas."""
        return PROFILE | given if str(given.get("dimension")) == "2" else given


@dataclass(frozen=True)
class Surface:
    """Heights [m] at the points of a regular grid of `spacing` [m] over one period, shape (n,) or (n, n).

    Blocks with `lateral` "symmetric" sides cover the first half of it, along every edge; the other mirrors it.
    """

    heights: Array
    spacing: float
    lateral: Literal["periodic", "symmetric"]

    @property
    def period(self) -> float:
        """The period [m]."""
        return len(self.heights) * self.spacing

    @property
    def slope(self) -> float:
        """The root mean square of |∇h| of the trigonometric interpolant."""
        return boundary_elements.slope(self.heights, self.period)

    def gap(self, x: Array) -> Array:
        """Return the initial gap [m] at the points `x` of the grid, shape (3, n)."""
        place = np.round(x[: self.heights.ndim] / self.spacing).astype(int) % len(self.heights)
        return self.heights.max() - self.heights[tuple(place)]


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press at each load; compare area, mean gap and distribution of pressures with the reference.

    The cost is that of the largest load, from a cold start.
    """
    surface = make_surface(options)
    modulus = composite_modulus(*options.moduli)
    loads = sorted(options.loads)
    pressures = [load * modulus * surface.slope for load in loads]
    # each rank does it: the same arithmetic, and sooner done than sent
    reference = boundary_elements.press(surface.heights, surface.period, modulus, pressures)

    def build(elements: int, coarse: Blocks | None) -> Blocks:
        tagged = make_box(options.model_copy(update={"elements": elements}), surface.lateral).mesh(comm)
        return Blocks(
            tagged, options.moduli, options, surface.gap, pressures[-1], lateral=surface.lateral, coarse=coarse
        )

    blocks = cascade(build, options.elements, options.dimension)
    cost = blocks.measure(blocks.press)
    interface, contact = blocks.interface, blocks.contact
    apparent = interface.sum(np.ones_like(contact.pressure))
    rms = float(surface.heights.std())
    computed = {"rms height [m]": rms, "rms slope": surface.slope}
    exact: dict[str, float] = {}
    errors: dict[str, list[float]] = {}

    def compare(key: str, error: float) -> None:
        errors.setdefault(key, []).append(error)

    for i in reversed(range(len(loads))):
        blocks.pressure.value = pressures[i]
        blocks.solve()
        area = interface.sum(contact.active.x.array) / apparent
        gap = interface.sum(contact.gap.read()) / apparent
        keys = f"area({loads[i]:g})", f"slope({loads[i]:g})", f"gap({loads[i]:g}) [m]"
        computed |= dict(zip(keys, (area, area / loads[i], gap), strict=True))
        found, areas = _pressures(blocks)
        computed |= _quantiles(loads[i], found, areas)
        there = reference[i]
        exact_area, exact_gap = float(np.mean(there.pressure > 0)), float(np.mean(there.gap))
        exact |= dict(zip(keys, (exact_area, exact_area / loads[i], exact_gap), strict=True))
        exact |= _quantiles(loads[i], there.pressure.ravel(), np.ones(there.pressure.size))
        compare("area", abs(area / exact_area - 1))
        compare("gap", abs(gap / exact_gap - 1))
        # ∫ |F − F_reference| dp of the distributions of pressure over the area
        compare("pressure_distribution", wasserstein_distance(found, there.pressure.ravel(), areas) / pressures[i])
        product, penetration = complementarity(blocks, pressures[i], rms)
        compare("complementarity", product)
        compare("penetration", penetration)

    lightest = computed[f"slope({loads[0]:g})"]
    low, high = closed_form.PERSSON_SLOPE, closed_form.BUSH_GIBSON_THOMAS_SLOPE
    compare("slope_bounds", max(low - lightest, lightest - high, 0.0) / lightest)
    return Result(
        NAME,
        options.model_dump(),
        computed,
        exact,
        {key: max(values) for key, values in errors.items()},
        cost,
    )


def _pressures(blocks: Blocks) -> tuple[Array, Array]:
    """Return pressures [Pa] and areas of all nodes of the interface on every rank."""
    owned = blocks.interface.owned
    parts = blocks.comm.allgather((blocks.contact.pressure[:owned], blocks.interface.areas.x.array[:owned]))
    pressure, areas = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return pressure, areas


def _quantiles(load: float, pressure: Array, areas: Array) -> dict[str, float]:
    """Return the pressures [Pa] below which the shares QUANTILES of the area in contact lie, by name."""
    order = np.argsort(pressure)
    order = order[pressure[order] > 0]
    below = np.cumsum(areas[order])
    places = np.searchsorted(below, np.array(QUANTILES) * below[-1])
    return {
        f"pressure({load:g}, {share:.0%}) [Pa]": float(pressure[order][place])
        for share, place in zip(QUANTILES, places, strict=True)
    }


# --- surface ----------------------------------------------------------------------------------------------


def make_surface(options: Options) -> Surface:
    """Return the surface that `options` ask for; OptionError where there is none."""
    points = options.elements * options.order
    spacing = options.length / points
    cutoff = options.short_cutoff or SHORTEST * spacing
    try:
        if options.roughness == "self_affine":
            return Surface(_generate(options, points, cutoff), spacing, "periodic")
        return Surface(_read(options, points, cutoff), spacing, "symmetric")
    except ValueError as error:
        raise OptionError(f"--roughness {options.roughness}: {error}") from error


def _generate(options: Options, points: int, cutoff: float) -> Array:
    """Return the heights of one period of a self-affine surface."""
    kind = SelfAffine.model_validate(
        {
            "kind": "self_affine",
            "rms": _text(options.rms or RMS),
            "hurst": options.hurst,
            "long_cutoff": _text(options.long_cutoff),
            "short_cutoff": _text(cutoff),
            "seed": options.seed,
        }
    )
    place = np.arange(points) * options.length / points
    return _heights(options, kind, points, place)


def _read(options: Options, points: int, cutoff: float) -> Array:
    """Return the heights of a window of a measured surface and its mirror images, without waves below `cutoff` [m]."""
    file = Path(options.roughness)
    if not file.is_file():
        known = {path.stem: path for path in sorted(TOPOGRAPHIES.iterdir()) if path.suffix != ".md"}
        if options.roughness not in known:
            raise ValueError(f"there is no such file; self_affine, {', '.join(known)} come with the program")
        file = known[options.roughness]
    kind = Measured.model_validate(
        {
            "kind": "measured",
            "file": file,
            "origin": _text(options.origin),
            "detrend": "curvature",
            "rms": _text(options.rms),
        }
    )
    fine = OVERSAMPLING * points
    place = np.abs((np.arange(2 * fine) + fine) % (2 * fine) - fine) * options.length / fine
    heights = _heights(options, kind, fine, place)
    spectrum = np.fft.fftn(heights)
    spectrum[_wave_numbers(heights, options.length / fine) * cutoff > 1 + ROUNDING] = 0.0
    return np.fft.ifftn(spectrum).real[(slice(None, None, OVERSAMPLING),) * heights.ndim]


def _heights(options: Options, kind: SelfAffine | Measured, points: int, place: Array) -> Array:
    """Return the heights of a film of this roughness, meshed by `points` per edge, at all pairs of `place` [m]."""
    film = Film.model_validate(
        {
            "builder": "film",
            "dimension": options.dimension,
            "length": _text(options.length),
            "electrode_thickness": _text(options.length),
            "electrolyte_thickness": _text(options.length),
            "element_size": _text(options.length / points),
            "roughness": kind,
        }
    )
    profile = roughness.from_case(film, Path())["electrode", "electrolyte"]
    return profile(*np.meshgrid(*[place] * (options.dimension - 1), indexing="ij"))


def _text(length: float | None) -> str | None:
    return None if length is None else f"{length!r} m"


def _wave_numbers(heights: Array, spacing: float) -> Array:
    """Return 1/λ [1/m] of each entry of the Fourier transform of `heights`."""
    axes = [np.fft.fftfreq(n, spacing) for n in heights.shape]
    return np.sqrt(sum(k**2 for k in np.meshgrid(*axes, indexing="ij")))


# --- mesh -------------------------------------------------------------------------------------------------


def make_box(options: Options, lateral: str) -> Box:
    """Return the geometry of the blocks, with the nodes of the interface on the grid of the surface."""
    size = 1 / options.elements
    layers = min(LAYERS[options.order], options.elements // 2)
    height = layers * size / 2
    below = f"(Fabs({'y' if options.dimension == 2 else 'z'}) - {height})"
    depth = options.depth * options.length
    return Box(
        options.dimension,
        options.length,
        depth,
        depth,
        [f"{size} + {GROWTH[options.order] / 2} * ({below} + Fabs({below}))"],
        core=(options.length, height * options.length),
        core_elements=options.elements,
        core_layers=layers,
        periodic=lateral == "periodic",
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
