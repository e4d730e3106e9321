"""Two Timoshenko beams on a softening foundation: what the fracture benchmarks are compared with, without finite
elements in the plane.

The arms of a specimen of unit width, each of thickness h, are beams (deflection w, rotation ψ, axial displacement u)
along x, with bending stiffness E′h³/12 and shear stiffness S; the loads make part symmetric (mode I, opening) and part
antisymmetric (mode II, sliding), which the elastic arms do not couple:

    mode I, half the opening w:   E′h³/12 ψ″ + S (w′ − ψ) = 0,    S (w″ − ψ′) = t_n,    −S (w′ − ψ) = P_I at x = 0;
    mode II, the slip s:          s″ = 8 t_t/(E′h) + 6 V/(E′h²),    s′ = 0 at both ends, V the shear force of the whole.

The bond couples them: (t_n, t_t) follows from the openings (δ_n, δ_t) of the interface by the bilinear mixed-mode law.
The arms themselves yield a little at the interface, 2w = δ_n + 2t_n/k_n and s = δ_t + t_t/k_t. S, k_n and k_t are
those for which the beams agree with plane elasticity: S = 5E′h/12 is the second term of the compliance of a strip that
is loaded on one face, at long waves; k_n and k_t give a sharp crack the energy release rate of a semi-infinite crack in
a strip (`closed_form.strip_correction`). A bond so strong that these springs would store its toughness before it yields
is taken as weaker (`STRONGEST`): its process zone is short and the load that of a sharp crack in either case.

Tractions act at the nodes of a grid, between which the beams are solved exactly; the path is followed at growing
opening of the process zone, so that it may snap back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from interstice.benchmarks.closed_form import strip_correction

Array = npt.NDArray[np.float64]

PER_THICKNESS = 40
"""Grid points per thickness of an arm, at least, where the crack grows."""
PER_ZONE = 40
"""Grid points per length of the process zone, at least."""
GROWTH = 1.15
"""Ratio of neighbouring grid cells elsewhere."""
STRONGEST = 0.9
"""The largest strength over that at which the springs of the arms alone store the toughness."""
LARGEST_PROGRESS = 0.25
"""Largest part of its softening that a point may go through in one step."""
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Bond:
    """Bilinear law: strengths [Pa], toughnesses [J/m²], exponent of Benzeggagh and Kenane, stiffnesses [Pa/m]."""

    normal_strength: float
    shear_strength: float
    normal_toughness: float
    shear_toughness: float
    mixity_exponent: float
    normal_stiffness: float
    shear_stiffness: float


@dataclass(frozen=True)
class Specimen:
    """Arms of `thickness` [m] and plane modulus E′ [Pa] over `length` [m], apart over `crack` [m] from x = 0.

    A load P per width [N/m] opens the ends by `opening` · P and bends the specimen, on supports at both ends, by
    `bending` · P in its middle.
    """

    length: float
    thickness: float
    modulus: float
    crack: float
    opening: float
    bending: float


@dataclass
class Path:
    """States of equilibrium: load P [N/m], its displacement (work P·d), damaged length [m]."""

    load: list[float] = field(default_factory=list)
    displacement: list[float] = field(default_factory=list)
    broken: list[float] = field(default_factory=list)


def follow(specimen: Specimen, bond: Bond, growth: float, most_steps: int = 20000) -> Path:
    """Return the path until the bond is broken over `growth` [m] ahead of the crack."""
    return _Beams(specimen, bond, growth).follow(growth, most_steps)


class _Beams:
    """Unknowns: openings δ_n, rotations ψ, slips δ_t at the grid points, and the load."""

    def __init__(self, specimen: Specimen, bond: Bond, growth: float) -> None:
        self.specimen = specimen
        h, modulus = specimen.thickness, specimen.modulus
        bending, shear = modulus * h**3 / 12, 5 * modulus * h / 12
        chi_n, chi_t = strip_correction("opening"), strip_correction("sliding")
        self.spring_n = 4 * bending / ((chi_n * h) ** 2 - bending / shear) ** 2
        self.spring_t = modulus / (8 * chi_t**2 * h)
        self.shear = shear
        strength_n = min(bond.normal_strength, STRONGEST * np.sqrt(bond.normal_toughness * self.spring_n))
        strength_t = min(bond.shear_strength, STRONGEST * np.sqrt(2 * bond.shear_toughness * self.spring_t))
        self.bond = replace(
            bond,
            normal_strength=strength_n,
            shear_strength=strength_t,
            normal_stiffness=bond.normal_stiffness * (strength_n / bond.normal_strength) ** 2,
            shear_stiffness=bond.shear_stiffness * (strength_t / bond.shear_strength) ** 2,
        )
        bodies = (modulus * bond.normal_toughness / strength_n**2, modulus * bond.shear_toughness / strength_t**2)
        zone = min(*bodies, bodies[0] ** 0.25 * h**0.75, bodies[1] ** 0.5 * h**0.5)
        self.x = _grid(specimen, growth, min(h / PER_THICKNESS, zone / PER_ZONE))
        n = len(self.x)
        steps = np.diff(self.x)
        self.share = np.zeros(n)
        self.share[:-1] += steps / 2
        self.share[1:] += steps / 2
        self.bonded = self.x >= specimen.crack * (1 - 1e-12)
        self.damage: Array = np.where(self.bonded, 0.0, 1.0)
        self.beam = _beam_matrix(steps, bending, shear)
        stretch = modulus * h / 8 / steps
        self.slip = sparse.diags(
            [np.append(stretch, 0) + np.append(0, stretch), -stretch, -stretch], [0, 1, -1], format="csr"
        )
        middle = specimen.length / 2
        force = np.where(self.x < middle, -0.5, 0.5) * specimen.bending
        self.unit_load = np.zeros(3 * n)
        self.unit_load[0] = -specimen.opening
        self.unit_load[2 * n :] = 0.75 / h * force * self.share

    def follow(self, growth: float, most_steps: int) -> Path:
        n = len(self.x)
        state: Array = np.zeros(3 * n)
        matrix, _ = self._linearise(state)
        unit = splu(matrix).solve(-self.unit_load)
        load = 1.0 / float(self._criterion(unit).max())
        state = load * unit
        path = Path()
        self._record(path, np.zeros(3 * n), 0.0)
        self._record(path, state, load)
        zone: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)
        tip = int(np.argmax(self._criterion(state)))
        length = 0.1 * self.share[tip] * (abs(state[tip]) + abs(state[2 * n + tip]))
        for _ in range(most_steps):
            weights = np.zeros(3 * n)
            if not zone.any():
                whole = self.bonded & (self.damage < 1)
                zone[np.flatnonzero(whole)[np.argmax(self._criterion(state)[whole])]] = True
            weights[:n] = np.where(zone, self.share, 0.0)
            weights[2 * n :] = np.where(zone, self.share, 0.0) * np.sign(state[2 * n :])
            found = self._solve(state, load, weights, length)
            if found is not None:
                after, load_after, newton = found
                damage, progress = self._damage(after)
                advance = float(np.max(progress - self._damage(state)[1]))
            if found is None or advance > 2 * LARGEST_PROGRESS or not 0.5 < load_after / load < 2.0:
                length /= 2
                continue
            zone = (damage > self.damage) & (damage < 1)
            state, load, self.damage = after, load_after, damage
            self._record(path, state, load)
            if path.broken[-1] >= growth:
                return path
            length *= np.clip(min(LARGEST_PROGRESS / max(advance, 1e-12), 8 / newton), 0.5, 1.5)
        raise RuntimeError(f"the crack did not grow by {growth:g} m in {most_steps} steps")

    def _solve(self, start: Array, load: float, weights: Array, length: float) -> tuple[Array, float, int] | None:
        """Return the state in which `weights` · (state − start) is `length`, its load, and the Newton steps."""
        state = start.copy()
        scale = self.bond.normal_strength * self.share[self.bonded].min()
        for iteration in range(25):
            matrix, residual = self._linearise(state)
            residual = residual + load * self.unit_load
            if iteration and np.abs(residual).max() < TOLERANCE * scale:
                return state, load, iteration
            factors = splu(matrix)
            step, response = factors.solve(-residual), factors.solve(-self.unit_load)
            missing = length - weights @ (state + step - start)
            change = missing / (weights @ response)
            state = state + step + change * response
            load += change
            if not np.isfinite(load):
                return None
        return None

    def _linearise(self, state: Array) -> tuple[sparse.csc_matrix, Array]:
        """Return tangent and internal forces at `state`."""
        n = len(self.x)
        opening, rotation, slip = np.split(state, 3)
        (t_n, t_t), ((nn, nt), (tn, tt)) = self._traction(opening, slip)
        w, s = opening / 2 + t_n / self.spring_n, slip + t_t / self.spring_t
        forces = np.concatenate([self.beam @ np.concatenate([w, rotation]), self.slip @ s + self.share * t_t])
        forces[:n] += self.share * t_n
        diag, zero = sparse.diags, sparse.csr_matrix((n, n))
        change = sparse.bmat(
            [
                [diag(0.5 + nn / self.spring_n), zero, diag(nt / self.spring_n)],
                [zero, sparse.identity(n), zero],
                [diag(tn / self.spring_t), zero, diag(1 + tt / self.spring_t)],
            ]
        )
        share = diag(self.share)
        local = sparse.bmat(
            [[share @ diag(nn), zero, share @ diag(nt)], [zero, zero, zero], [share @ diag(tn), zero, share @ diag(tt)]]
        )
        matrix = sparse.block_diag([self.beam, self.slip]) @ change + local
        return matrix.tocsc(), forces

    def _measures(self, opening: npt.NDArray[Any], slip: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Return the equivalent opening λ = √(δ_n² + K_t/K_n δ_t²), and those of onset and end at its mixity."""
        bond, normal = self.bond, self.bond.normal_stiffness
        tension = np.where(opening.real >= 0, opening, 0)
        tiny = (1e-9 * bond.normal_strength / normal) ** 2
        shear = bond.shear_stiffness / normal * slip**2
        square = tension**2 + shear + tiny
        power = ((shear + tiny / 2) / square) ** bond.mixity_exponent
        first, second = bond.normal_strength**2 / normal, bond.shear_strength**2 / bond.shear_stiffness
        onset = np.sqrt((first + (second - first) * power) / normal)
        toughness = bond.normal_toughness + (bond.shear_toughness - bond.normal_toughness) * power
        return np.sqrt(square), onset, 2 * toughness / (normal * onset)

    def _traction(self, opening: Array, slip: Array) -> tuple[tuple[Array, Array], tuple[tuple[Array, Array], ...]]:
        """Return tractions (t_n, t_t) and their derivatives by (δ_n, δ_t), by complex steps."""
        step = 1e-20 * self.bond.normal_toughness / self.bond.normal_strength
        t_n, t_t = self._law(opening + 0j, slip + 0j)
        by_n = self._law(opening + 1j * step, slip + 0j)
        by_t = self._law(opening + 0j, slip + 1j * step)
        derivatives = tuple((dn.imag / step, dt.imag / step) for dn, dt in zip(by_n, by_t, strict=True))
        return (t_n.real, t_t.real), derivatives

    def _law(self, opening: npt.NDArray[Any], slip: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the tractions (t_n, t_t); in compression contact, a hundred times as stiff as the arms."""
        total, onset, end = self._measures(opening, slip)
        growing = end * (total - onset) / (total * (end - onset))
        damage = np.where(growing.real > self.damage, growing, self.damage)
        whole = np.where(damage.real < 1, 1 - damage, 0)
        contact = np.maximum(self.bond.normal_stiffness, 100 * self.spring_n)
        normal = np.where(opening.real >= 0, whole * self.bond.normal_stiffness, contact)
        return normal * opening, whole * self.bond.shear_stiffness * slip

    def _damage(self, state: Array) -> tuple[Array, Array]:
        """Return damage and the part of the softening gone through at `state`, both 0 to 1."""
        opening, _, slip = np.split(state, 3)
        total, onset, end = self._measures(opening, slip)
        damage = np.clip(np.maximum(self.damage, end * (total - onset) / (total * (end - onset))), 0, 1)
        return damage, np.where(self.bonded, np.clip((total - onset) / (end - onset), 0, 1), 1.0)

    def _criterion(self, state: Array) -> Array:
        """Return the equivalent opening over that of onset, 0 where there is no bond."""
        opening, _, slip = np.split(state, 3)
        total, onset, _ = self._measures(opening, slip)
        return np.where(self.bonded, total / onset, 0.0)

    def _record(self, path: Path, state: Array, load: float) -> None:
        """Add load, its displacement by the work of both parts, and the broken length."""
        specimen = self.specimen
        opening, _, slip = np.split(state, 3)
        (t_n, t_t), _ = self._traction(opening, slip)
        open_end = opening[0] + 2 * t_n[0] / self.spring_n
        s = slip + t_t / self.spring_t
        path.load.append(load)
        path.displacement.append(specimen.opening * open_end + specimen.bending * self._deflection(s, load))
        path.broken.append(float(self.share[self.bonded & (self.damage >= 1)].sum()))

    def _deflection(self, s: Array, load: float) -> float:
        """Return how far the middle goes down between supports at both ends, from slip and static moment."""
        specimen, h = self.specimen, self.specimen.thickness
        steps, middle = np.diff(self.x), specimen.length / 2
        centre = (self.x[1:] + self.x[:-1]) / 2
        left = centre < middle
        moment = specimen.bending * load / 2 * np.where(left, centre, specimen.length - centre)
        force = specimen.bending * load / 2 * np.where(left, -1.0, 1.0)
        curvature = (moment - specimen.modulus * h**2 * np.diff(s) / steps / 2) / (2 * specimen.modulus * h**3 / 3)
        rotation = np.concatenate([[0.0], np.cumsum(curvature * steps)])
        slope = (rotation[1:] + rotation[:-1]) / 2 + force / (2 * self.shear)
        w = np.concatenate([[0.0], np.cumsum(slope * steps)])
        w -= w[-1] * self.x / specimen.length
        return -float(np.interp(middle, self.x, w))


def _beam_matrix(steps: Array, bending: float, shear: float) -> sparse.csr_matrix:
    """Return the stiffness of a Timoshenko beam loaded at nodes, exactly; unknowns are all w, then all ψ."""
    n = len(steps) + 1
    phi = 12 * bending / (shear * steps**2)
    factor = bending / (steps**3 * (1 + phi))
    length, own, other = 6 * steps, (4 + phi) * steps**2, (2 - phi) * steps**2
    twelve = np.full_like(steps, 12.0)
    element = factor * np.array(
        [
            [twelve, length, -twelve, length],
            [length, own, -length, other],
            [-twelve, -length, twelve, -length],
            [length, other, -length, own],
        ]
    )
    first = np.arange(n - 1)
    dofs = np.array([first, n + first, first + 1, n + first + 1])
    rows = np.broadcast_to(dofs[:, None, :], element.shape).ravel()
    columns = np.broadcast_to(dofs[None, :, :], element.shape).ravel()
    return sparse.csr_matrix((element.ravel(), (rows, columns)), shape=(2 * n, 2 * n))


def _grid(specimen: Specimen, growth: float, size: float) -> Array:
    """Return grid points, `size` apart from a thickness before the tip to two beyond `growth`, coarser elsewhere."""
    h = specimen.thickness
    low, high = max(specimen.crack - h, 0.0), min(specimen.crack + growth + 2 * h, specimen.length)
    fine = specimen.crack + size * np.arange(
        -round((specimen.crack - low) / size), round((high - specimen.crack) / size) + 1
    )

    def coarser(start: float, end: float) -> list[float]:
        points, step = [start], size
        while abs(end - points[-1]) > 1.5 * step:
            step = min(step * GROWTH, h / 4)
            points.append(points[-1] + np.sign(end - start) * step)
        return [*points[1:-1], end] if len(points) > 1 else []

    before = coarser(fine[0], 0.0) if fine[0] > size / 2 else []
    after = coarser(fine[-1], specimen.length) if fine[-1] < specimen.length - size / 2 else []
    return np.array([*reversed(before), *fine, *after])
