"""A bar is pulled: by a constant stress, under which it creeps by a power law, and at constant rates, by Anand's law.

Anand's solid flows at first under the stress that goes with its initial resistance, found by continuing the curve back
to where flow begins, and in the end under that of the saturated one, to which the last part of the way is long where
the hardening exponent is above 1. Strains are small ones, that add up to whatever the way takes. A body of revolution
about its height, or in 3D a quarter of a square bar.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import gmsh
import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from pydantic import Field, model_validator

from interstice.benchmarks import closed_form
from interstice.benchmarks.options import Dimension
from interstice.benchmarks.report import Cost, Result, peak_memory
from interstice.benchmarks.solid import TOUCH, CreepParameters, Solid
from interstice.meshes.tagged import TaggedMesh, from_gmsh
from interstice.solver.bodies.solids.anand import Anand
from interstice.solver.bodies.solids.creep import PowerLaw
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain

Array = npt.NDArray[np.float64]

NAME = "creep"
RATES = 2e-5, 1e-4, 1e-3, 2e-2
"""Rates of Anand's law at which lithium was tested [1/s]."""
START = 6
"""Steps in which all further strain becomes flow."""
FLOWING = 6.0
"""Strain over that of the elastic limit at which all further strain is flow."""
SATURATED = 5e-4
"""Distance of the resistance from saturation, over it, at which a test ends."""
LARGEST_HARDENING = 0.01
"""Hardening modulus over Young's modulus beyond which no initial stress can be told from the curve."""
CREPT = 0.01
"""Strain of creep under a constant stress."""
FACES = "axis", "front"
"""Faces at which the bar is cut by its symmetries, in the order of the axes across them."""
ELEMENT = 0.5
"""Size of elements over that of the bar: strains are uniform."""
SIZE = 1e-6
"""Radius, height and width of the bar [m]; nothing depends on it."""


class Options(CreepParameters):
    """Both solids and the tests."""

    dimension: Dimension = 2
    """2: a body of revolution; 3: a square bar"""
    temperature: float = Field(298.0, gt=0)
    """temperature [K]"""
    stress: float = Field(0.6e6, gt=0)
    """constant stress of the power law [Pa]"""
    reference_temperature: float = Field(298.15, gt=0)
    """temperature at which its rate is given [K]"""
    activation_energy: float = Field(37e3, ge=0)
    """activation energy of both laws [J/mol]"""
    strain_rate: float | None = Field(None, gt=0)
    """rate at which Anand's solid is pulled [1/s], 2e-5, 1e-4, 1e-3 and 2e-2 if not given"""
    rate_factor: float = Field(4.25e4, gt=0)
    """rate factor A of Anand's law [1/s]"""
    rate_sensitivity: float = Field(0.15, gt=0, le=1)
    """m"""
    initial_resistance: float = Field(0.95e6, gt=0)
    """S_0 [Pa]"""
    saturation_resistance: float = Field(2.0e6, gt=0)
    """S* [Pa]"""
    hardening_modulus: float = Field(10e6, gt=0)
    """H_0 [Pa]"""
    hardening_exponent: float = Field(2.0, ge=1)
    """a"""
    saturation_exponent: float = Field(0.05, ge=0)
    """n"""
    steps: int = Field(10, ge=2)
    """steps per tenfold of the strain on the way to saturation"""

    @property
    def rates(self) -> tuple[float, ...]:
        """The rates at which Anand's solid is pulled [1/s]."""
        return RATES if self.strain_rate is None else (self.strain_rate,)

    @property
    def law(self) -> PowerLaw:
        """The power law."""
        return replace(
            super().law,
            activation_energy=self.activation_energy,
            reference_temperature=self.reference_temperature,
        )

    @property
    def anand(self) -> Anand:
        """Anand's law."""
        return Anand(
            self.rate_factor,
            self.activation_energy,
            self.rate_sensitivity,
            self.initial_resistance,
            self.saturation_resistance,
            self.hardening_modulus,
            self.hardening_exponent,
            self.saturation_exponent,
        )

    @model_validator(mode="after")
    def shows_both_stresses(self) -> Self:
        """Refuse a solid that hardens as steeply as it is stiff."""
        if self.hardening_modulus > LARGEST_HARDENING * self.young_modulus:
            raise ValueError(
                f"--hardening-modulus {self.hardening_modulus:g}: at most {LARGEST_HARDENING:g} of --young-modulus, "
                "or the stress at which flow begins does not show"
            )
        return self


def run(options: Options, comm: MPI.Comm) -> Result:
    """Pull the bar, and compare the rate of creep and the stresses of flow."""
    domain = Domain(_mesh(comm, options.dimension), order=2, axisymmetric=options.dimension == 2)
    creeping = _Bar(domain, options, options.law, driven=False)
    tied = _Bar(domain, options, None, driven=False).solid.step(1.0)
    warmer = closed_form.arrhenius(options.activation_energy, options.temperature, options.reference_temperature)
    creep = options.rate * (options.stress / options.reference_stress) ** options.exponent * warmer
    key = "creep rate [1/s]"
    computed, exact = {key: creeping.creep_rate(CREPT / creep)}, {key: creep}

    attempts = options.rate_factor * closed_form.arrhenius(options.activation_energy, options.temperature)
    bars = [creeping]
    for rate in options.rates:
        resistance = closed_form.anand_saturation(
            rate, options.saturation_resistance, attempts, options.saturation_exponent
        )
        first, last = (
            float(closed_form.anand_stress(rate, each, attempts, options.rate_sensitivity))
            for each in (options.initial_resistance, resistance)
        )
        yielding = FLOWING * first / options.young_modulus
        bars.append(_Bar(domain, options, options.anand, driven=True))
        stresses = bars[-1].flow_stresses(rate, _strains(options, yielding, float(resistance)))
        found = 2 * stresses[START] - stresses[2 * START], stresses[-1]
        for kind, value, expected in zip(("initial", "saturated"), found, (first, last), strict=True):
            computed[f"{kind} at {rate:g} 1/s [Pa]"], exact[f"{kind} at {rate:g} 1/s [Pa]"] = value, expected

    def error(kind: str) -> float:
        return max(abs(computed[key] / exact[key] - 1) for key in exact if key.startswith(kind))

    return Result(
        NAME,
        options.model_dump(),
        computed,
        exact,
        {"power_law": error("creep"), "anand_initial": error("initial"), "anand_saturated": error("saturated")},
        Cost(
            creeping.solid.system.unknowns,
            sum(bar.solid.newton for bar in bars),
            sum(bar.solid.linear for bar in bars),
            peak_memory(comm),
            float(np.mean([seconds for bar in bars for seconds in bar.seconds])),
            tied,
        ),
    )


def _strains(options: Options, yielding: float, resistance: float) -> Array:
    """Return the strains of a test: equal steps to `yielding` and twice that, and growing ones to saturation."""
    left = resistance * (1 - np.sign(resistance - options.initial_resistance) * SATURATED)
    way = 0.0
    if abs(options.initial_resistance / resistance - 1) > SATURATED:
        way = closed_form.anand_strain(
            left, options.initial_resistance, resistance, options.hardening_modulus, options.hardening_exponent
        )
    steps = np.arange(2 * START + 1) * yielding / START
    end = steps[-1] + way
    count = int(np.ceil(options.steps * np.log10(end / steps[-1])))
    return np.concatenate([steps, np.geomspace(steps[-1], end, count + 1)[1:]])


def _mesh(comm: MPI.Comm, dimension: int) -> TaggedMesh:
    """Return the mesh of a rod of revolution or of a quarter of a square bar, from height 0 on, in few elements."""

    def draw() -> None:
        if dimension == 2:
            gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
        else:
            gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(dimension, [1], name="bar")
        names = {**dict(zip(FACES[: dimension - 1], range(dimension - 1), strict=True)), "foot": dimension - 1}
        for _, tag in gmsh.model.getEntities(dimension - 1):
            low, high = np.reshape(gmsh.model.getBoundingBox(dimension - 1, tag), (2, 3))
            here = [name for name, axis in names.items() if high[axis] < 0.5]
            if low[dimension - 1] > 0.5:
                here = ["top"]
            gmsh.model.addPhysicalGroup(dimension - 1, [tag], name=here[0] if here else f"free {tag}")
        gmsh.option.setNumber("Mesh.MeshSizeMin", ELEMENT)
        gmsh.option.setNumber("Mesh.MeshSizeMax", ELEMENT)
        gmsh.model.mesh.generate(dimension)

    return from_gmsh(comm, draw, unit=SIZE)


class _Bar:
    """A bar of a law, held at its symmetries: under a constant stress, or with a top that is `driven`."""

    def __init__(self, domain: Domain, options: Options, law: Law | None, driven: bool) -> None:
        axisymmetric = options.dimension == 2
        magnitude = options.stress * SIZE**2
        self.solid = Solid(domain, options.moduli, magnitude, law, options.temperature, axisymmetric)
        self._height = options.dimension - 1
        for axis, face in enumerate(FACES[: self._height]):
            self.solid.hold(face, axis)
        self.solid.hold("foot", self._height)
        if driven:
            self._top = self.solid.hold("top", self._height)
        else:
            self.solid.press(domain.constant(-options.stress), "top")
        self.solid.make_system()
        self.seconds: list[float] = []

    def creep_rate(self, time: float) -> float:
        """Return the rate of the strain in the second half of a `time` [s] under the constant stress."""
        strains = []
        for _ in range(2):
            self.seconds.append(self.solid.step(time / 2))
            strains.append(self.solid.mean(self.solid.u[self._height], "top") / SIZE)
        return (strains[1] - strains[0]) / (time / 2)

    def flow_stresses(self, rate: float, strains: Array) -> list[float]:
        """Return the stress [Pa] at each of `strains`, the first of them 0, pulled at a constant `rate` [1/s]."""
        solid, stresses = self.solid, [0.0]
        area = solid.domain.area("top")

        def pull(strain: float) -> None:
            solid.u.x.array[self._top] = strain * SIZE

        before = TOUCH * float(strains[1])
        solid.step(before / rate, lambda: pull(before))
        for strain in map(float, strains[1:]):
            self.seconds.append(solid.step((strain - before) / rate, lambda to=strain: pull(to)))  # type: ignore[misc]
            stresses.append(solid.reaction(self._top) / area)
            before = strain
        return stresses


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
