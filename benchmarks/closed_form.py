"""Closed forms of contact, fracture, conduction and flow, in SI units, as functions of NumPy arrays.

E* is the composite modulus, 1/E* = (1−ν₁²)/E₁ + (1−ν₂²)/E₂ (`interstice.solver.physics.mechanics.composite_modulus`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from interstice.solver.constants import FARADAY, GAS_CONSTANT

Array = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating] | float


# --- wavy surface, plane strain -----------------------------------------------------------------------


def westergaard_closing_pressure(modulus: float, amplitude: float, wavelength: float) -> float:
    """Return p* = π E* A/λ [Pa], the mean pressure that closes the gap g_0 = A (1 − cos 2πx/λ) everywhere.

    `modulus` is E* [Pa]; `amplitude` A and `wavelength` λ in m. Westergaard, J. Appl. Mech. 6 (1939) A49.
    """
    return np.pi * modulus * amplitude / wavelength


def westergaard_half_width(load_ratio: float, wavelength: float) -> float:
    """Return half the width of each contact, a = λ/π arcsin √(p̄/p*) [m], for `load_ratio` p̄/p* in 0 … 1."""
    return wavelength / np.pi * np.arcsin(np.sqrt(load_ratio))


def westergaard_pressure(x: Array, load_ratio: float, mean: float, wavelength: float) -> Array:
    """Return p(x) = 2p̄ |cos ξ|/s² √(s² − sin² ξ) [Pa], ξ = πx/λ, s² = p̄/p* = sin²(πa/λ); zero outside the contact.

    `x` [m] counts from a crest, where the initial gap is zero; `mean` is p̄ [Pa]. Westergaard (1939); Johnson, Contact
    Mechanics (1985), section 13.2.
    """
    phase = np.pi * x / wavelength
    under_root = np.maximum(load_ratio - np.sin(phase) ** 2, 0.0)
    return 2 * mean * np.abs(np.cos(phase)) / load_ratio * np.sqrt(under_root)


def flattened_share(unloaded: float, share: float) -> float:
    """Return the share of the area that still touches at `unloaded` times the largest load on waves pressed flat.

    At the largest load the pressure is H on strips of half width a, which are a `share` φ of the area. Taking load
    away is elastic, and the contact recedes to a' as where flat punches of all widths are superposed, each of which
    moves what lies below it as a whole. With ξ = πx/λ the pressure below one of them is f cos ξ/√(sin² c − sin² ξ), of
    mean f; that those up to α = πa/λ add up to H is Abel's equation for f(c), and those up to α' alone bear, over the
    load at α,

        p̄'/p̄ = 1 − arctan(√(sin² α − sin² α')/cos α)/α,        α = πφ/2.

    For φ → 0 that is 1 − √(1 − (a'/a)²), of one strip on a half-space.
    """
    alpha = np.pi * share / 2

    def load(touching: float) -> float:
        return 1 - float(np.arctan(np.sqrt(np.sin(alpha) ** 2 - np.sin(touching) ** 2) / np.cos(alpha))) / alpha

    return 2 / np.pi * brentq(lambda touching: load(touching) - unloaded, 0.0, alpha, xtol=1e-14)


# --- Hertz ----------------------------------------------------------------------------------------------


def hertz_line(force: float, radius: float, modulus: float) -> tuple[float, float]:
    """Return half width a = 2 √(F R/(π E*)) [m] and peak pressure p_0 = √(F E*/(π R)) [Pa] of a line contact.

    `force` F per unit depth [N/m], `radius` R of the relative curvature [m]. Johnson (1985), section 4.2.
    """
    return 2 * np.sqrt(force * radius / (np.pi * modulus)), np.sqrt(force * modulus / (np.pi * radius))


def hertz_point(force: float, radius: float, modulus: float) -> tuple[float, float]:
    """Return contact radius a = (3FR/(4E*))^⅓ [m] and peak pressure p_0 = 3F/(2πa²) [Pa] of a sphere on a flat.

    `force` F [N], `radius` R of the relative curvature [m]. Johnson (1985), section 3.4.
    """
    a = np.cbrt(3 * force * radius / (4 * modulus))
    return a, 3 * force / (2 * np.pi * a**2)


def hertz_pressure(r: Array, a: float, peak: float) -> Array:
    """Return p_0 √(1 − r²/a²) [Pa], zero outside the contact, of line (r = |x|) and point contacts alike."""
    return peak * np.sqrt(np.maximum(1 - (r / a) ** 2, 0.0))


# --- partial slip ---------------------------------------------------------------------------------------
#
# Hertz' contact under a constant normal force P and a tangential force Q < μP that grows, x = Q/(μP). Normal and
# tangential problem are uncoupled: Dundurs' β = 0, as for equal materials. Cattaneo, Rend. Accad. Lincei 27 (1938) 342;
# Mindlin, J. Appl. Mech. 16 (1949) 259. For a sphere the slip across the force is neglected: exact for ν = 0.


def stick_line(load_ratio: float, a: float) -> float:
    """Return half the width of the stick zone, c = a √(1 − x) [m], of a line contact. Johnson (1985), section 7.2."""
    return a * np.sqrt(1 - load_ratio)


def stick_point(load_ratio: float, a: float) -> float:
    """Return the radius of the stick zone, c = a (1 − x)^⅓ [m], of a sphere. Johnson (1985), equation 7.41."""
    return a * np.cbrt(1 - load_ratio)


def partial_slip_traction(r: Array, a: float, c: float, peak: float) -> Array:
    """Return q(r) = μp_0 [√(1 − r²/a²) − c/a √(1 − r²/c²)] [Pa]; roots of negative numbers are zero.

    `c` is the radius of the stick zone, `peak` μp_0 [Pa]; the same for line (r = |x|) and point contacts.
    """
    return hertz_pressure(r, a, peak) - c / a * hertz_pressure(r, c, peak)


def partial_slip_displacement_line(load_ratio: float, limit: float, modulus: float) -> float:
    """Return what partial slip adds to the tangential displacement, μP/(πE*) [x + (1−x) ln(1−x)] [m].

    Of a line contact; the part proportional to Q depends on the size of the bodies. `limit` is μP per depth [N/m].
    From the tangential compliance of the stick zone, dδ/dQ = 2/(πE*) ln(1/c) + constant.
    """
    x = load_ratio
    return limit / (np.pi * modulus) * (x + (1 - x) * np.log(1 - x))


def partial_slip_displacement_point(load_ratio: float, limit: float, a: float, compliance: float) -> float:
    """Return the tangential displacement 3μP/(16a) C [1 − (1−x)^⅔] [m] of a sphere. Johnson (1985), equation 7.42.

    `limit` is μP [N], `compliance` C = (2−ν₁)/G₁ + (2−ν₂)/G₂ [1/Pa].
    """
    return 3 * limit * compliance / (16 * a) * (1 - np.cbrt(1 - load_ratio) ** 2)


def partial_slip_loss_line(load_ratio: float, limit: float, modulus: float) -> float:
    """Return the energy lost by slip until Q = x μP, (μP)²/(πE*) [(1−x) ln(1−x) + x − x²/2] [J/m].

    The loss is 2 ∫ Q dδ − Q δ, for the elastic energy is (Qδ − loss)/2 and the work is their sum.
    """
    x = load_ratio
    return limit**2 / (np.pi * modulus) * ((1 - x) * np.log(1 - x) + x - x**2 / 2)


def partial_slip_loss_point(load_ratio: float, limit: float, a: float, compliance: float) -> float:
    """Return the same for a sphere, 3(μP)²/(16a) C {6/5 [1 − (1−x)^(5/3)] − x [1 + (1−x)^⅔]} [J].

    A quarter of the loss of a full cycle: Mindlin and Deresiewicz, J. Appl. Mech. 20 (1953) 327.
    """
    x, root = load_ratio, np.cbrt(1 - load_ratio)
    return 3 * limit**2 * compliance / (16 * a) * (6 / 5 * (1 - root**5) - x * (1 + root**2))


# --- adhesion of a sphere -------------------------------------------------------------------------------


def jkr_force(a: Values, radius: float, modulus: float, work: float) -> Values:
    """Return F = 4E*a³/(3R) − √(8π w E* a³) [N] of a sphere of `radius` R [m] in contact over the radius `a` [m].

    `work` of adhesion w [J/m²] at short range. Johnson, Kendall and Roberts, Proc. R. Soc. A 324 (1971) 301.
    """
    return 4 * modulus * a**3 / (3 * radius) - np.sqrt(8 * np.pi * work * modulus * a**3)


def jkr_approach(a: Values, radius: float, modulus: float, work: float) -> Values:
    """Return by how far the bodies approach each other, δ = a²/R − √(2π w a/E*) [m]. Units as those of `jkr_force`."""
    return a**2 / radius - np.sqrt(2 * np.pi * work * a / modulus)


def jkr_pull_off(radius: float, work: float) -> float:
    """Return 3πwR/2 [N], the largest force that pulls at a sphere in contact."""
    return 1.5 * np.pi * work * radius


def jkr_zero_load_radius(radius: float, modulus: float, work: float) -> float:
    """Return a_0 = (9πwR²/(2E*))^⅓ [m], the radius of the contact without a force; a_0/4^⅓ at pull-off."""
    return float(np.cbrt(9 * np.pi * work * radius**2 / (2 * modulus)))


def dugdale_force(a: float, radius: float, modulus: float, work: float, strength: float) -> tuple[float, float]:
    """Return F [N] of a sphere and the outer radius c [m] of the attraction; `a` [m] is that of the touching area.

    The attraction is σ_0 = `strength` [Pa] up to the gap w/σ_0. With m = c/a and s = √(m²−1), t = arctan s

        σ_0 a²/(πR) [s + (m²−2) t] + 4σ_0² a/(πE*) [s t − m + 1] = w,    F = 4E*a³/(3R) − 2σ_0 a² [s + m² t].

    Maugis, J. Colloid Interface Sci. 150 (1992) 243.
    """

    def excess(m: float) -> float:
        s = np.sqrt(m**2 - 1)
        t = np.arctan(s)
        by_shape = strength * a**2 / (np.pi * radius) * (s + (m**2 - 2) * t)
        return by_shape + 4 * strength**2 * a / (np.pi * modulus) * (s * t - m + 1) - work

    far = 2.0
    while excess(far) < 0.0:
        far *= 2.0
    m = brentq(excess, 1.0, far, xtol=1e-14)
    s = np.sqrt(m**2 - 1)
    force = 4 * modulus * a**3 / (3 * radius) - 2 * strength * a**2 * (s + m**2 * np.arctan(s))
    return float(force), float(m * a)


def dugdale_pull_off(radius: float, modulus: float, work: float, strength: float) -> float:
    """Return the largest force [N] that pulls at a sphere, between 3πwR/2 (large strength) and 2πwR (small).

    Units as those of `dugdale_force`.
    """
    largest = jkr_zero_load_radius(radius, modulus, work)
    found = minimize_scalar(
        lambda a: dugdale_force(a * largest, radius, modulus, work, strength)[0], bounds=(1e-4, 1.0), method="bounded"
    )
    return -float(found.fun)


# --- rough surfaces ---------------------------------------------------------------------------------------

PERSSON_SLOPE = float(np.sqrt(8 / np.pi))
"""Slope of the contact area A/A_0 over the load p̄/(E* g') at light loads. Persson, J. Chem. Phys. 115 (2001) 3840."""
BUSH_GIBSON_THOMAS_SLOPE = float(np.sqrt(2 * np.pi))
"""The same by asperities that do not interact. Bush, Gibson and Thomas, Wear 35 (1975) 87."""


# --- half-space -----------------------------------------------------------------------------------------


def punch_stiffness(modulus: float, radius: float) -> float:
    """Return F/δ = 2 E* a [N/m] of a rigid flat circular punch of `radius` a [m] without friction.

    Boussinesq (1885); Sneddon, Int. J. Eng. Sci. 3 (1965) 47.
    """
    return 2 * modulus * radius


def boussinesq_displacement(points: Array, force: float, young_modulus: float, poisson_ratio: float) -> Array:
    """Return the displacement [m] of the half-space z ≤ 0 under `force` F [N] that presses down on its origin.

    `points` and the result have shape (n, 3). With depth d = −z and ρ² = x² + y² + d²,

        u_r = (1+ν) F/(2πE) [d r/ρ³ − (1−2ν) r/(ρ (ρ+d))],    u_d = (1+ν) F/(2πE) [2(1−ν)/ρ + d²/ρ³].

    Johnson (1985), equation 3.18. It vanishes far away and is infinite at the origin.
    """
    depth = -points[:, 2]
    distance = np.linalg.norm(points, axis=1)
    scale = (1 + poisson_ratio) * force / (2 * np.pi * young_modulus)
    over_radius = depth / distance**3 - (1 - 2 * poisson_ratio) / (distance * (distance + depth))
    down = 2 * (1 - poisson_ratio) / distance + depth**2 / distance**3
    return scale * np.column_stack([points[:, 0] * over_radius, points[:, 1] * over_radius, -down])


# --- constriction of current ------------------------------------------------------------------------------


def wavy_constriction(load_ratio: float, conductivity: float) -> float:
    """Return R = ln(p*/p̄)/(2πκ) [Ω m], per wavelength and unit depth, of a half-space under Westergaard's contact.

    `load_ratio` is p̄/p*, `conductivity` κ [S/m]; for both half-spaces together κ_h, 1/κ_h = 1/κ₁ + 1/κ₂. Strips of
    width 2a that conduct, a wavelength λ apart, have −ln sin(πa/λ)/(πκ), and sin²(πa/λ) = p̄/p*. Barber, Proc. R. Soc. A
    459 (2003) 53.
    """
    return -np.log(load_ratio) / (2 * np.pi * conductivity)


def holm_resistance(radius: float, conductivity: float) -> float:
    """Return R = 1/(4κa) [Ω] of a half-space with conducting spot of `radius` a [m] and `conductivity` κ [S/m].

    For both half-spaces together κ is κ_h. Holm, Electric Contacts (1967), section 4.
    """
    return 1 / (4 * conductivity * radius)


def blocked_patch_flux(r: Array) -> Array:
    """Return the flux at `r` > 1, over that far away, past a blocked disc of radius 1 where Z = 0.

    1 + (2/π) (1/√(r² − 1) − arcsin 1/r): the stress beside a penny-shaped crack, I. N. Sneddon, Proc. R. Soc. A 187
    (1946) 229.
    """
    return 1 + 2 / np.pi * (1 / np.sqrt(r**2 - 1) - np.arcsin(1 / r))


def blocked_patch_focusing(ratio: float) -> tuple[float, float]:
    """Return what k_J, the largest flux past a blocked disc, tends to for a small and for a large a/κZ, the `ratio`.

    1 + (2/π) a/κZ is the potential at the rim of a disc of uniform sources. √(2a/πκZ) is the flux at the edge of a
    blocked half-plane beside which the flux falls as √(2a/π²x) far from the edge, as that of `blocked_patch_flux` does
    near it: by the method of Wiener and Hopf its transform is √(2a/π) s^(−1/2)/K₊, where K₊K₋ = 1 + κZ|s|, and what s
    times that tends to for s → ∞ is the flux at the edge.
    """
    return 1 + 2 / np.pi * ratio, float(np.sqrt(2 * ratio / np.pi))


def barber_ratio(modulus: float, conductivity: float) -> float:
    """Return G/S = 2κ_h/E* [S/N], the conductance of a frictionless contact over its incremental stiffness.

    `modulus` is E* [Pa], `conductivity` κ_h [S/m]; any shape of half-spaces. Barber, Proc. R. Soc. A 459 (2003) 53.
    """
    return 2 * conductivity / modulus


# --- heat -------------------------------------------------------------------------------------------------


def kohlrausch_rise(potential: Values, voltage: float, conductivity: float, thermal_conductivity: float) -> Values:
    """Return T − T_0 = κ φ (V − φ)/(2k) [K] where the `potential` is φ [V], from 0 to V between a conductor's ends.

    Of any shape: both ends have the temperature T_0, all other faces neither current nor heat. `voltage` V [V],
    `conductivity` κ [S/m] and `thermal_conductivity` k [W/(m K)] are constant. The result has the shape of φ. It
    solves ∇·(k ∇T) + κ |∇φ|² = 0, for ∇·(κ ∇φ) = 0: put it in. Known as Kohlrausch's relation.
    """
    return conductivity * potential * (voltage - potential) / (2 * thermal_conductivity)


def kohlrausch_hottest(voltage: float, conductivity: float, thermal_conductivity: float) -> float:
    """Return T_max − T_0 = κV²/(8k) [K], where φ = V/2: in the middle of a symmetric conductor.

    Units as those of `kohlrausch_rise`.
    """
    return conductivity * voltage**2 / (8 * thermal_conductivity)


def stack_temperatures(
    x: Sequence[Array],
    thicknesses: Sequence[float],
    conductivities: Sequence[float],
    conductances: Sequence[float],
    reservoirs: tuple[float, float],
    sources: Sequence[float],
) -> list[Array]:
    """Return the steady temperatures [K] of layers pressed on each other between two reservoirs, an array per layer.

    Heat q = q_0 + the sources passed on the way flows upwards, which costs q/h at each face and −∫ q dx/k in a layer:

        q_0 = [T_below − T_above − Σ q_s,i/h_i − Σ (q_s,i L_i/k_i + s_i L_i²/(2k_i))] / [Σ 1/h_i + Σ L_i/k_i]

    with the heat q_s,i = Σ_{j<i} s_j L_j of what lies below: resistances in series.

    Parameters
    ----------
    x
        One array per layer, from below: heights above the lower face of the layer [m].
    thicknesses, conductivities, sources
        L_i [m], k_i [W/(m K)] and the heat s_i [W/m³] that each of the n layers releases, uniform.
    conductances
        h_i [W/(m² K)] of the n + 1 faces from below: transfer to the lower reservoir, contacts, transfer to the upper.
    reservoirs
        T_below and T_above [K].
    """
    lengths, k, s, h = (
        np.asarray(values, dtype=float) for values in (thicknesses, conductivities, sources, conductances)
    )
    released = np.append(0.0, np.cumsum(s * lengths))
    drop = np.sum(released / h) + np.sum((released[:-1] + s * lengths / 2) * lengths / k)
    flux = (reservoirs[0] - reservoirs[1] - drop) / (np.sum(1 / h) + np.sum(lengths / k)) + released
    temperatures = []
    below = reservoirs[0]
    for layer, heights in enumerate(x):
        foot = below - flux[layer] / h[layer]
        temperatures.append(foot - (flux[layer] + s[layer] * heights / 2) * heights / k[layer])
        below = foot - (flux[layer] + s[layer] * lengths[layer] / 2) * lengths[layer] / k[layer]
    return temperatures


# --- delamination -------------------------------------------------------------------------------------------


@cache
def strip_correction(mode: Literal["opening", "sliding"]) -> float:
    """Return χ, by which times the thickness h a crack between two arms acts as if longer: G ∝ (a + χ h)².

    Exact for a semi-infinite crack along the middle of an isotropic strip (plane strain or stress, any Poisson's ratio)
    that is bent and sheared from afar: by Wiener and Hopf's method

        χ = −1/π ∫₀^∞ ln N(ξ) dξ/ξ²

    with the stiffness of one arm on the crack plane against waves of number ξ/h, over its limit for long waves,
    N = 6 (sinh²ξ − ξ²)/(ξ³ (sinh ξ cosh ξ + ξ)) where the crack opens and N = 2 (sinh²ξ − ξ²)/(ξ (sinh ξ cosh ξ − ξ))
    where it slides. χ = 0.6731 and 0.2094; the former is Foote and Buchwald's, Int. J. Fracture 29 (1985) 125.
    """
    sign, power, factor = (1, 3, 6.0) if mode == "opening" else (-1, 1, 2.0)
    slope = -1 / 5 if mode == "opening" else -1 / 15

    def integrand(xi: float) -> float:
        """Return ln N/ξ²; its limit where the terms of N cancel, and without small exponentials at large ξ."""
        if xi < 0.01:
            return slope
        if xi > 20.0:
            return np.log(factor / xi**power) / xi**2
        square, product = np.sinh(xi) ** 2 - xi**2, np.sinh(xi) * np.cosh(xi) + sign * xi
        return np.log(factor * square / (xi**power * product)) / xi**2

    near, _ = quad(integrand, 0.0, 20.0, points=[0.01], limit=200)
    far, _ = quad(integrand, 20.0, np.inf, limit=200)
    return -(near + far) / np.pi


def dcb_release_rate(load: Values, crack: Values, thickness: float, modulus: float) -> Values:
    """Return G = 12 P² (a + χh)²/(E′h³) [J/m²] of a double cantilever beam with arms of `thickness` h.

    `load` P per width [N/m] opens the ends at the distance `crack` a [m] from the tip; `modulus` is E′ [Pa],
    E/(1−ν²) in plane strain and E in plane stress. χ = 0.673 (`strip_correction`) is for rotation and shear at the root
    of the arms.
    """
    return 12 * load**2 * (crack + strip_correction("opening") * thickness) ** 2 / (modulus * thickness**3)


def dcb_compliance(crack: Values, thickness: float, modulus: float) -> Values:
    """Return opening over load per width, 8 (a + χh)³/(E′h³) [m²/N], of which G is P²/2 times the derivative by a."""
    return 8 * (crack + strip_correction("opening") * thickness) ** 3 / (modulus * thickness**3)


def enf_release_rate(load: Values, crack: Values, thickness: float, modulus: float) -> Values:
    """Return G = 9 P² (a + χh)²/(16 E′h³) [J/m²] of an end-notched flexure specimen with χ = 0.209.

    `load` P per width [N/m] presses on the middle of a specimen of thickness 2h on two supports, one at the cracked end
    at the distance `crack` a [m] from the tip. No friction. Units as those of `dcb_release_rate`.
    """
    return 9 * load**2 * (crack + strip_correction("sliding") * thickness) ** 2 / (16 * modulus * thickness**3)


def enf_compliance(crack: Values, half_span: float, thickness: float, modulus: float, shear_modulus: float) -> Values:
    """Return deflection under the load over load per width [m²/N] for a crack that does not reach the middle.

    C = [2L³ + 3 (a + χh)³]/(8E′h³) + 3L/(10 G h) with the distance L = `half_span` of the load from the supports; the
    last term is the shear of the whole specimen, with `shear_modulus` G [Pa].
    """
    bending = 2 * half_span**3 + 3 * (crack + strip_correction("sliding") * thickness) ** 3
    return bending / (8 * modulus * thickness**3) + 3 * half_span / (10 * shear_modulus * thickness)


def mmb_shares(lever: float, half_span: float) -> tuple[float, float]:
    """Return the loads of the opening and of the bending of a mixed-mode bending specimen, over the load of its lever.

    The lever, of length c = `lever` beyond the middle, pulls the cracked end by c/L and presses on the middle by
    (c + L)/L: a double cantilever beam under (3c − L)/(4L) and an end-notched flexure specimen under (c + L)/L. Reeder
    and Crews, AIAA J. 28 (1990) 1270. Release rates add up, and so do the squares of the shares times the compliances.
    """
    return (3 * lever - half_span) / (4 * half_span), (lever + half_span) / half_span


# --- lithium metal ----------------------------------------------------------------------------------------


def stripping_velocity(current_density: float, molar_volume: float) -> float:
    """Return Ω j/F [m/s] at which the surface of a metal recedes, by Faraday's law of one electron per atom.

    `current_density` j [A/m²], > 0 where it strips, `molar_volume` Ω [m³/mol].
    """
    return molar_volume * current_density / FARADAY


# --- layers that swell ------------------------------------------------------------------------------------


def timoshenko_curvature(thicknesses: tuple[float, float], moduli: tuple[float, float], misfit: float) -> float:
    """Return the curvature [1/m] of two bonded layers, the first on top and longer by the strain `misfit` if free.

    With m = t₁/t₂ and n = E₁/E₂ of `thicknesses` [m] and `moduli` [Pa], κ = −6 Δε (1+m)²/{(t₁+t₂) [3 (1+m)² +
    (1+mn)(m² + 1/(mn))]}: positive where the ends rise. Timoshenko, J. Opt. Soc. Am. 11 (1925) 233, of beams. In plane
    strain moduli are E/(1−ν²) and the misfit of an isotropic eigenstrain e is (1+ν) e; in plates that are free both
    ways E/(1−ν) and e. Stoney's formula is the limit m → 0, −6 Δε n m/t₂.
    """
    m, n = thicknesses[0] / thicknesses[1], moduli[0] / moduli[1]
    shape = 3 * (1 + m) ** 2 + (1 + m * n) * (m**2 + 1 / (m * n))
    return -6 * misfit * (1 + m) ** 2 / (sum(thicknesses) * shape)


# --- solids that flow -------------------------------------------------------------------------------------
#
# Power law: the equivalent strain rate is A σⁿ, with the `factor` A [1/(s Paⁿ)], the `exponent` n and the stress σ [Pa]
# of von Mises.


def creep_factor(rate: float, reference_stress: float, exponent: float) -> float:
    """Return A = rate/σ_refⁿ [1/(s Paⁿ)] of a solid that creeps at the `rate` [1/s] under a `reference_stress` [Pa]."""
    return rate / reference_stress**exponent


def arrhenius(activation_energy: float, temperature: float, reference: float = np.inf) -> float:
    """Return exp[−Q/R (1/T − 1/T_ref)] for `activation_energy` Q [J/mol] and temperatures [K]."""
    return float(np.exp(-activation_energy / GAS_CONSTANT * (1 / temperature - 1 / reference)))


def anand_stress(rate: Values, resistance: Values, attempts: float, sensitivity: float) -> Values:
    """Return σ = S (ε̇/ν)^m [Pa], the stress at which a solid of `resistance` S [Pa] flows at the `rate` ε̇ [1/s].

    `attempts` ν [1/s] is A exp(−Q/RT), `sensitivity` m. The power law of Anand, Int. J. Plasticity 1 (1985) 213.
    """
    return resistance * (rate / attempts) ** sensitivity


def anand_saturation(rate: Values, saturation: float, attempts: float, exponent: float) -> Values:
    """Return S_s = S* (ε̇/ν)ⁿ [Pa], the resistance at which flow at the `rate` [1/s] neither hardens nor softens.

    `saturation` S* [Pa], `exponent` n, `attempts` as in `anand_stress`. Brown, Kim and Anand, Int. J. Plasticity 5
    (1989) 95.
    """
    return saturation * (rate / attempts) ** exponent


def anand_strain(
    resistance: float, initial: float, saturation: float, hardening: float, hardening_exponent: float
) -> float:
    """Return the strain of flow at a constant rate that brings a resistance from `initial` to `resistance` [Pa].

    Of dS/dε = H_0 |1 − S/S_s|ᵃ sign(1 − S/S_s) with `saturation` S_s on the far side of S, `hardening` H_0 [Pa] and
    `hardening_exponent` a: where x = |1 − S/S_s|, the strain is S_s/H_0 ln(x_0/x) for a = 1 and
    S_s/H_0 (x^(1−a) − x_0^(1−a))/(a − 1) otherwise.
    """
    x, x_0, a = abs(1 - resistance / saturation), abs(1 - initial / saturation), hardening_exponent
    grown = np.log(x_0 / x) if a == 1.0 else (x ** (1 - a) - x_0 ** (1 - a)) / (a - 1)
    return float(saturation / hardening * grown)


def indentation_pressure(shear_strength: float) -> float:
    """Return (2 + π) k [Pa], the mean pressure of a flat punch on a rigid, ideally plastic half-plane.

    `shear_strength` k [Pa] is σ_y/√3 of von Mises; plane strain, the punch rough or smooth. Prandtl, Nachr. Ges. Wiss.
    Göttingen (1920) 74; Hill, The Mathematical Theory of Plasticity (1950), section IX.5.
    """
    return (2 + np.pi) * shear_strength


def tube_pressure(front: Values, inner: float, outer: float, shear_strength: float) -> Values:
    """Return p = k [1 − c²/b² + 2 ln(c/a)] [Pa], which makes a tube plastic from its bore a to the `front` c [m].

    Plane strain, radii [m]. Exact where the axial stress is the mean of the others all over the plastic part, so that
    |σ_θ − σ_r| = 2k there: for von Mises' law, k = σ_y/√3, if the solid is incompressible (ν = ½). Hill, The
    Mathematical Theory of Plasticity (1950), section V.2.
    """
    return shear_strength * (1 - (front / outer) ** 2 + 2 * np.log(front / inner))


def tube_front(pressure: float, inner: float, outer: float, shear_strength: float) -> float:
    """Return the front c [m] of `tube_pressure`; ValueError where the bore does not yield, or all of the tube does."""

    def excess(front: float) -> float:
        return float(tube_pressure(front, inner, outer, shear_strength)) - pressure

    return float(brentq(excess, inner, outer, xtol=1e-12 * outer))


def tube_front_inside(growth: Values, outer: float, yield_strain: float, poisson_ratio: float) -> Values:
    """Return the front c [m] of a tube of the law of von Mises whose outer face has moved outwards by `growth` [m].

    What is elastic bears σ_r, σ_θ = C (1 ∓ b²/r²) and σ_z = 2νC, and yields at r = c, where C = σ_y [(1−2ν)² +
    3b⁴/c⁴]^(−½); its outer face moves by u = 2(1−ν²) C b/E. So c is known from u, whatever the plastic part does.
    `yield_strain` is σ_y/E. Hill, Lee and Tupper, Proc. R. Soc. A 191 (1947) 278.
    """
    stress = growth / (2 * (1 - poisson_ratio**2) * outer * yield_strain)
    return outer * (3 / (stress**-2 - (1 - 2 * poisson_ratio) ** 2)) ** 0.25


VOID_POWER = {"cylinder": 2.0, "sphere": 3.0}
"""Power of the radius with which the strain rate falls about a void."""


def void_rate(shape: Literal["cylinder", "sphere"], pressure: float, factor: float, exponent: float) -> float:
    """Return ȧ/a [1/s] of a void in an infinite solid that creeps under the `pressure` p [Pa]: below 0, it closes.

    −(√3/2) A (√3 p/n)ⁿ of a cylinder in plane strain, −(A/2) (3p/(2n))ⁿ of a sphere. What flows keeps its volume, so
    that the equivalent strain rate is (2/√3) |ȧ/a| (a/r)² and 2 |ȧ/a| (a/r)³; equilibrium gives the stress. Finnie and
    Heller, Creep of Engineering Materials (1959), of tubes; Wilkinson and Ashby, Acta Metall. 23 (1975) 1277.
    """
    if shape == "cylinder":
        return float(-np.sqrt(3) / 2 * factor * (np.sqrt(3) * pressure / exponent) ** exponent)
    return -factor / 2 * (3 * pressure / (2 * exponent)) ** exponent


def void_pressure(shape: Literal["cylinder", "sphere"], distance: Values, pressure: float, exponent: float) -> Values:
    """Return −σ_r = p [1 − (a/r)^(d/n)] [Pa] at the `distance` r/a from the centre of the void of `void_rate`.

    d = 2 of a cylinder, 3 of a sphere. A shell that ends there under this pressure closes at the rate of the infinite
    solid; one under the pressure p itself at that of p/[1 − (a/b)^(d/n)].
    """
    return pressure * (1 - distance ** (-VOID_POWER[shape] / exponent))


def squeeze_rate(thickness: Values, force: float, half_width: float, factor: float, exponent: float) -> Values:
    """Return −ḣ [m/s] of a film of `thickness` h [m] of a power-law fluid between platens that it sticks to.

    Plane strain, platens of the width 2L under the `force` F per depth [N/m]; what is squeezed out bears nothing.
    Sheared the fluid flows at the rate Bτⁿ, B = 3^((n+1)/2) A, so that the gradient of the pressure at x is G, and

        G = (2/h)^((n+2)/n) [(n+2) |ḣ| x/(2B)]^(1/n),    F = 2 ∫₀ᴸ x G dx,
        −ḣ = 2B/(n+2) (h/2)^(n+2) [(2n+1) F/(2n)]ⁿ/L^(2n+1)

    for h ≪ L: the equation of Scott, Trans. Inst. Rubber Ind. 7 (1931) 169, in plane strain. A Newtonian fluid has
    F h³/(8ηL³) (Reynolds).
    """
    n = exponent
    shear = 3 ** ((n + 1) / 2) * factor
    squeezed = 2 * shear / (n + 2) * (thickness / 2) ** (n + 2)
    return squeezed * ((2 * n + 1) * force / (2 * n)) ** n / half_width ** (2 * n + 1)


def squeeze_thickness(
    time: Values, initial: float, force: float, half_width: float, factor: float, exponent: float
) -> Values:
    """Return h(t) [m] of `squeeze_rate` from the `initial` thickness on.

    h^−(n+1) = h_0^−(n+1) + (n+1) (−ḣ/h^(n+2)) t.
    """
    n = exponent
    slope = squeeze_rate(initial, force, half_width, factor, n) / initial
    return initial * (1 + (n + 1) * slope * time) ** (-1 / (n + 1))


def squeeze_time(
    thickness: Values, initial: float, force: float, half_width: float, factor: float, exponent: float
) -> Values:
    """Return the time [s] after which `squeeze_thickness` is the `thickness` [m]."""
    n = exponent
    slope = squeeze_rate(initial, force, half_width, factor, n) / initial
    return ((initial / thickness) ** (n + 1) - 1) / ((n + 1) * slope)
