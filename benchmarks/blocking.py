"""Blocking: nothing crosses the detached part of the interface, and nothing is lost on the way, cycle after cycle.

After each time step: the current over the nodes that are apart, exactly zero; the currents at the collector, through
the interface and at the counter face, all the same; the lithium in the host, what it was less the charge passed.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import cycled
from interstice.benchmarks.case_run import CaseRun
from interstice.benchmarks.report import Result
from interstice.solver.constants import FARADAY

NAME = "blocking"


class Options(cycled.Options):
    """The surface, the mesh, and the cycles, which part the sides by more than the gap up to which they touch."""

    duration: float = Field(20.0, gt=0)
    """duration of a charge and of a discharge [s]"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Cycle; errors are the largest over all time steps, over the applied current and the charge passed so far."""
    film = CaseRun(cycled.read(options), comm)
    cell, face = film.cell, film.cell.faces[0]
    interface, transfer, terminals = face.interface, face.transfer, cell.terminals
    host = cell.model.working.host
    assert transfer is not None and face.contact is not None and host is not None
    (block,) = cell.case.faces.values()
    assert block.kinetics is not None
    amount = cell.domain.form(host.c * cell.domain.dx(transfer.electrode.side))
    start = cell.domain.integrate(amount)
    applied = options.current * cell.model.apparent_area
    left = passed = 0.0
    detached, charge, lithium, fractions, swings = [], [], [], [], []
    for advance in film.advances():
        j = transfer.read_current()
        # what neither presses nor is near the other side, as nodes are that the current itself holds without pressure
        apart = ~face.touching & (face.contact.gap.read() > block.kinetics.touching_gap)
        detached.append(interface.sum(np.where(apart, np.abs(j), 0.0)))
        crossing = interface.sum(j)
        through = terminals.current_density * cell.model.apparent_area
        charge.append(max(abs(current - crossing) for current in (through, *terminals.currents)))
        left += through * advance.duration / FARADAY
        passed += abs(through) * advance.duration / FARADAY
        change = cell.domain.integrate(amount) - start
        lithium.append(abs(change + left) / passed)
        swings.append(change)
        fractions.append(1 - interface.sum(apart.astype(float)) / face.area)
    return Result(
        NAME,
        options.model_dump(),
        {
            "least touching fraction": min(fractions),
            "greatest touching fraction": max(fractions),
            "lithium taken out [mol/m]": -min(swings),
            "charge passed [C/m]": passed * FARADAY,
            "time steps": film.steps,
        },
        {"charge passed [C/m]": 2 * options.cycles * options.duration * applied},
        {
            "detached_current": max(detached) / applied,
            "charge": max(charge) / applied,
            "lithium": max(lithium),
        },
        film.cost(),
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
