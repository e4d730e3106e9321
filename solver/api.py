"""Cases from Python: load one, run it, look at its numbers.

    import interstice

    case = interstice.load("film_2d.yaml", {"stack.pressure": "20 MPa"})
    run = interstice.run(case)
    run.history["voltage"]                                  # a pandas.DataFrame, its units in run.history.attrs
    run.interface["electrode/electrolyte"].pressure         # shape (times, nodes)

What goes wrong is an exception with the sentences of the command line: CaseError of a case that cannot be used,
OutputError of a folder. A protocol that could not be carried through is no error: `Run.stopped` says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from interstice.solver.reader import LoadedCase, read_case, read_mapping

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from interstice.solver.cell import Cell
    from interstice.solver.checkpoint import Remembering
    from interstice.solver.site import Face
    from interstice.solver.stepping import Advance

Array = npt.NDArray[np.float64]


def load(case: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> LoadedCase:
    """Return a checked case: of a file, or a mapping of the same keys and values, whose paths begin where Python runs.

    Its `notes` are those of ``interstice validate``.
    `changes` replaces values by their dotted keys, as ``--set`` does. CaseError names every problem.

    >>> case = load("cases/film_2d.yaml", {"stack.pressure": "20 MPa", "protocol": ["rest for 1 min"]})
    >>> case.case.stack.pressure
    20000000.0
    """
    overrides = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in (changes or {}).items()]
    return read_mapping(case, overrides) if isinstance(case, Mapping) else read_case(case, overrides)


def run(
    case: LoadedCase | str | Path | Mapping[str, Any] | None = None,
    output: str | Path | None = None,
    progress: bool = False,
    overwrite: bool = False,
    resume: str | Path | None = None,
) -> Run:
    """Carry out a case, on all ranks of MPI.COMM_WORLD, and return what came of it.

    With an `output` folder it leaves the files of ``interstice run`` there; without, all is kept in memory. OutputError
    if the folder cannot be written, or is not empty: `overwrite` replaces the results of an earlier run, nothing else.
    `progress` prints a line for each step of the protocol. Solver objects are freed at the end.

    With `resume`, a folder of results, the run there goes on from its last checkpoint; if a `case` is given too, as one
    of that, which may differ in how its protocol goes on. The history is then that of all, `interface` holds what
    happens from there. CheckpointError, an OutputError, if it cannot go on.

    >>> short = run(load("cases/film_2d.yaml", {"protocol": ["rest for 1 min"]}))
    >>> short.stopped, len(short.history) == len(short.interface["electrode/electrolyte"].time)
    ('', True)
    """
    from mpi4py import MPI

    from interstice.solver import simulation
    from interstice.solver.cautions import Cautions
    from interstice.solver.checkpoint import shared
    from interstice.solver.progress import Steps
    from interstice.solver.results import case_of, hold_together, prepare, together, write_case

    if resume is not None and (output is not None or overwrite):
        raise ValueError("a run that goes on does so in its folder: leave out output and overwrite")
    comm = MPI.COMM_WORLD
    folder = None if (given := resume or output) is None else Path(given)
    if case is not None:
        loaded = case if isinstance(case, LoadedCase) else load(case)
    elif resume is not None:
        loaded = case_of(Path(resume))
    else:
        raise ValueError("a case is needed, or resume")
    if output is not None:
        together(comm, lambda: prepare(Path(output), loaded, overwrite))
    result, begun = Run(folder), None

    def followers(cell: Cell) -> Sequence[simulation.Follower]:
        recorder = _Recorder(cell, result)
        cautions = Cautions(cell, () if begun else loaded.warnings, folder, aloud=progress)
        result.warnings = cautions.told
        others: list[Remembering] = [recorder, *([Steps(cell, folder)] if progress else []), cautions]
        return others if folder is None else simulation.writers(cell, loaded, folder, others, begun)

    lock = None if folder is None else hold_together(folder, comm)
    try:
        begun = None if resume is None else shared(Path(resume), comm)
        if begun:
            begun.check(loaded)
        if resume is not None and case is not None and comm.rank == 0:
            write_case(Path(resume), loaded)
        simulation.simulate(loaded, comm, followers, begun)
    finally:
        if lock:
            lock.release()
    return result


def study(study: str | Path) -> pandas.DataFrame:
    """Return the table of a study, collected anew from its runs: a row for each, also of those that have not ended.

    `study` is the folder of its results, or its file, whose folder is ``results/STUDY`` then. The table is written into
    the folder, too: ``pandas.read_parquet("results/STUDY/table.parquet")`` is the same, and so are its `attrs`: the
    `units` of columns, the names of `inputs`, of `outputs` and of numbers of the `summary`.
    OutputError if there is no study.
    """
    from interstice.solver.study.collect import collect
    from interstice.solver.study.folder import of_argument

    return collect(of_argument(Path(study)))


class Run:
    """What came of a run; the same on every rank.

    `stopped` says why the protocol could not be carried through, "" if it was; after a stop at the assembly there is no
    row. `interface` holds what happened at each interface, by its name. `warnings` say where the model left the range
    in which it holds. `folder` is that of the results, if any.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.stopped = folder, ""
        self.warnings: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.columns: list[str] = []
        self.interface: dict[str, InterfaceHistory] = {}

    @property
    def history(self) -> pandas.DataFrame:
        """A row for each time step, the first of the assembled cell; ``attrs["units"]`` holds the units by column."""
        import pandas

        from interstice.solver.units import split_unit

        titles = [split_unit(column) for column in self.columns]
        table = pandas.DataFrame([list(row.values()) for row in self.rows], columns=[name for name, _ in titles])
        table.attrs["units"] = dict(titles)
        return table

    @property
    def summary(self) -> dict[str, Any]:
        """Capacities, efficiencies, mean overpotentials, active fractions: what ``interstice run --json`` prints.

        Nothing where the run stopped at the assembly.
        """
        from interstice.solver.summary import summary

        return summary(self.rows, list(self.interface)) if self.rows else {}

    def plot(self) -> dict[str, Figure]:
        """Return the pictures of the history by their names; ``interstice plot`` draws those of the fields too.

        There is none where the run stopped at the assembly.
        """
        import pandas

        from interstice.solver.plot import curves
        from interstice.solver.plot.run import Run as Written

        return curves(Written.of(pandas.DataFrame(self.rows))) if self.rows else {}


class InterfaceHistory:
    """What happened at the nodes of one interface, in the order of their places; the same on every rank.

    `x` [m] has shape (nodes, d), `area` [m², in plane 2D m] (nodes,), `time` [s] (times,), all others (times, nodes):
    `share` of the area that conducts, `current_density` [A/m²] and, where the sides may part, `gap` [m] and `pressure`
    [Pa], with a bond `damage`.
    """

    def __init__(self, x: Array, area: Array, names: Iterable[str]) -> None:
        self.x, self.area = x, area
        self._times: list[float] = []
        self._values: dict[str, list[Array]] = {name: [] for name in names}

    def add(self, time: float, values: Mapping[str, Array]) -> None:
        """Append the nodal `values`, each of shape (nodes,), of a `time` [s]."""
        self._times.append(time)
        for name, nodal in values.items():
            self._values[name].append(nodal)

    @property
    def time(self) -> Array:
        """The times [s]."""
        return np.array(self._times)

    def __getattr__(self, name: str) -> Array:
        values = self.__dict__.get("_values", {})
        if name not in values:
            raise AttributeError(f"this interface has no {name}; it has {', '.join(values)}")
        return np.array(values[name]).reshape(len(self._times), len(self.x))


class _Recorder:
    """Keeps rows and nodal values of all time steps in a `Run`."""

    def __init__(self, cell: Cell, result: Run) -> None:
        self._cell, self._result = cell, result
        self._nodes = {face.name: _Nodes(face) for face in cell.faces}
        result.interface = {name: nodes.history for name, nodes in self._nodes.items()}

    def advanced(self, advance: Advance | None, row: dict[str, Any]) -> None:
        from interstice.solver.history import with_kind

        self._result.rows.append(with_kind(row, advance))
        for nodes in self._nodes.values():
            nodes.record(row["time [s]"])

    def memory(self) -> None:
        """Return nothing: what the rows were is in the history."""

    def recall(self, memory: None) -> None:
        from interstice.solver.history import read_rows_with_kind

        comm, folder = self._cell.comm, self._result.folder
        assert folder
        self._result.rows = comm.bcast(read_rows_with_kind(folder / "history.csv") if comm.rank == 0 else None)

    def finished(self, reason: str) -> None:
        from interstice.solver.history import row, with_kind

        self._result.stopped = reason
        self._result.columns = list(
            self._result.rows[0] if self._result.rows else with_kind(row(self._cell, None), None)
        )


class _Nodes:
    """Gathers nodal values of one interface."""

    def __init__(self, face: Face) -> None:
        from interstice.solver.state import order_of

        self._face, self._read = face, _readers(face)
        places = face.interface.gathered(face.interface.space.tabulate_dof_coordinates())
        self._order = order_of(places)
        dimension = face.interface.mesh.geometry.dim
        area = face.interface.gathered(face.interface.areas.x.array)[self._order]
        self.history = InterfaceHistory(places[self._order, :dimension], area, self._read)

    def record(self, time: float) -> None:
        gathered = {name: self._face.interface.gathered(read())[self._order] for name, read in self._read.items()}
        self.history.add(time, gathered)


def _readers(face: Face) -> dict[str, Callable[[], Array]]:
    """Return what reads the nodal values of an interface, by their names."""
    passage, contact, bond = face.passage, face.contact, face.bond
    readers: dict[str, Callable[[], Array]] = {}
    if passage:
        readers |= {"share": passage.read_share, "current_density": passage.read_current}
    if contact:
        readers |= {"gap": contact.gap.read, "pressure": lambda: contact.pressure}
    if bond:
        readers["damage"] = lambda: bond.damage_old.x.array
    return readers
