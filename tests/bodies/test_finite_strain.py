"""Large strains: the limit of small ones, rotation, swelling without stress, flow against equations of one unknown."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from builders import LENGTH, tiny_run
from dolfinx import fem
from scipy.integrate import solve_ivp
from test_flow import CREEP, LITHIUM, METAL, POISSON, YOUNG, Bar, tangent_errors

from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.physics.mechanics import Elasticity

SILICON = (
    "electrode={material: silicon, initial_stoichiometry: 0.1, solid: plastic}",
    "kinematics=finite_strain",
    "interface={bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}",
    "geometry={builder: film, length: 1 um, electrode_thickness: 500 nm, electrolyte_thickness: 500 nm, "
    "element_size: 125 nm}",
    "stack={hold: constant_pressure, pressure: 1 MPa}",
    "protocol=[{step: discharge, current_density: 1 mA/cm^2, until: {time: 850 s}}]",
    "time={initial: 10 s, maximum: 100 s, stoichiometry_change: 0.1, tolerance: 0.01}",
)
SHEAR, BULK = YOUNG / (2 * (1 + POISSON)), YOUNG / (3 * (1 - 2 * POISSON))


def large(shape: str, law: Law | None, **wanted: bool) -> Bar:
    return Bar(shape, [law, law], kinematics="finite_strain", **wanted)


def draw(bar: Bar, stretch: float) -> None:
    """Set the length of a bar whose end is held over the one that it began with; the rest follows evenly."""
    x = bar.u.function_space.tabulate_dof_coordinates()[:, : bar.domain.dimension].copy()
    x[:, -1] += LENGTH
    along = stretch / (1 + bar.strain)
    place = x + bar.u.x.array.reshape(x.shape)
    place *= [along ** (-1 / bar.vertical)] * bar.vertical + [along]
    bar.u.x.array[:] = (place - x).ravel()
    bar.stretch(stretch - 1)


def move(bar: Bar, gradient: np.ndarray) -> None:
    """Move the body evenly."""
    size = bar.domain.dimension
    bar.u.interpolate(lambda x: gradient[:size, :size] @ x[:size])


def value(bar: Bar, expression: ufl.core.expr.Expr) -> float:
    """Return the mean of an expression over the upper side."""
    site = bar.sites[0]
    form = bar.domain.form(expression * bar.domain.dx(site.side, 2))
    return bar.domain.integrate(form) / bar.domain.volume(site.side)


@pytest.mark.parametrize("shape", ["3D", "plane strain"])
def test_small_strains_are_those_of_hooke(shape: str) -> None:
    bar = large(shape, None)
    gradient = 1e-5 * np.array([[1.0, 0.5, 0.2], [0.3, -0.7, 0.1], [0.4, 0.6, 2.0]])
    move(bar, gradient)
    swelling = bar.domain.constant(3e-6)
    small = Elasticity(*(fem.Constant(bar.domain.mesh, number) for number in (YOUNG, POISSON)))
    law = bar.sites[0].law
    for i, j in ((0, 0), (0, 1), (1, 1), (2, 2)):
        exact = value(bar, small.true_stress(bar.u, swelling)[i, j])
        assert value(bar, law.true_stress(bar.u, swelling)[i, j]) == pytest.approx(exact, rel=1e-4)
    for name in ("hydrostatic_stress", "von_mises_stress", "elastic_energy"):
        exact = value(bar, getattr(small, name)(bar.u, swelling))
        assert value(bar, getattr(law, name)(bar.u, swelling)) == pytest.approx(exact, rel=1e-4), name


@pytest.mark.also_on_ranks(3)
def test_a_rotation_turns_the_stress_and_stores_nothing() -> None:
    """Also of a body that has flowed."""
    bar = large("3D", METAL, held=True)
    for strain in (0.05, 0.1):
        draw(bar, 1 + strain)
        bar.advance(1.0)
    law, c, s = bar.sites[0].law, np.cos(1.0), np.sin(1.0)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    energy, mises = value(bar, law.elastic_energy(bar.u)), value(bar, law.von_mises_stress(bar.u))
    stress = np.array([[value(bar, law.true_stress(bar.u)[i, j]) for j in range(3)] for i in range(3)])
    x, u = bar.u.function_space.tabulate_dof_coordinates(), bar.u.x.array.reshape(-1, 3)
    u[:] = (x + u) @ turn.T - x
    assert energy > 1.0
    assert value(bar, law.elastic_energy(bar.u)) == pytest.approx(energy, rel=1e-6)
    assert value(bar, law.von_mises_stress(bar.u)) == pytest.approx(mises, rel=1e-6)
    turned = np.array([[value(bar, law.true_stress(bar.u)[i, j]) for j in range(3)] for i in range(3)])
    np.testing.assert_allclose(turned, turn @ stress @ turn.T, atol=1e-6 * abs(stress).max())


def test_what_is_free_swells_threefold_without_stress() -> None:
    """Its volume grows by 300 %: J_c = 4."""
    bar = large("3D", None)
    move(bar, (4.0 ** (1 / 3) - 1) * np.eye(3))
    law, swelling = bar.sites[0].law, bar.domain.constant(1.0)
    assert value(bar, law.von_mises_stress(bar.u, swelling)) < 1e-6 * YOUNG
    assert abs(value(bar, law.hydrostatic_stress(bar.u, swelling))) < 1e-12 * YOUNG
    assert value(bar, law.elastic_energy(bar.u, swelling)) < 1e-12 * YOUNG


def test_the_stress_is_the_derivative_of_the_energy() -> None:
    """By displacement, and by swelling: what drives lithium is what it works against."""
    bar = large("3D", None)
    move(bar, 0.3 * np.eye(3))
    law, swelling, step = bar.sites[0].law, bar.domain.constant(0.2), 1e-5
    energy = bar.domain.form(law.elastic_energy(bar.u, swelling) * bar.domain.dx(bar.sites[0].side, 2))
    energies = []
    for sign in (1, -1):
        swelling.value = 0.2 + sign * step
        energies.append(bar.domain.integrate(energy))
    swelling.value = 0.2
    slope = (energies[0] - energies[1]) / (2 * step) / bar.domain.volume(bar.sites[0].side)
    stress = value(bar, law.hydrostatic_stress(bar.u, swelling))
    assert slope == pytest.approx(-3 * stress, rel=1e-7)
    gradient = np.array([[0.3, 0.1, 0.0], [0.05, -0.2, 0.1], [0.0, 0.2, 0.4]])
    move(bar, gradient)
    direction = np.array([[0.2, -0.1, 0.3], [0.1, 0.4, 0.0], [-0.2, 0.1, 0.1]])
    virtual = fem.Function(bar.u.function_space)
    virtual.interpolate(lambda x: direction @ x[:3])
    work = value(bar, ufl.inner(law.stress(bar.u, swelling), law.virtual_strain(bar.u, virtual)))
    energies = []
    for sign in (1, -1):
        move(bar, gradient + sign * step * direction)
        energies.append(bar.domain.integrate(energy))
    slope = (energies[0] - energies[1]) / (2 * step) / bar.domain.volume(bar.sites[0].side)
    assert slope == pytest.approx(work, rel=1e-7)


@pytest.mark.parametrize("shape", ["3D", "axisymmetric"])
def test_a_bar_under_a_constant_force_creeps_ever_faster(shape: str) -> None:
    """λ'/λ = A (P λ/σ_0)^n but for elastic strains; backward Euler comes to it with the step."""
    pull, time = 0.6e6, 400.0

    def rate(_: float, stretch: np.ndarray) -> np.ndarray:
        return stretch * CREEP.rate * (pull * stretch / CREEP.reference_stress) ** CREEP.exponent

    exact = float(solve_ivp(rate, (0.0, time), [1.0], rtol=1e-10, atol=1e-12).y[0, -1])
    assert exact > 1.2
    errors = []
    for steps in (40, 80):
        bar = large(shape, CREEP)
        bar.stress.value = pull
        for _ in range(steps):
            bar.advance(time / steps)
        errors.append(bar.strain + 1 - exact)
    # flow keeps the volume
    kept = bar.flows[0].inelastic.tensor
    assert value(bar, ufl.det(kept)) == pytest.approx(1.0, abs=1e-10)
    assert abs(errors[1]) < 0.03 * (exact - 1)
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.25)


def test_flow_keeps_the_volume_of_a_solid_that_is_strained_elastically_as_well() -> None:
    bar = large("3D", Plasticity(0.3 * YOUNG), held=True)
    for stretch in (1.3, 1.6):
        draw(bar, stretch)
        bar.advance(1.0)
    assert bar.flows[0].equivalent.x.array.min(initial=1.0) > 0.05
    assert value(bar, ufl.det(bar.flows[0].inelastic.tensor)) == pytest.approx(1.0, abs=1e-10)


def test_a_bar_drawn_to_twice_its_length_bears_its_yield_strength() -> None:
    """Kirchhoff's stress is σ_y + H ln λ less the elastic strain."""
    bar = large("3D", METAL, held=True)
    for stretch in np.linspace(1.05, 2.0, 20):
        draw(bar, stretch)
        bar.advance(1.0)
    flowed = bar.flows[0].equivalent.x.array
    strength = METAL.yield_strength + METAL.hardening_modulus * flowed
    np.testing.assert_allclose(flowed, np.log(2.0), rtol=0.02)
    assert bar.pull * 2.0 == pytest.approx(float(np.mean(strength)), rel=2e-2)


@pytest.mark.parametrize("law", [CREEP, LITHIUM, METAL], ids=["creep", "anand", "plastic"])
@pytest.mark.parametrize("shape", ["3D", "plane strain", "axisymmetric"])
def test_the_tangent_is_that_of_the_stress(shape: str, law: Law) -> None:
    errors = tangent_errors(large(shape, law))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)


def test_a_film_of_silicon_swells_to_its_volume_and_yields() -> None:
    """Lithiated to θ = 0.8 on a stiff electrolyte: it grows to J_c times its thickness, under its yield strength."""
    run = tiny_run(*SILICON)
    assert run.stopped == ""
    electrode = run.cell.sites["electrode"]
    assert electrode.host is not None and electrode.material is not None and electrode.material.plastic is not None
    theta = run.column("mean stoichiometry [1]")
    assert theta[-1] > 0.7
    swollen = 1 + electrode.host.material.partial_molar_volume * electrode.host.c_max * (theta - 0.1)[-1]
    grown = 1 + run.column("thickness change [m]")[-1] / 500e-9
    mises = electrode.law.von_mises_stress(electrode.u, electrode.eigenstrain)
    mean = run.cell.domain.cell_mean(electrode.side, mises, 2)
    strength = electrode.material.plastic.yield_strength
    np.testing.assert_allclose(mean.read(), strength, rtol=0.03)
    # the pressure of two thirds of it, that of a film that is held sideways, takes some of the volume back
    bulk = electrode.material.young_modulus / (3 * (1 - 2 * electrode.material.poisson_ratio))
    assert grown == pytest.approx(swollen * (1 - 2 / 3 * strength / bulk), rel=5e-3)
    assert run.column("energy balance [1]").max() < 1e-9
    plastic = run.column("energy lost to plastic flow [J]")
    missed = run.column("energy not accounted for by the time step [J]")
    assert np.abs(missed).max() < 0.05 * plastic[-1]


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("law", [CREEP, METAL], ids=["creep", "plastic"])
def test_what_the_ledger_misses_vanishes_with_the_step(law: Law) -> None:
    missed = []
    for steps in (10, 20):
        bar = large("plane strain", law, held=True)
        for stretch in np.linspace(1.0, 1.2, steps + 1)[1:]:
            draw(bar, stretch)
            bar.advance(100.0 / steps)
        energies = bar.ledger.energies
        assert energies[law.account] > 0.5 * energies["external"]
        assert bar.ledger.closing_error < 1e-8
        missed.append(abs(energies["remainder"]) / energies["external"])
    assert missed[0] < 0.02
    assert missed[1] < 0.6 * missed[0]
