"""Cracks of a cell: one that runs while no time passes, and the path of equilibrium along which one grows."""

from __future__ import annotations

from interstice.schema import DoubleCantilever
from interstice.solver.algebra import Report
from interstice.solver.bodies.arms import Arms
from interstice.solver.cell import Cell
from interstice.solver.crack.path import Path
from interstice.solver.crack.unstable import Event, Owner
from interstice.solver.interface.activity import Activity
from interstice.solver.interface.bond import Bond
from interstice.solver.part import Load


def run_crack(cell: Cell, time_step: float, load: Load) -> tuple[Event, Report]:
    """Let a crack run that no time step, however short, can follow; then solve the step of that length again.

    The crack runs in no time: but for the first state the concentration stays what it is. SolveError as `Cell.advance`.
    """
    fastest = max(cell.every(Bond), key=lambda bond: bond.growth)
    assert fastest.face.drag is not None
    begun = False

    def solve() -> Report:
        return cell.settle() if begun else cell.advance(time_step, load)

    def commit() -> None:
        nonlocal begun
        begun = True
        for part in cell.parts:
            if part.runs_with_crack:
                part.commit()
        cell.book()

    event = fastest.face.drag.run(Owner(solve, cell.state, commit))
    return event, cell.advance(time_step, load)


def path(cell: Cell) -> Path:
    """Return the path of equilibrium from the present state, along which the crack grows; λ is the opening [m]."""
    (face,), geometry, arms = cell.faces, cell.case.geometry, cell.one(Arms)
    assert face.bond is not None and isinstance(geometry, DoubleCantilever)

    def commit() -> None:
        cell.commit()
        cell.book()
        for activity in cell.every(Activity):
            activity.follow()

    # in a step the crack grows by about the distance of nodes, in 3D along all of its front
    return Path(
        cell.systems[-1],
        arms.open,
        [face.bond],
        face.bond.final_opening * face.mean_spacing * (geometry.width or 1.0),
        cell.state,
        cell.update,
        commit,
    )
