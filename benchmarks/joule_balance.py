"""The first law in a cell that heats itself: work of the current becomes chemical energy and heat, stored or given off.

A film of LCO on LLZO with a wavy surface in a stiff fixture is charged, left alone, and discharged until more than half
of its contact is lost, computed by the program itself as any case with `heat`. Over all time steps

    ∫ V I dt = ∫∫ j_n (U − T ∂U/∂T) dS dt + heat stored + ∫ heat given off dt,

each integral by the time scheme of the cell. Nothing in it is what the program says that is made as heat: the
potential U, the entropic coefficient and the temperature at the nodes give the chemical energy, the temperature alone
the rest.
"""

from __future__ import annotations

from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.case_run import CaseRun, read_text
from interstice.benchmarks.options import Parameters
from interstice.benchmarks.report import Result
from interstice.solver.bodies.heat import Heat, HeatBalance
from interstice.solver.domain.readers import NodalReader
from interstice.solver.interface.charge_transfer import ChargeTransfer
from interstice.solver.state import State

NAME = "joule-balance"
# touching sharply, nodes are lost one by one until few are left, where all would fade together
CASE = """\
title: a wavy film that heats itself
geometry:
  builder: film
  length: {length!r} m
  electrode_thickness: {thickness!r} m
  electrolyte_thickness: {thickness!r} m
  element_size: {size!r} m
  roughness: {{kind: sinusoidal, amplitude: {amplitude!r} m, wavelength: {wavelength!r} m}}
  roughness_as: profile
electrode: {{material: LCO, initial_stoichiometry: 0.7}}
electrolyte: {{material: LLZO}}
interface:
  kinetics: {{exchange_current_density: 10 A/m^2, activation_energy: 30 kJ/mol, touching_gap: 1e-18 m}}
stack: {{hold: fixed_thickness, pressure: {pressure!r} Pa}}
heat:
  collector_transfer: {collector_transfer!r} W/(m^2*K)
  counter_transfer: {counter_transfer!r} W/(m^2*K)
  ambient: {ambient!r} K
protocol:
- {{step: charge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
- {{step: rest, time: {rest!r} s}}
- step: discharge
  current_density: {current!r} A/m^2
  until: {{time: {emptying!r} s, active_fraction: {fraction!r}}}
time: {{initial: {first!r} s, maximum: {longest!r} s}}
"""


class Options(Parameters):
    """The surface, the mesh, the cycle, and how heat leaves."""

    elements: int = Field(16, ge=8)
    """elements of the interface per wavelength"""
    waves: int = Field(2, ge=1)
    """waves of the surface"""
    wavelength: float = Field(1e-6, gt=0)
    """wavelength, and thickness of each film [m]"""
    amplitude: float = Field(50e-9, gt=0)
    """amplitude of the surface [m]"""
    pressure: float = Field(20e6, gt=0)
    """pressure at assembly [Pa]"""
    current: float = Field(20.0, gt=0)
    """current density over the apparent area [A/m^2]"""
    duration: float = Field(15.0, gt=0)
    """duration of the charge, of a quarter of which the rest is [s]"""
    discharge: float = Field(2.0, gt=0)
    """the longest duration of the discharge over that of the charge"""
    fraction: float = Field(0.4, gt=0, lt=1)
    """share of the interface in contact below which the discharge ends"""
    collector_transfer: float = Field(0.5, ge=0)
    """transfer of heat from the platen on the collector to its surroundings [W/(m^2 K)]"""
    counter_transfer: float = Field(0.2, ge=0)
    """the same under the counter face [W/(m^2 K)]"""
    ambient: float = Field(298.15, gt=0)
    """temperature of the surroundings; the cell begins at 298.15 K [K]"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Carry out the protocol; the error is what is missing after any time step, over the most heat made until then."""
    film = CaseRun(read_text(_text(options)), comm)
    cell = film.cell
    balance, terminals = cell.one(HeatBalance), cell.terminals
    # kept out of the state of the cell, which may go back in time: only accepted steps are added
    work, chemical, out = (cell.rates.integral(name, State()) for name in ("work", "chemical energy", "given off"))
    enthalpies = [(transfer, _enthalpy(transfer)) for transfer in cell.every(ChargeTransfer)]
    missing, made, fractions, warmest = [], [], [], 0.0
    for _ in film.advances():
        work.add(terminals.voltage * terminals.current_density * cell.model.apparent_area)
        chemical.add(sum(each.interface.sum(each.read_current() * reader.read()) for each, reader in enthalpies))
        out.add(sum(balance.given_off(face) for face in ("collector", "counter")))
        made.append(work.value - chemical.value)
        missing.append(abs(made[-1] - balance.stored - out.value))
        fractions.append(cell.active_fraction)
        warmest = max(warmest, max(side.columns()["max temperature [K]"] for side in cell.every(Heat)))
    return Result(
        NAME,
        options.model_dump(),
        {
            "electrical work [J/m]": work.value,
            "chemical energy [J/m]": chemical.value,
            "heat stored [J/m]": balance.stored,
            "heat given off [J/m]": out.value,
            "warmest [K]": warmest,
            "least active fraction": min(fractions),
            "time steps": film.steps,
        },
        {"heat given off [J/m]": made[-1] - balance.stored},
        {"energy": max(missing) / max(map(abs, made))},
        film.cost(),
    )


def _enthalpy(transfer: ChargeTransfer) -> NodalReader:
    """Return a reader of U − T ∂U/∂T [V] at the nodes of an interface, as the electrode there has them."""
    electrode, face = transfer.electrode, transfer.face
    host = electrode.host
    assert host is not None
    theta = face.seen_from(electrode, host.c) / host.c_max
    temperature = face.seen_from(electrode, electrode.temperature)
    equilibrium = host.open_circuit_potential(theta, temperature)
    return face.interface.reader(equilibrium - temperature * host.material.entropic(theta))


def _text(options: Options) -> str:
    """Return the case."""
    return CASE.format(
        **options.model_dump(),
        length=options.waves * options.wavelength,
        thickness=options.wavelength,
        size=options.wavelength / options.elements,
        rest=options.duration / 4,
        emptying=options.duration * options.discharge,
        first=options.duration / 10,
        longest=options.duration / 4,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
