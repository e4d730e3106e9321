"""What `dcb`, `enf` and `mmb` share: their inputs, one run along the path of equilibrium, and the two references.

A load P opens the cracked end by the share f_I of it and bends the specimen by the share f_II. The references are

 - the peak load of `cohesive_beam`, beams on the same softening foundation;
 - on the branch of growth, the load of a sharp crack of the toughness G_c(B), by beam theory with the crack lengthened
   by χ_I h and χ_II h (`benchmarks.closed_form`): a from the measured displacement or compliance, P from G(P, a) = G_c.

The branch begins where the first node of the bond is broken: from then on the process zone is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from pydantic import Field, model_validator

from interstice.benchmarks import closed_form, cohesive_beam
from interstice.benchmarks.options import Dimension, Order, Parameters
from interstice.benchmarks.report import Cost, timed
from interstice.benchmarks.specimen import Setup, Specimen
from interstice.meshes.dcb import TwoArms
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.mixity import BenzeggaghKenane, Limits
from interstice.solver.interface.process_zone import scales

Array = npt.NDArray[np.float64]

START = 0.02
"""The first load over that of a sharp crack."""
STIFFNESS = 100.0
"""Stiffness of the bond over strength²/toughness, unless given: it is elastic up to 1/200 of the opening at which it is
broken."""
GROWTH = 3.0
"""How far the crack grows over the length of the process zone, unless given."""
COARSE = {1: 8, 2: 2}
"""Elements across each arm away from the interface, by the order of displacements."""
MOST_STEPS = 5000


class FractureParameters(Parameters):
    """Arms, bond and mesh."""

    MODES: ClassVar[tuple[int, ...]] = (0, 1)
    """The modes in which the crack grows: 0 opens, 1 slides."""

    elements: int = Field(10, ge=1)
    """elements along the interface in the length of the process zone"""
    order: Order = 2
    """2 for quadratic displacements, or 1"""
    dimension: Dimension = 2
    """2, or 3"""
    plane: Literal["strain", "stress"] = "strain"
    """plane strain or stress; in 3D symmetric or free sides"""
    modulus: float = Field(20e9, gt=0)
    """Young's modulus of the arms [Pa]"""
    poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the arms"""
    thickness: float = Field(100e-6, gt=0)
    """thickness h of each arm [m]"""
    width: float = Field(100e-6, gt=0)
    """width b of the specimen [m]"""
    layers: int = Field(1, ge=1)
    """elements across the width (3D)"""
    normal_strength: float = Field(5e6, gt=0)
    """strength σ_c in tension [Pa]"""
    shear_strength: float = Field(10e6, gt=0)
    """strength τ_c in shear [Pa]"""
    normal_toughness: float = Field(1.0, gt=0)
    """toughness G_Ic [J/m²]"""
    shear_toughness: float = Field(2.0, gt=0)
    """toughness G_IIc [J/m²]"""
    mixity_exponent: float = Field(2.0, gt=0)
    """exponent η of Benzeggagh and Kenane"""
    stiffness: float | None = Field(None, gt=0)
    """elastic stiffness K_n of the bond [Pa/m]; 100 σ_c²/G_Ic if not given"""
    growth: float | None = Field(None, gt=0)
    """how far the crack is to grow [m]; three process zones if not given"""

    @property
    def plane_modulus(self) -> float:
        """E′ [Pa]."""
        return self.modulus / (1 - self.poisson**2) if self.plane == "strain" else self.modulus

    @property
    def law(self) -> Bilinear:
        """The bond, with the stiffnesses at which what it dissipates lies between the toughnesses."""
        limits = Limits(
            self.normal_strength,
            self.shear_strength,
            self.normal_toughness,
            self.shear_toughness,
            BenzeggaghKenane(self.mixity_exponent),
        )
        stiffness = self.stiffness or STIFFNESS * self.normal_strength**2 / self.normal_toughness
        return Bilinear(limits, stiffness, limits.stiffness_ratio * stiffness)

    @property
    def zone(self) -> float:
        """The length of the process zone [m], the shorter one of the modes of the specimen."""
        lengths = scales(self.law.limits, self.plane_modulus / 2, self.thickness)
        return float(min(lengths[mode] for mode in self.MODES))

    @property
    def strength(self) -> float:
        """The lower strength [Pa] of the modes of the specimen."""
        return min((self.normal_strength, self.shear_strength)[mode] for mode in self.MODES)

    @property
    def opening(self) -> float:
        """The smaller opening [m] at which the bond is broken in the modes of the specimen."""
        toughnesses, strengths = (
            (self.normal_toughness, self.shear_toughness),
            (self.normal_strength, self.shear_strength),
        )
        return min(2 * toughnesses[mode] / strengths[mode] for mode in self.MODES)

    @property
    def room(self) -> float:
        """How far the crack can grow until its process zone meets a load [m]."""
        return np.inf

    @property
    def grown(self) -> float:
        """How far the crack is to grow [m]."""
        return self.growth or min(GROWTH * self.zone, self.room)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.room < self.element_size or self.room < self.grown:
            raise ValueError(
                "the crack would grow under the load in the middle: lower --crack or --growth, or raise --half-span"
            )
        least = self.normal_strength**2 / self.normal_toughness
        if self.stiffness is not None and self.stiffness <= least:
            raise ValueError(f"--stiffness {self.stiffness:g}: must be above strength²/toughness, {least:g} Pa/m")
        return self

    @property
    def element_size(self) -> float:
        """Element size along the interface [m]."""
        return min(self.zone / self.elements, self.thickness / 2)


@dataclass(frozen=True)
class Loading:
    """One specimen under its load: lengths in metres, forces per width for a load of 1, the shares f_I and f_II."""

    crack: float
    length: float
    forces: Mapping[str, float]
    opening: float
    bending: float


@dataclass(frozen=True)
class Outcome:
    """What one run found, under names that `Result` knows."""

    computed: dict[str, float]
    exact: dict[str, float]
    errors: dict[str, float]
    cost: Cost


class SharpCrack:
    """Beam theory of a sharp crack of the toughness of the bond; loads per width."""

    def __init__(self, options: FractureParameters, loading: Loading) -> None:
        self.options, self.loading = options, loading
        self.cracks = np.linspace(0.5 * loading.crack, loading.crack + 3 * options.grown, 20001).astype(np.float64)

    def mixity(self, crack: Array) -> Array:
        """Return B = G_II/(G_I + G_II) for the crack lengths [m]."""
        first, second = self._rates(crack)
        return second / (first + second)

    def load(self, crack: Array) -> Array:
        """Return the load [N/m] at which a crack of each length [m] grows."""
        first, second = self._rates(crack)
        return np.sqrt(self.options.law.limits.toughness(second / (first + second)) / (first + second))

    def compliance(self, crack: Array) -> Array:
        """Return displacement over load [m²/N]."""
        options, loading = self.options, self.loading
        shear_modulus = options.modulus / (2 * (1 + options.poisson))
        arms = (options.thickness, options.plane_modulus)
        opening = closed_form.dcb_compliance(crack, *arms)
        bending = closed_form.enf_compliance(crack, loading.length / 2, *arms, shear_modulus)
        return np.asarray(loading.opening**2 * opening + loading.bending**2 * bending)

    def load_at_compliance(self, compliance: Array) -> Array:
        """Return the load [N/m] of a growing crack by the compliance [m²/N] of the specimen."""
        return self.load(np.interp(compliance, self.compliance(self.cracks), self.cracks))

    def load_at_displacement(self, displacement: Array) -> Array:
        """Return the load [N/m] of a growing crack by the displacement [m], which must grow with the crack."""
        displacements = self.compliance(self.cracks) * self.load(self.cracks)
        return self.load(np.interp(displacement, displacements, self.cracks))

    def _rates(self, crack: Array) -> tuple[Array, Array]:
        """Return G_I and G_II [J/m²] under a load of 1 N/m."""
        arms = (self.options.thickness, self.options.plane_modulus)
        return (
            np.asarray(closed_form.dcb_release_rate(self.loading.opening, crack, *arms)),
            np.asarray(closed_form.enf_release_rate(self.loading.bending, crack, *arms)),
        )


def follow(options: FractureParameters, loading: Loading, comm: MPI.Comm) -> tuple[Specimen, float]:
    """Follow the specimen until its crack has grown as far as it is to; return it and the seconds that took."""
    specimen = Specimen(setup(options, loading), comm)
    load = START * float(SharpCrack(options, loading).load(np.array(loading.crack)))
    width = options.width if options.dimension == 3 else 1.0

    def grow() -> None:
        specimen.start(load)
        while specimen.cracks[-1].broken < options.grown * width * (1 - 1e-9):
            specimen.advance()
            if len(specimen.loads) > MOST_STEPS:
                raise RuntimeError(f"the crack did not grow by {options.grown:g} m in {MOST_STEPS} steps")

    _, seconds = timed(comm, grow)
    return specimen, seconds


def judge(options: FractureParameters, loading: Loading, specimen: Specimen, seconds: float) -> Outcome:
    """Compare the path of `specimen` with both references."""
    sharp = SharpCrack(options, loading)
    width, loads, displacements = options.width, np.array(specimen.loads), np.array(specimen.displacements)
    grows = np.array([crack.broken > 0.0 for crack in specimen.cracks])
    if loading.bending:
        expected = sharp.load_at_compliance(displacements[grows] / loads[grows])
    else:
        expected = sharp.load_at_displacement(displacements[grows])
    reference = max(_reference(options, loading).load)
    peak, last = loads.max(), specimen.cracks[-1]
    first, second = last.release_rates
    crack = np.array(loading.crack)
    mixity = float(sharp.mixity(crack + options.grown))
    toughness = float(options.law.limits.toughness(mixity))
    computed = {
        "peak_load [N]": peak * width,
        "sharp_crack_peak_load [N]": float(sharp.load(crack)) * width,
        "load_at_the_end [N]": loads[-1] * width,
        "release_rate [J/m^2]": first + second,
        "mixity": last.mixity,
        "process_zone [m]": last.zone,
        "elements_in_process_zone": last.zone / options.element_size,
        "element_size [m]": options.element_size,
        "steps": len(loads) - 1,
    }
    exact = {
        "peak_load [N]": reference * width,
        "load_at_the_end [N]": expected[-1] * width,
        "release_rate [J/m^2]": toughness,
        "mixity": mixity,
    }
    errors = {
        "peak_load": abs(peak / reference - 1),
        "branch": float(np.abs(loads[grows] / expected - 1).max()),
        "release_rate": abs((first + second) / toughness - 1),
        "ledger": specimen.ledger.closing_error,
    }
    return Outcome(computed, exact, errors, specimen.cost(seconds))


def setup(options: FractureParameters, loading: Loading) -> Setup:
    """Return the specimen of these options under `loading`."""
    h, size = options.thickness, options.element_size
    solid = options.dimension == 3
    end = min(loading.crack + options.grown + 2 * options.zone, loading.length)
    arms = TwoArms(
        loading.length,
        h,
        (max(loading.crack - min(h, 2 * options.zone), 0.0), end),
        size,
        h / COARSE[options.order],
        options.width if solid else None,
        options.layers,
    )
    E, nu = options.modulus, options.poisson
    if options.plane == "stress" and not solid:
        # the constants with which plane strain is plane stress
        E, nu = E * (1 + 2 * nu) / (1 + nu) ** 2, nu / (1 + nu)
    return Setup(
        arms,
        loading.crack,
        E,
        nu,
        options.law,
        options.strength,
        options.opening,
        options.order,
        loading.forces,
        supports=loading.bending != 0.0,
        free_sides=options.plane == "stress",
    )


def _reference(options: FractureParameters, loading: Loading) -> cohesive_beam.Path:
    law = options.law
    bond = cohesive_beam.Bond(
        options.normal_strength,
        options.shear_strength,
        options.normal_toughness,
        options.shear_toughness,
        options.mixity_exponent,
        *law.stiffnesses,
    )
    beams = cohesive_beam.Specimen(
        loading.length, options.thickness, options.plane_modulus, loading.crack, loading.opening, loading.bending
    )
    return cohesive_beam.follow(beams, bond, options.zone + options.thickness / 2)
