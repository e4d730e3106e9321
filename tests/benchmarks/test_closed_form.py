"""Closed forms against what must hold for them: balances, limits and equations checked by numerical means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from scipy.integrate import quad

from interstice.benchmarks import closed_form

MODULUS, RADIUS = 10e9, 1e-5


@pytest.mark.parametrize("load_ratio", [0.05, 0.4, 0.9, 1.0])
def test_mean_of_westergaards_pressure_is_the_load(load_ratio: float) -> None:
    wavelength, mean = 2e-6, 3e6
    a = closed_form.westergaard_half_width(load_ratio, wavelength)
    force, _ = quad(lambda x: closed_form.westergaard_pressure(np.array(x), load_ratio, mean, wavelength), -a, a)
    assert force / wavelength == pytest.approx(mean, rel=1e-6)


def test_full_contact_of_a_wave_adds_a_wave_of_pressure() -> None:
    x = np.linspace(0, 2e-6, 41)
    pressure = closed_form.westergaard_pressure(x, 1.0, 3e6, 2e-6)
    np.testing.assert_allclose(pressure, 3e6 * (1 + np.cos(np.pi * x / 1e-6)), atol=1e-6)


def test_lightly_loaded_wave_is_a_row_of_hertz_contacts() -> None:
    """The curvature of A (1 − cos 2πx/λ) at a crest is 4π²A/λ²."""
    amplitude, wavelength, load_ratio = 1e-9, 2e-6, 1e-4
    mean = load_ratio * closed_form.westergaard_closing_pressure(MODULUS, amplitude, wavelength)
    radius = wavelength**2 / (4 * np.pi**2 * amplitude)
    a, peak = closed_form.hertz_line(mean * wavelength, radius, MODULUS)
    assert closed_form.westergaard_half_width(load_ratio, wavelength) == pytest.approx(a, rel=1e-3)
    top = closed_form.westergaard_pressure(np.zeros(1), load_ratio, mean, wavelength)
    assert top[0] == pytest.approx(peak, rel=1e-3)


def test_integral_of_hertz_pressure_is_the_force() -> None:
    a, peak = closed_form.hertz_line(100.0, RADIUS, MODULUS)
    line, _ = quad(lambda x: closed_form.hertz_pressure(np.array(x), a, peak), -a, a)
    assert line == pytest.approx(100.0, rel=1e-6)
    a, peak = closed_form.hertz_point(1e-4, RADIUS, MODULUS)
    point, _ = quad(lambda r: 2 * np.pi * r * closed_form.hertz_pressure(np.array(r), a, peak), 0, a)
    assert point == pytest.approx(1e-4, rel=1e-6)


def test_narrow_strips_recede_as_one_on_a_half_space() -> None:
    """P'/P = 1 − √(1 − (a'/a)²)."""
    for unloaded in (0.01, 0.3, 0.9):
        receded = np.sqrt(1 - (1 - unloaded) ** 2)
        assert closed_form.flattened_share(unloaded, 1e-3) == pytest.approx(1e-3 * receded, rel=1e-5)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_what_strips_lose_of_their_load_moves_all_of_what_still_touches_alike(share: float) -> None:
    """H less the pressure left, as waves of the half-space: its deflection is level over the share that stays."""
    points, unloaded = 2**14, 0.4
    left = closed_form.flattened_share(unloaded, share)
    x = (np.arange(points) + 0.5) / points - 0.5
    xi, alpha, inner = np.pi * x, np.pi * share / 2, np.pi * left / 2
    c = np.linspace(inner, alpha, 4001)[:-1] + (alpha - inner) / 8000
    # flat punches of half widths c, whose sum over all c would be H: f = −(2/π) d/dc arctan(√(sin² α − sin² c)/cos α)
    edges = np.append(c - (alpha - inner) / 8000, alpha)
    weights = -2 / np.pi * np.diff(np.arctan(np.sqrt(np.sin(alpha) ** 2 - np.sin(edges) ** 2) / np.cos(alpha)))
    lost = np.zeros(points)
    for width, weight in zip(c, weights, strict=True):
        inside = np.abs(xi) < width
        lost[inside] += weight * np.cos(xi[inside]) / np.sqrt(np.sin(width) ** 2 - np.sin(xi[inside]) ** 2)
    assert np.mean(lost) == pytest.approx(share * (1 - unloaded), rel=0.02)
    waves = np.abs(np.fft.fftfreq(points, 1 / points))
    deflection = np.fft.ifft(np.fft.fft(lost) * np.divide(1.0, waves, out=np.zeros(points), where=waves > 0)).real
    touching, apart = np.abs(xi) < 0.95 * inner, np.abs(xi) > alpha
    assert np.ptp(deflection[touching]) < 0.02 * (deflection[touching].mean() - deflection[apart].mean())


@pytest.mark.parametrize("load_ratio", [0.05, 0.5, 0.95])
def test_integral_of_the_traction_in_partial_slip_is_the_pull(load_ratio: float) -> None:
    """μP times the load ratio; at the edge of the stick zone the traction reaches μp."""
    a, peak = closed_form.hertz_line(100.0, RADIUS, MODULUS)
    c = closed_form.stick_line(load_ratio, a)
    line, _ = quad(lambda x: closed_form.partial_slip_traction(np.array(x), a, c, 0.3 * peak), -a, a, points=[-c, c])
    assert line == pytest.approx(0.3 * 100.0 * load_ratio, rel=1e-6)
    edge = closed_form.partial_slip_traction(np.array(c), a, c, 0.3 * peak)
    assert edge == pytest.approx(0.3 * closed_form.hertz_pressure(np.array(c), a, peak), rel=1e-6)
    a, peak = closed_form.hertz_point(1e-4, RADIUS, MODULUS)
    c = closed_form.stick_point(load_ratio, a)

    def ring(r: float) -> float:
        return 2 * np.pi * r * float(closed_form.partial_slip_traction(np.array(r), a, c, 0.3 * peak))

    point, _ = quad(ring, 0, a, points=[c], epsabs=0.0)
    assert point == pytest.approx(0.3e-4 * load_ratio, rel=1e-6)


@pytest.mark.parametrize("load_ratio", [0.05, 0.5, 0.95])
def test_loss_by_slip_is_twice_the_area_between_the_curve_of_pull_and_its_chord(load_ratio: float) -> None:
    """2 ∫ Q dδ − Q δ = Q δ − 2 ∫ δ dQ."""

    def loss(displacement: Callable[[float], float], limit: float) -> float:
        area, _ = quad(displacement, 0, load_ratio)
        return limit * (load_ratio * displacement(load_ratio) - 2 * area)

    line = loss(lambda x: closed_form.partial_slip_displacement_line(x, 30.0, MODULUS), 30.0)
    assert closed_form.partial_slip_loss_line(load_ratio, 30.0, MODULUS) == pytest.approx(line, rel=1e-6)
    point = loss(lambda x: closed_form.partial_slip_displacement_point(x, 3e-5, 5e-7, 2e-10), 3e-5)
    assert closed_form.partial_slip_loss_point(load_ratio, 3e-5, 5e-7, 2e-10) == pytest.approx(point, rel=1e-6)


def test_partial_slip_changes_the_compliance_as_a_smaller_punch() -> None:
    """dδ/dQ is the compliance of what still sticks: 1/(8c) C of a disc, 2/(πE*) ln(a/c) more in a line contact."""
    a, step = 5e-7, 1e-5
    for x in (0.2, 0.7):

        def slope(displacement: Callable[[float], float], limit: float, x: float = x) -> float:
            return (displacement(x + step) - displacement(x - step)) / (2 * step * limit)

        point = slope(lambda x: closed_form.partial_slip_displacement_point(x, 3e-5, a, 2e-10), 3e-5)
        assert point == pytest.approx(2e-10 / (8 * closed_form.stick_point(x, a)), rel=1e-6)
        line = slope(lambda x: closed_form.partial_slip_displacement_line(x, 30.0, MODULUS), 30.0)
        assert line == pytest.approx(2 / (np.pi * MODULUS) * np.log(a / closed_form.stick_line(x, a)), rel=1e-6)


def test_hertz_pressure_closes_the_gap_of_a_sphere() -> None:
    """At the centre ∫ p/(πE* r) dA is the approach a²/R; at r = a the surface has gone down by a²/2R."""
    a, peak = closed_form.hertz_point(1e-4, RADIUS, MODULUS)
    centre, _ = quad(lambda r: 2 * closed_form.hertz_pressure(np.array(r), a, peak) / MODULUS, 0, a)
    assert centre == pytest.approx(a**2 / RADIUS, rel=1e-6)


def test_flat_punch_is_the_slope_of_hertz() -> None:
    """Mossakovski's superposition: dF/dδ of a sphere is the stiffness of a punch of the contact's radius."""
    force, step = 1e-4, 1e-8
    approach = [closed_form.hertz_point(f, RADIUS, MODULUS)[0] ** 2 / RADIUS for f in (force - step, force + step)]
    a, _ = closed_form.hertz_point(force, RADIUS, MODULUS)
    assert 2 * step / (approach[1] - approach[0]) == pytest.approx(closed_form.punch_stiffness(MODULUS, a), rel=1e-6)


def test_point_force_is_in_equilibrium_and_carried_by_every_depth() -> None:
    """Navier's equation (1−2ν) ∇²u + ∇(∇·u) = 0 inside, by differences, and the force through a sphere of traction."""
    E, nu, force, step = 5.0, 0.3, 2.0, 1e-3
    mu, lame = E / (2 * (1 + nu)), E * nu / ((1 + nu) * (1 - 2 * nu))

    def u(point: np.ndarray) -> np.ndarray:
        return closed_form.boussinesq_displacement(point.reshape(-1, 3), force, E, nu)

    def gradients(points: np.ndarray) -> np.ndarray:
        shifts = step * np.eye(3)
        return np.stack([(u(points + shift) - u(points - shift)) / (2 * step) for shift in shifts], axis=-1)

    def stress(points: np.ndarray) -> np.ndarray:
        gradient = gradients(points)
        strain = (gradient + gradient.transpose(0, 2, 1)) / 2
        return lame * np.trace(strain, axis1=1, axis2=2)[:, None, None] * np.eye(3) + 2 * mu * strain

    point = np.array([[0.4, -0.3, -0.8]])
    shifts = 10 * step * np.eye(3)
    divergence = sum((stress(point + s) - stress(point - s))[0, :, axis] / (20 * step) for axis, s in enumerate(shifts))
    assert np.abs(divergence).max() < 1e-3 * np.abs(stress(point)).max()

    nodes, weights = np.polynomial.legendre.leggauss(40)
    height = (nodes - 1) / 2
    angle = (np.arange(40) + 0.5) * 2 * np.pi / 40
    z, phi = (grid.ravel() for grid in np.meshgrid(height, angle, indexing="ij"))
    rho = np.sqrt(1 - z**2)
    sphere = np.column_stack([rho * np.cos(phi), rho * np.sin(phi), z])
    traction = np.einsum("nij,nj->ni", stress(sphere), sphere)
    area = np.repeat(weights / 2, 40) * 2 * np.pi / 40
    np.testing.assert_allclose(area @ traction, [0.0, 0.0, force], atol=1e-3 * force)


def test_surface_beside_a_point_force_sinks_as_its_modulus_says() -> None:
    displacement = closed_form.boussinesq_displacement(np.array([[2.0, 0.0, 0.0]]), 3.0, 5.0, 0.3)
    assert displacement[0, 2] == pytest.approx(-(1 - 0.3**2) * 3.0 / (np.pi * 5.0 * 2.0))


def test_perssons_slope_is_what_his_distribution_of_pressures_leaves_of_the_area() -> None:
    """A Gaussian of width E* g'/2 about p̄ less its image about −p̄, over p > 0."""
    modulus, slope, load = 10e9, 0.02, 1e-3
    width, mean = modulus * slope / 2, load * modulus * slope
    nodes = np.linspace(0, 10 * width, 4001)
    density = np.exp(-(((nodes - mean) / width) ** 2) / 2) - np.exp(-(((nodes + mean) / width) ** 2) / 2)
    area = np.trapezoid(density, nodes) / (np.sqrt(2 * np.pi) * width)
    assert area / load == pytest.approx(closed_form.PERSSON_SLOPE, rel=1e-4)


def test_slope_of_bush_gibson_and_thomas_is_that_of_high_peaks_pressed_one_by_one() -> None:
    """High peaks of a Gaussian surface of rms height σ: curvature d m₂/σ² at height d, m₂ = g'²/2; overlaps δ are as
    frequent as exp(−δd/σ²). Nayak, J. Lubr. Technol. 93 (1971) 398.
    """
    modulus, sigma, slope = 10e9, 1e-8, 0.02
    height = 5 * sigma
    radius, scale = sigma**2 / (height * slope**2 / 2), sigma**2 / height

    def force(overlap: float) -> float:
        return 4 / 3 * modulus * np.sqrt(radius) * overlap**1.5

    def area(overlap: float) -> float:
        return np.pi * closed_form.hertz_point(force(overlap), radius, modulus)[0] ** 2

    areas, forces = (
        quad(lambda t, of=of: of(t * scale) * np.exp(-t), 0, np.inf, epsabs=0.0)[0] for of in (area, force)
    )
    assert areas / forces * modulus * slope == pytest.approx(closed_form.BUSH_GIBSON_THOMAS_SLOPE, rel=1e-6)


# --- constriction of current ------------------------------------------------------------------------------


def test_holms_spot_conducts_as_the_punch_is_stiff() -> None:
    """Barber's analogy of a circle: 4κ_h a over 2E* a."""
    modulus, conductivity, radius = 7e9, 0.3, 2e-6
    conductance = 1 / closed_form.holm_resistance(radius, conductivity)
    stiffness = closed_form.punch_stiffness(modulus, radius)
    assert conductance / stiffness == pytest.approx(closed_form.barber_ratio(modulus, conductivity))


def test_wavy_constriction_is_that_of_parallel_strips_of_the_contact_width() -> None:
    """−ln sin(πa/λ)/(πκ): of two half-spaces in series, conductivities add up as κ_h."""
    width = closed_form.westergaard_half_width(0.3, 1.0)
    strips = [-np.log(np.sin(np.pi * width)) / (np.pi * kappa) for kappa in (2.0, 3.0)]
    assert closed_form.wavy_constriction(0.3, 1 / (1 / 2.0 + 1 / 3.0)) == pytest.approx(sum(strips))


# --- heat -------------------------------------------------------------------------------------------------


def test_kohlrauschs_temperature_balances_the_heat_of_a_current_between_spheres() -> None:
    """φ = V (1 − a/r)/(1 − a/b): k d(r² T′)/dr + κ r² φ′² = 0 by differences, T_0 on both spheres, κV²/(8k) between."""
    a, b, voltage, kappa, k, step = 1.0, 3.0, 0.2, 5.0, 0.7, 1e-3

    def phi(r: np.ndarray) -> np.ndarray:
        return voltage * (1 - a / r) / (1 - a / b)

    def rise(r: np.ndarray) -> np.ndarray:
        return closed_form.kohlrausch_rise(phi(r), voltage, kappa, k)

    def slope(of: Callable[[np.ndarray], np.ndarray], r: np.ndarray) -> np.ndarray:
        return (of(r + step) - of(r - step)) / (2 * step)

    r = np.linspace(1.1, 2.9, 7)
    spread = k * slope(lambda r: r**2 * slope(rise, r), r)
    np.testing.assert_allclose(-spread, kappa * r**2 * slope(phi, r) ** 2, rtol=1e-4)
    np.testing.assert_allclose(rise(np.array([a, b])), 0, atol=1e-15)
    hottest = np.max(rise(np.linspace(a, b, 10001)))
    assert closed_form.kohlrausch_hottest(voltage, kappa, k) == pytest.approx(hottest, rel=1e-6)


def test_kohlrauschs_hottest_point_is_that_of_a_bar_heated_evenly() -> None:
    """s L²/(8k) with s = κ (V/L)²."""
    length, voltage, kappa, k = 0.4, 0.3, 2.0, 5.0
    source = kappa * (voltage / length) ** 2
    bar = closed_form.stack_temperatures([np.array([length / 2])], [length], [k], [1e15] * 2, (0.0, 0.0), [source])
    assert closed_form.kohlrausch_hottest(voltage, kappa, k) == pytest.approx(bar[0][0], rel=1e-9)


@pytest.mark.parametrize("sources", [(0.0, 0.0), (3.0, -5.0), (4.0, 7.0)])
def test_temperatures_of_a_stack_obey_fouriers_law_and_newtons_at_each_face(sources: tuple[float, float]) -> None:
    """Parabolas with −k T″ = s whose fluxes −k T′ drop the temperature by q/h at the contact and at the reservoirs."""
    lengths, k, h, reservoirs = (0.5, 1.2), (2.0, 0.3), (7.0, 1.5, 0.8), (10.0, 4.0)
    x = [np.linspace(0, length, 5) for length in lengths]
    temperatures = closed_form.stack_temperatures(x, lengths, k, h, reservoirs, sources)
    fits = [np.polynomial.Polynomial.fit(at, values, 2) for at, values in zip(x, temperatures, strict=True)]
    for fit, at, conductivity, source in zip(fits, x, k, sources, strict=True):
        assert -conductivity * fit.deriv(2)(at[2]) == pytest.approx(source, abs=1e-9)
    below, above = ([-k[i] * fits[i].deriv()(x[i][end]) for end in (0, -1)] for i in (0, 1))
    assert below[0] == pytest.approx(h[0] * (reservoirs[0] - temperatures[0][0]))
    assert below[1] == pytest.approx(above[0])
    assert below[1] == pytest.approx(h[1] * (temperatures[0][-1] - temperatures[1][0]))
    assert above[1] == pytest.approx(h[2] * (temperatures[1][-1] - reservoirs[1]))


def test_layer_cut_in_two_without_resistance_stays_one() -> None:
    x, k, h, reservoirs = np.linspace(0, 2.0, 9), 0.6, (3.0, 5.0), (1.0, 2.0)
    (whole,) = closed_form.stack_temperatures([x], [2.0], [k], h, reservoirs, [0.9])
    parts = closed_form.stack_temperatures(
        [x[:4], x[3:] - 0.75], [0.75, 1.25], [k, k], (h[0], 1e15, h[1]), reservoirs, [0.9, 0.9]
    )
    np.testing.assert_allclose(np.concatenate([parts[0], parts[1][1:]]), whole, rtol=1e-12)


# --- layers that swell ------------------------------------------------------------------------------------


def test_bilayer_is_in_equilibrium_at_timoshenkos_curvature() -> None:
    """Stresses E (ε_0 − κ y − misfit) have neither resultant nor moment for one ε_0."""
    (t1, t2), (E1, E2), misfit = (1.0, 2.5), (7.0, 3.0), 0.01
    curvature = closed_form.timoshenko_curvature((t1, t2), (E1, E2), misfit)
    # ∫ E dy, ∫ E y dy, ∫ E y² dy and of the misfit, y from the interface
    stretching, coupling, bending = ((E1 * t1**k + E2 * -((-t2) ** k)) / k for k in (1, 2, 3))
    force, moment = E1 * misfit * t1, E1 * misfit * t1**2 / 2
    middle = (force + curvature * coupling) / stretching
    assert coupling * middle - bending * curvature == pytest.approx(moment)


def test_thin_layer_bends_a_substrate_as_stoney_says() -> None:
    thin, modulus, misfit = 1e-5, 4.0, 1e-3
    found = closed_form.timoshenko_curvature((thin, 1.0), (modulus, 1.0), misfit)
    assert found == pytest.approx(-6 * modulus * misfit * thin, rel=1e-3)


# --- solids that flow -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["cylinder", "sphere"])
@pytest.mark.parametrize("exponent", [1.0, 3.0, 6.6])
def test_void_closes_by_as_much_as_its_dissipation_takes_of_the_work_of_the_pressure(
    shape: Literal["cylinder", "sphere"], exponent: float
) -> None:
    """∫ σ ε̇ dV = p dV/dt per depth or in all, with ε̇ of a flow that keeps the volume and σ = (ε̇/A)^(1/n)."""
    a, pressure, factor = 2.0, 3.0, 1e-4
    rate = closed_form.void_rate(shape, pressure, factor, exponent)
    power, equivalent = {"cylinder": (2, 2 / np.sqrt(3)), "sphere": (3, 2.0)}[shape]
    around = 2 * np.pi if shape == "cylinder" else 4 * np.pi

    def dissipation(r: float) -> float:
        strain_rate = equivalent * -rate * (a / r) ** power
        return around * r ** (power - 1) * strain_rate * (strain_rate / factor) ** (1 / exponent)

    taken, _ = quad(dissipation, a, np.inf)
    assert taken == pytest.approx(pressure * around * a ** (power - 1) * -rate * a, rel=1e-6)


@pytest.mark.parametrize("shape", ["cylinder", "sphere"])
def test_pressure_about_a_void_is_in_equilibrium_with_the_stress_of_its_flow(
    shape: Literal["cylinder", "sphere"],
) -> None:
    """dσ_r/dr = c σ/r, c = 2/√3 of a cylinder and 2 of a sphere; nothing presses on the void itself."""
    pressure, factor, exponent = 3.0, 1e-4, 4.0
    rate = closed_form.void_rate(shape, pressure, factor, exponent)
    power, equivalent = {"cylinder": (2, 2 / np.sqrt(3)), "sphere": (3, 2.0)}[shape]
    for distance in (1.0, 1.7, 30.0):

        def hoop(r: float) -> float:
            stress = (equivalent * -rate * r**-power / factor) ** (1 / exponent)
            return equivalent * stress / r

        borne, _ = quad(hoop, 1.0, distance)
        found = closed_form.void_pressure(shape, distance, pressure, exponent)
        assert found == pytest.approx(borne, rel=1e-6, abs=1e-12)


def test_void_in_a_viscous_solid_closes_at_the_rate_of_lame() -> None:
    """n = 1, viscosity 1/(3A): −p/(2η) of a cylinder, −p/(4η) of a sphere."""
    pressure, viscosity = 5.0, 40.0
    for shape, share in (("cylinder", 2), ("sphere", 4)):
        rate = closed_form.void_rate(shape, pressure, 1 / (3 * viscosity), 1.0)  # type: ignore[arg-type]
        assert rate == pytest.approx(-pressure / (share * viscosity))


@pytest.mark.parametrize("exponent", [1.0, 2.0, 6.6])
def test_squeezed_film_is_in_equilibrium_and_keeps_its_volume(exponent: float) -> None:
    """The flow between the plates, integrated from the law: its rate, across the film, then the force along it."""
    h, half_width, force, factor = 0.1, 2.0, 7.0, 1e-3
    rate = closed_form.squeeze_rate(h, force, half_width, factor, exponent)

    def flow(gradient: float) -> float:
        """Shear rate √3 A (√3 τ)ⁿ at the stress τ = G y; ∫ y γ̇ dy of both halves is what flows through."""

        def moment(y: float) -> float:
            return 2 * y * np.sqrt(3) * factor * (np.sqrt(3) * gradient * y) ** exponent

        return quad(moment, 0, h / 2, epsabs=0.0)[0]

    def gradient(x: float) -> float:
        # flow(G) = flow(1) Gⁿ has to be the rate times x
        return (rate * x / flow(1.0)) ** (1 / exponent)

    carried, _ = quad(lambda x: 2 * x * gradient(x), 0, half_width)
    assert carried == pytest.approx(force, rel=1e-6)


def test_squeezed_newtonian_film_is_that_of_reynolds() -> None:
    h, half_width, force, viscosity = 0.1, 2.0, 7.0, 40.0
    found = closed_form.squeeze_rate(h, force, half_width, 1 / (3 * viscosity), 1.0)
    assert found == pytest.approx(force * h**3 / (8 * viscosity * half_width**3))


@pytest.mark.parametrize("exponent", [1.0, 3.3])
def test_thickness_of_a_squeezed_film_falls_at_its_rate(exponent: float) -> None:
    arguments = 0.1, 7.0, 2.0, 1e-3, exponent
    time = float(closed_form.squeeze_time(0.06, *arguments))
    assert closed_form.squeeze_thickness(time, *arguments) == pytest.approx(0.06)
    step = 1e-5 * time
    before, after = (float(closed_form.squeeze_thickness(time + sign * step, *arguments)) for sign in (-1, 1))
    rate = closed_form.squeeze_rate(0.06, *arguments[1:])
    assert (before - after) / (2 * step) == pytest.approx(float(rate), rel=1e-6)


def test_front_in_a_tube_is_between_first_yield_and_collapse() -> None:
    """k (1 − a²/b²) at the bore, 2k ln(b/a) when all flows; the front of a pressure has that pressure."""
    a, b, k = 1.0, 2.0, 3.0
    assert closed_form.tube_pressure(a, a, b, k) == pytest.approx(k * (1 - (a / b) ** 2))
    assert closed_form.tube_pressure(b, a, b, k) == pytest.approx(2 * k * np.log(b / a))
    front = closed_form.tube_front(1.25 * k, a, b, k)
    assert closed_form.tube_pressure(front, a, b, k) == pytest.approx(1.25 * k)
    with pytest.raises(ValueError):
        closed_form.tube_front(0.7 * k, a, b, k)


def test_front_in_a_tube_is_in_equilibrium() -> None:
    """Inside the front the hoop stress is 2k larger than the radial one, ∫ 2k/r dr; outside Lamé's ring is about to."""
    a, b, c, k = 1.0, 2.0, 1.6, 3.0
    plastic, _ = quad(lambda r: 2 * k / r, a, c)
    # Lamé: σ_r = C (1 − b²/r²), σ_θ − σ_r = 2 C b²/r² = 2k at c
    elastic = k * c**2 / b**2 * (b**2 / c**2 - 1)
    assert closed_form.tube_pressure(c, a, b, k) == pytest.approx(plastic + elastic)


@pytest.mark.parametrize("poisson_ratio", [0.0, 0.3, 0.5])
def test_elastic_ring_outside_the_front_is_about_to_yield_there(poisson_ratio: float) -> None:
    """Lamé's stresses that move the outer face so far have von Mises' stress σ_y at the front."""
    b, modulus, strength, growth = 2.0, 100.0, 0.05, 1e-3
    c = closed_form.tube_front_inside(growth, b, strength / modulus, poisson_ratio)
    level = growth * modulus / (2 * (1 - poisson_ratio**2) * b)
    radial, hoop = level * (1 - (b / c) ** 2), level * (1 + (b / c) ** 2)
    axial = poisson_ratio * (radial + hoop)
    mises = np.sqrt(((radial - hoop) ** 2 + (hoop - axial) ** 2 + (axial - radial) ** 2) / 2)
    assert mises == pytest.approx(strength)


def test_punch_meets_the_slip_lines_of_prandtl() -> None:
    """A fan of a right angle raises the pressure by 2k times its angle from the 2k of the edge: Hencky."""
    assert closed_form.indentation_pressure(3.0) == pytest.approx(2 * 3.0 + 2 * 3.0 * np.pi / 2)


def test_lithium_flows_at_the_stresses_of_anands_law() -> None:
    """Initial and saturated stress at 298 K and the rates 2e-5, 1e-4, 1e-3 and 2e-2 1/s."""
    attempts = 4.25e4 * closed_form.arrhenius(37e3, 298.0)
    rates = np.array([2e-5, 1e-4, 1e-3, 2e-2])
    initial = closed_form.anand_stress(rates, 0.95, attempts, 0.15)
    resistance = closed_form.anand_saturation(rates, 2.0, attempts, 0.05)
    saturated = closed_form.anand_stress(rates, resistance, attempts, 0.15)
    np.testing.assert_allclose(initial, [0.356, 0.453, 0.640, 1.003], atol=6e-4)
    np.testing.assert_allclose(saturated, [0.540, 0.746, 1.182, 2.151], atol=6e-4)


@pytest.mark.parametrize("hardening_exponent", [1.0, 2.0, 1.3])
def test_strain_to_a_resistance_is_that_of_its_hardening(hardening_exponent: float) -> None:
    initial, saturation, modulus = 0.95, 1.44, 10.0

    def compliance(s: float) -> float:
        return 1 / (modulus * (1 - s / saturation) ** hardening_exponent)

    strain, _ = quad(compliance, initial, 1.40)
    assert closed_form.anand_strain(1.40, initial, saturation, modulus, hardening_exponent) == pytest.approx(strain)


def test_softening_takes_as_much_strain_as_hardening_from_as_far() -> None:
    hardening, softening = (closed_form.anand_strain(1.0 + d, 1.0 + 5 * d, 1.0, 10.0, 2.0) for d in (-0.1, 0.1))
    assert softening == pytest.approx(hardening)


def test_creep_has_its_reference_rate_at_the_reference_and_quickens_with_heat() -> None:
    factor = closed_form.creep_factor(1e-3, 0.8e6, 6.6)
    assert factor * 0.8e6**6.6 == pytest.approx(1e-3)
    assert closed_form.arrhenius(37e3, 298.0, 298.0) == 1.0
    ten_kelvin = closed_form.arrhenius(37e3, 308.0, 298.0)
    assert ten_kelvin == pytest.approx(np.exp(37e3 * 10 / (8.314462618 * 298 * 308)))
