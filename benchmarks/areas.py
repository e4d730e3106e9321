"""The identity of areas, j_app = j_loc f_c A_geom/A_app, as contact is lost and found again.

j_app is what the collector is fed over the apparent area; j_loc is the mean, over the area that reacts, of the local
current density that the kinetics give. Where no current is applied the sum over the interface is to vanish.
"""

from __future__ import annotations

from mpi4py import MPI

from interstice.benchmarks import cycled
from interstice.benchmarks.case_run import CaseRun
from interstice.benchmarks.report import Result
from interstice.solver.history import Row, row

NAME = "areas"


class Options(cycled.Options):
    """The surface, the mesh, and the cycles."""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Cycle and compare the two current densities after each time step, over the largest applied one."""
    film = CaseRun(cycled.read(options), comm)
    rows = [row(film.cell, advance) for advance in film.advances()]
    error = max(abs(_from_areas(each) - each["current density [A/m^2]"]) for each in rows) / options.current
    fractions = [each["active fraction [1]"] for each in rows]
    last = next(each for each in reversed(rows) if each["current density [A/m^2]"])
    return Result(
        NAME,
        options.model_dump(),
        {
            "least active fraction": min(fractions),
            "greatest active fraction": max(fractions),
            "A_geom/A_app": last["geometric area [m^2]"] / last["apparent area [m^2]"],
            "j_app at the end [A/m^2]": _from_areas(last),
            "time steps": len(rows),
        },
        {"j_app at the end [A/m^2]": last["current density [A/m^2]"]},
        {"identity": error},
        film.cost(),
    )


def _from_areas(reported: Row) -> float:
    """Return j_loc f_c A_geom/A_app [A/m²]."""
    local, fraction = reported["mean local current density [A/m^2]"], reported["active fraction [1]"]
    return local * fraction * reported["geometric area [m^2]"] / reported["apparent area [m^2]"]


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
