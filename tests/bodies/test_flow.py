"""Sides that flow: bars against closed forms in all dimensions, the tangent, the ledger, several ranks.

Run as a program, this file prints what a block of two solids that flow does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import ufl
from builders import FIXED_PRESSURE, LENGTH, SIDES, film_mesh, tiny_cell, tiny_run
from dolfinx import fem

from interstice.benchmarks.pair import Force
from interstice.solver import algebra
from interstice.solver.bodies import inelastic
from interstice.solver.bodies.body import Body
from interstice.solver.bodies.flow import Extrapolation, Flow
from interstice.solver.bodies.solids.anand import Anand
from interstice.solver.bodies.solids.creep import PowerLaw
from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain
from interstice.solver.ledger import Ledger
from interstice.solver.part import Load, Part, equations, update
from interstice.solver.physics import mechanics
from interstice.solver.rates import Rates
from interstice.solver.site import Site
from interstice.solver.state import State

PRESSED = """\
title: lithium that creeps into valleys
geometry:
  builder: film
  length: 4 um
  electrode_thickness: 2 um
  electrolyte_thickness: 1 um
electrode: {kind: metal, material: lithium}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 5 mA/cm^2}}
stack: {hold: constant_pressure, pressure: 1.5 MPa}
protocol: [rest for 1 s]
time: {initial: 0.1 s}
"""
YOUNG, POISSON = 7.8e9, 0.38
CREEP = PowerLaw(7.7e-3, 1e6, 6.56, 37e3)
LITHIUM = Anand(4.25e4, 37e3, 0.15, 0.95e6, 2.0e6, 10e6, 2.0, 0.05)
METAL = Plasticity(0.6e6, 50e6)
ROOM = 298.15


class Bar:
    """A bar of two solids, one above the other, each of height L, bonded and free at the side; None is elastic.

    What is on its end: a `stress` [Pa], positive in tension, or where `held`, the displacement `stretch` sets. That of
    a `punched` one is on half of its end, which is soft.
    """

    def __init__(
        self,
        shape: str,
        laws: Sequence[Law | None],
        held: bool = False,
        elements: int = 2,
        lateral: str = "free",
        punched: bool = False,
        kinematics: str = "small_strain",
    ) -> None:
        dimension, order = (3, 1) if shape == "3D" else (2, 1 if shape == "axisymmetric" else 2)
        axisymmetric = shape == "axisymmetric"
        self.domain = domain = Domain(film_mesh(dimension, elements), order, axisymmetric, bonded=[SIDES])
        self.state, self.vertical = State(), dimension - 1
        self.rates = Rates(domain, self.state)
        body = domain.bodies[SIDES[0]]
        self.u = self.state.function(fem.Function(body.space(order, (dimension,)), name="u"))
        kind = mechanics.law(kinematics, axisymmetric)
        self.sites = [
            Site(domain.sides[name], self.u, kind.constant(domain.mesh, YOUNG, POISSON), self.state.scope(name))
            for name in SIDES
        ]
        self.parts: list[Part] = []
        for site, law in zip(self.sites, laws, strict=True):
            if law:
                self.parts.append(Flow(domain, self.rates, site, law, 1e-4))
        self.flows = list(self.parts)
        self.parts.insert(0, Extrapolation([self.u], lambda u: self.constraints.unmoved(u), self.state.scope("motion")))
        self.stress = domain.constant(0.0)
        where = ufl.conditional(ufl.lt(ufl.SpatialCoordinate(domain.mesh)[0], LENGTH / 2), 1.0, 0.0) if punched else 1.0
        self.parts += [
            Body(
                domain,
                self.sites,
                1e6 * LENGTH ** (2 if axisymmetric else self.vertical),
                self._reactions,
                lambda: self.constraints.held(self.u),
            ),
            Force(domain, self.u, lambda v: -self.stress * where * v[self.vertical] * domain.ds("collector")),
        ]
        space = self.u.function_space
        self.constraints = algebra.lateral(domain, [self.u], lateral)
        for face, axis in (("left", 0), ("front", 1), ("counter", self.vertical)):
            if face in domain.boundaries:
                self.constraints.fixed.append((self.u, domain.dofs(space, face, [axis])))
        self.end = domain.dofs(space, "collector", [self.vertical])
        if not punched:
            (self.constraints.fixed if held else self.constraints.tied).append((self.u, self.end))
        self.system = algebra.System(domain, equations(self.parts)["mechanics"], self.constraints, algebra.DIRECT)
        self.ledger = Ledger(work for part in self.parts for work in part.works())

    def _reactions(self) -> np.ndarray:
        return self.system.residual_of(self.u)

    def advance(self, time_step: float) -> algebra.Report:
        """Make a step of time [s]."""
        self.rates.begin(time_step)
        for part in self.parts:
            part.begin(time_step, Load())
        self.system.forget()
        report = self.system.solve(partial(update, self.parts))
        for part in self.parts:
            part.commit()
        self.rates.commit()
        self.ledger.book()
        return report

    def stretch(self, strain: float) -> None:
        """Set the displacement of the end of the bar, of which the height is 2 L."""
        self.u.x.array[self.end] = strain * 2 * LENGTH

    @property
    def strain(self) -> float:
        """The displacement of the end over the height of the bar."""
        here = self.u.x.array[self.end]
        largest = self.domain.mesh.comm.allgather(float(here[0]) if here.size else 0.0)
        return float(max(largest, key=abs)) / (2 * LENGTH)

    @property
    def pull(self) -> float:
        """The mean stress on the end [Pa], by the reactions."""
        residual = self._reactions()
        mine = float(residual[self.end[self.end < len(residual)]].sum())
        return self.domain.mesh.comm.allreduce(mine) / self.domain.area("collector") + float(self.stress.value)


# --- closed forms ----------------------------------------------------------------------------------


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("shape", ["3D", "axisymmetric"])
def test_a_bar_under_constant_stress_creeps_at_the_rate_of_the_law(shape: str) -> None:
    bar = Bar(shape, [CREEP, CREEP])
    bar.stress.value = 0.8e6
    for step in (1.0, 2.0, 40.0, 400.0):
        bar.advance(step)
    rate = 7.7e-3 * 0.8**6.56
    assert bar.strain == pytest.approx(0.8e6 / YOUNG + 443.0 * rate, rel=1e-10)
    for flow in bar.flows:
        np.testing.assert_allclose(flow.equivalent.x.array, 443.0 * rate, rtol=1e-9)
        np.testing.assert_allclose(flow.rate.x.array, rate, rtol=1e-9)


def test_a_bar_in_plane_strain_creeps_with_its_thickness_held() -> None:
    """Fully developed: s_zz = 0, so that q = (√3/2) σ and ε̇ = (√3/2) A q^n."""
    bar = Bar("plane strain", [CREEP, CREEP])
    bar.stress.value = 0.8e6
    for step in (1.0, 10.0, 100.0, 100.0):
        bar.advance(step)
    before = bar.strain
    bar.advance(100.0)
    exact = np.sqrt(0.75) * 7.7e-3 * (0.8 * np.sqrt(0.75)) ** 6.56
    assert (bar.strain - before) / 100.0 == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("shape", ["3D", "axisymmetric"])
def test_a_bar_yields_and_hardens(shape: str) -> None:
    """ε = σ/E + (σ − σ_y)/H beyond σ_y, in no time; unloaded, what flowed stays."""
    bar = Bar(shape, [METAL, METAL])
    for stress, exact in ((0.5e6, 0.0), (0.9e6, 6e-3), (1.2e6, 1.2e-2), (-1.1e6, 1.2e-2)):
        bar.stress.value = stress
        bar.advance(1.0)
        assert bar.strain == pytest.approx(stress / YOUNG + exact, rel=1e-9)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("shape", ["3D", "plane strain", "axisymmetric"])
def test_each_solid_of_a_body_flows_by_its_own_law(shape: str) -> None:
    """In series and held sideways: the one that yields bears σ = K ε − (2/3) σ_y, the elastic one (K + 4μ/3) ε."""
    bar = Bar(shape, [Plasticity(METAL.yield_strength), None], lateral="symmetric")
    bar.stress.value = -10e6
    bar.advance(1.0)
    bulk, shear = YOUNG / (3 * (1 - 2 * POISSON)), YOUNG / (2 * (1 + POISSON))
    exact = (-10e6 + 2 / 3 * METAL.yield_strength) / bulk, -10e6 / (bulk + 4 * shear / 3)
    assert bar.strain == pytest.approx(sum(exact) / 2, rel=1e-9)


@pytest.mark.parametrize(
    "rate, first, last", [(2e-5, 0.356, 0.540), (1e-4, 0.453, 0.746), (1e-3, 0.640, 1.182), (2e-2, 1.003, 2.151)]
)
def test_lithium_flows_as_published(rate: float, first: float, last: float) -> None:
    """Initial and saturated stress at 298 K (Narayan and Anand 2018, of their numbers)."""
    bar = Bar("axisymmetric", [LITHIUM, LITHIUM], held=True)
    for site in bar.sites:
        site.temperature = 298.0
    stresses, strain = [], 0.0
    for step in (*[2e-5] * 40, *np.geomspace(1e-4, 1e4, 40)):
        strain += step
        bar.stretch(strain)
        bar.advance(step / rate)
        stresses.append(bar.pull / 1e6)
    # the resistance has grown by 10 MPa times the little that has flowed
    assert stresses[20] == pytest.approx(first, rel=0.01)
    assert stresses[-1] == pytest.approx(last, rel=5e-3)


# --- Newton's method -------------------------------------------------------------------------------


def punched(law: Law) -> Bar:
    return Bar("plane strain", [law, law], elements=8, lateral="symmetric", punched=True)


@pytest.mark.parametrize("law", [CREEP, LITHIUM], ids=["creep", "anand"])
def test_a_step_of_steady_flow_takes_few_iterations_however_long(law: Law) -> None:
    """Elastic strains are a thousandth of the flow, the rate goes with the power 6.6 of the stress."""
    bar = punched(law)
    bar.stress.value = -3e6
    taken = [bar.advance(step).newton for step in np.geomspace(1e-3, 100.0, 18)]
    assert bar.flows[0].equivalent.x.array.max(initial=1.0) > 0.1
    assert max(taken) <= 8 and np.mean(taken[2:]) <= 5


@pytest.mark.parametrize("factor", [0.0, 0.5, 5.0, -1.0])
@pytest.mark.parametrize("law", [CREEP, LITHIUM], ids=["creep", "anand"])
def test_loads_and_steps_that_jump_by_decades_are_followed(law: Law, factor: float) -> None:
    bar = punched(law)
    bar.stress.value = -3e6
    for step in (1e-3, 1.0, 100.0, 100.0):
        bar.advance(step)
    bar.stress.value *= factor
    assert bar.advance(100.0).newton <= 20
    assert bar.ledger.closing_error < 1e-8


def test_the_tangent_touches_the_law_at_a_stress_that_is_expected() -> None:
    bar = Bar("plane strain", [CREEP, None])
    (flow,) = bar.flows
    bar.rates.begin(10.0)
    expected = np.geomspace(1e4, 3e6, len(flow.equivalent.x.array))
    for chosen in (expected > 1e5, expected > 0.0):
        trial = flow._leading_to(expected[chosen], 298.15, chosen)
        np.testing.assert_allclose(flow._relaxed(trial, 298.15, chosen).stress, expected[chosen], rtol=1e-9)


@pytest.mark.parametrize("law", [CREEP, LITHIUM, METAL], ids=["creep", "anand", "plastic"])
def test_how_far_stresses_are_from_their_law_is_told_until_they_obey_it(law: Law) -> None:
    """Of what a displacement leads to, and, asked again, of nothing new."""
    bar = Bar("plane strain", [law, None], held=True)
    (flow,) = bar.flows
    bar.rates.begin(10.0)
    for part in bar.parts:
        part.begin(10.0, Load())
    x = bar.u.function_space.tabulate_dof_coordinates()[:, 1]
    bar.u.x.array[1::2] = 1e-3 * (x + LENGTH)
    assert flow.update().drift > 0.5
    assert flow.update().drift == 0.0


# --- the length of time steps ----------------------------------------------------------------------


def test_a_step_is_judged_by_what_the_rate_at_its_start_would_have_added() -> None:
    """Under a constant stress creep has its rate at once: what is wrong about a step is the jump of the rate."""
    bar = Bar("axisymmetric", [CREEP, CREEP])
    slow, fast = (7.7e-3 * stress**6.56 for stress in (0.5, 0.7))
    excess = (fast - slow) * 20.0 / (1e-4 + 0.05 * fast * 20.0)
    assert excess > 10.0
    for stress, expected in ((0.5e6, 0.0), (0.7e6, excess)):
        bar.stress.value = stress
        bar.advance(20.0)
        limits = [flow.limit() for flow in bar.flows]
        assert [limit.excess for limit in limits] == pytest.approx([expected] * 2, rel=1e-6)
    # the error goes with the square of the step
    assert limits[0].longer ** 2 * excess == pytest.approx(0.81, rel=1e-6)
    # where a load jumps with a step of the protocol, the rate before it says nothing
    bar.stress.value = 0.5e6
    bar.flows[0].begin_protocol_step()
    bar.advance(20.0)
    assert bar.flows[0].limit().excess == 0.0 < bar.flows[1].limit().excess


def test_no_step_is_too_long_for_what_yields_in_no_time() -> None:
    bar = Bar("axisymmetric", [METAL, METAL])
    for stress in (0.5e6, 0.7e6):
        bar.stress.value = stress
        bar.advance(20.0)
    assert bar.flows[0].rate.x.array.min(initial=1.0) > 1e-5
    assert bar.flows[0].limit().excess == 0.0


def test_a_step_begins_where_the_motion_before_it_leads_unless_the_load_jumps() -> None:
    bar = Bar("axisymmetric", [CREEP, CREEP])
    bar.stress.value = 0.8e6
    for step in (10.0, 10.0):
        bar.advance(step)
    motion, start = bar.parts[0], bar.u.x.array.copy()
    motion.begin(20.0, Load())
    led = bar.u.x.array.copy()
    bar.u.x.array[:] = start
    snapshot = bar.state.save()
    bar.advance(20.0)
    moved = np.abs(bar.u.x.array - start).max(initial=0.0)
    np.testing.assert_allclose(led, bar.u.x.array, rtol=0, atol=1e-8 * moved)
    bar.state.restore(snapshot)
    motion.begin_protocol_step()
    motion.begin(20.0, Load())
    np.testing.assert_array_equal(bar.u.x.array, start)


# --- the tangent, the ledger -----------------------------------------------------------------------


@pytest.mark.parametrize("law", [CREEP, LITHIUM, METAL], ids=["creep", "anand", "plastic"])
@pytest.mark.parametrize("shape", ["3D", "plane strain", "axisymmetric"])
def test_the_tangent_is_that_of_the_stress(shape: str, law: Law) -> None:
    """A step along any direction changes the forces by the tangent times the step, to second order."""
    errors = tangent_errors(Bar(shape, [law, law]))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def tangent_errors(bar: Bar) -> list[float]:
    """Return what the tangent leaves of the change of the forces along a step, and along half of it."""
    noise = np.random.default_rng(1 + bar.domain.mesh.comm.rank).standard_normal(len(bar.u.x.array))
    bar.u.x.array[:] = 1e-2 * LENGTH * noise
    bar.u.x.scatter_forward()
    bar.rates.begin(10.0)
    for part in bar.parts:
        part.begin(10.0, Load())
    update(bar.parts)
    start, errors = bar.u.x.array.copy(), []
    residual = bar.system.residual_of(bar.u)
    direction = 1e-2 * LENGTH * np.roll(noise, 1)
    tangent = bar.system._parts[-1]
    tangent.assemble()
    for size in (1e-3, 5e-4):
        bar.u.x.array[:] = start + size * direction
        bar.u.x.scatter_forward()
        step = tangent.matrix.createVecRight()
        step.array[:] = (bar.u.x.array - start)[: len(residual)]
        linear = residual + (tangent.matrix @ step).array
        update(bar.parts)
        missed = bar.system.residual_of(bar.u) - linear
        errors.append(np.sqrt(bar.domain.mesh.comm.allreduce(float(missed @ missed))))
    return errors


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("law", [CREEP, LITHIUM, METAL], ids=["creep", "anand", "plastic"])
@pytest.mark.parametrize("shape", ["3D", "plane strain", "axisymmetric"])
def test_the_work_on_a_bar_is_what_it_stores_and_dissipates(shape: str, law: Law) -> None:
    bar = Bar(shape, [law, None])
    for stress, step in ((0.8e6, 1.0), (1.0e6, 100.0), (-0.9e6, 10.0), (0.1e6, 100.0)):
        bar.stress.value = stress
        bar.advance(step)
        energies = bar.ledger.energies
        assert energies[law.account] > 0.0
        missing = energies["external"] - energies["elastic"] - energies[law.account]
        assert abs(missing) < 1e-8 * abs(energies["external"])


# --- in a cell -------------------------------------------------------------------------------------


def test_all_who_ask_for_stress_see_what_flow_left_of_it() -> None:
    """A flat electrolyte under a pressure that makes it yield: its von Mises stress is its strength, and is shown."""
    soft = f"electrolyte={{material: {Path(__file__).parents[1] / 'soft_electrolyte.yaml'}, solid: plastic}}"
    cell = tiny_cell(soft, FIXED_PRESSURE, "geometry.roughness={kind: flat}", "stack.pressure=90 MPa")
    cell.press()
    sides = [one for part in cell.parts for one in part.shown() if one.kind == "cell"]
    found = {one.name: np.array(one.read()) for one in sides if getattr(one.place, "name", "") == "electrolyte"}
    flowed = found["equivalent inelastic strain [1]"]
    assert flowed.min() > 1e-4
    np.testing.assert_allclose(found["von Mises stress [Pa]"], 25e6 + 100e6 * flowed, rtol=1e-9)
    stress = found["stress [Pa]"].reshape(-1, 6)
    np.testing.assert_allclose(stress[:, 1], -90e6, rtol=1e-9)
    np.testing.assert_allclose(stress[:, 0] - stress[:, 1], found["von Mises stress [Pa]"], rtol=1e-9)
    np.testing.assert_allclose(found["hydrostatic stress [Pa]"], stress[:, :3].mean(axis=1), rtol=1e-9)


def test_lithium_flows_into_the_valleys_of_a_wave_in_3d_as_it_does_in_2d(tmp_path: Path) -> None:
    """Of linear displacements, which lock, more than four times as much of the gap is left."""
    heights = 25.0 * (1 + np.cos(2 * np.pi * (np.arange(64) + 0.5) / 64))
    np.savetxt(tmp_path / "wave.txt", np.tile(heights, (64, 1)))
    roughness = (
        f"{{kind: measured, file: {tmp_path / 'wave.txt'}, size: 4 um, unit: um, height_unit: nm, detrend: none}}"
    )

    def gap(dimension: int, size: str, order: int) -> float:
        run = tiny_run(
            f"geometry.dimension={dimension}",
            f"geometry.element_size={size}",
            f"geometry.roughness={roughness}",
            f"element_order={order}",
            text=PRESSED,
        )
        return float(run.column("mean gap [m]")[-1])

    plane = gap(2, "250 nm", 2)
    assert gap(3, "1 um", 2) == pytest.approx(plane, rel=0.2)
    assert gap(3, "1 um", 1) > 4 * plane


@pytest.mark.filterwarnings("error")
def test_a_stress_beyond_the_largest_number_is_infinite_without_a_warning() -> None:
    """As it may be on the way to a solution."""
    huge = np.full((1, 3), 1e200)
    assert inelastic.product(huge, huge).item() == np.inf
