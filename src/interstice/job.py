"""A run as a job: the folder it writes, the ranks that carry it out, the exit code it ends with."""

from __future__ import annotations

import os
import re
import shlex
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interstice.solver import launch, system
from interstice.solver.reader import CaseError, LoadedCase, read_case
from interstice.solver.results import OutputError, WriteError, case_of, discard, hold_together, prepare, write_case
from interstice.solver.stop import StopError
from interstice.solver.terminal import Said, fail, mpi_rank, shout, warn
from interstice.solver.watch import end_all

if TYPE_CHECKING:
    from mpi4py import MPI

RANKS_PER_CORE = 8
EXIT_CANNOT_WRITE = 74
"""Exit code where the disk is full, or the folder of the results was taken away."""
EXIT_MISSING_IN_SYSTEM = 72
"""Exit code, also of the launcher, where the operating system lacks a library or a compiler."""

OPTIONS: dict[Said, list[str]] = {"steps": [], "everything": ["-v"], "nothing": ["--quiet"], "json": ["--json"]}
"""What to give to `run` for what it is to print."""


@dataclass(frozen=True)
class Job:
    """What was asked for: a case with values replaced, a folder (None: one named after the case), what to print.

    `petsc` are options for PETSc, as on the command line of its programs. With `resume` it is to go on with the run
    whose results are in that folder: as one of the case, which has a longer protocol, if one is given.
    """

    case: Path | None
    overrides: list[str]
    output: Path | None
    overwrite: bool
    said: Said
    resume: Path | None = None
    petsc: str = ""

    def carry_out(self, ranks: int | None) -> int:
        """Run the case on `ranks` ranks, or those of the mpirun that started this process; return the exit code."""
        system.shield_petsc(_options_of_petsc(self.petsc))
        if mpi_rank() is None:
            ranks = allowed(1 if ranks is None else ranks)
            loaded, directory = self._checked()
            return self._on_ranks(ranks, directory) if ranks > 1 else self._simulate(loaded, directory)
        if ranks is not None:
            fail(f"-n {ranks}: the program already runs under mpirun, which sets the number of ranks; leave out -n")
        return self._simulate(*self._checked_together())

    def _checked(self) -> tuple[LoadedCase, Path]:
        """Return the case and the folder of its results after making sure that both can be used."""
        try:
            return self._found()
        except (CaseError, OutputError) as error:
            fail(str(error))

    def _found(self) -> tuple[LoadedCase, Path]:
        """Return the case and the folder of its results, ready to be written; CaseError or OutputError."""
        if self.resume:
            own = case_of(self.resume, () if self.case else self.overrides)
            return read_case(self.case, self.overrides) if self.case else own, self.resume
        assert self.case
        loaded = read_case(self.case, self.overrides)
        return loaded, prepare(self.output, loaded, self.overwrite)

    def _checked_together(self) -> tuple[LoadedCase, Path]:
        """Do the same on one rank for all; if it fails, all do."""
        from mpi4py import MPI

        problem = loaded = directory = None
        if MPI.COMM_WORLD.rank == 0:
            try:
                loaded, directory = self._found()
            except (CaseError, OutputError) as error:
                problem = str(error)
        problem, loaded, directory = MPI.COMM_WORLD.bcast((problem, loaded, directory))
        if problem or loaded is None or directory is None:
            fail(problem)
        return loaded, directory

    def _on_ranks(self, ranks: int, directory: Path) -> int:
        """Compute with this same program under mpirun and return the exit code."""
        cores = len(os.sched_getaffinity(0))
        if ranks > cores:
            warn(f"warning: {ranks} ranks share {cores} cores and will be slower than {cores} ranks")
        options = [word for override in self.overrides for word in ("--set", override)]
        options += ["--petsc", self.petsc] if self.petsc else []
        case = ["--", str(self.case)] if self.case else []
        if self.resume:
            options += ["--resume", str(self.resume), *(["--extend"] if self.case else [])]
        else:
            # the folder has just been made for them
            options += ["-o", str(directory), "--overwrite"]
        code = launch.on_ranks(ranks, ["run", *options, *OPTIONS[self.said], *case])
        return code

    def _simulate(self, loaded: LoadedCase, directory: Path) -> int:
        """Compute and return the exit code; what goes wrong on one rank ends all of them."""
        from mpi4py import MPI

        comm, lock = MPI.COMM_WORLD, None
        try:
            from interstice.solver import checkpoint, simulation, stop

            stop.hear()
            lock = hold_together(directory, comm)
            begun = checkpoint.shared(directory, comm) if self.resume else None
            if begun:
                begun.check(loaded)
            if self.resume and self.case and comm.rank == 0:
                write_case(directory, loaded)
            return simulation.run(loaded, directory, comm, self.said, begun)
        except WriteError as error:
            shout(f"error: {error}; go on with  interstice run --resume {directory}  when there is room")
            return _end_all(comm, EXIT_CANNOT_WRITE)
        except OutputError as error:
            warn(str(error))
            return 2
        except CaseError as error:
            warn(str(error))
            if comm.rank == 0:
                discard(directory)
            return 2
        except StopError as asked:
            warn(f"go on with  interstice run --resume {directory}")
            return asked.exit_code
        except KeyboardInterrupt:
            warn("interrupted before the first time step")
            return _end_all(comm, 130)
        except BaseException as error:
            log = directory / "error.log"
            with suppress(OSError), log.open("a", encoding="utf-8") as file:
                file.write(f"rank {comm.rank} of {comm.size}\n{traceback.format_exc()}\n")
            if comm.rank > 0:
                time.sleep(1)  # if rank 0 fails too, its words are enough
            summary = str(error).partition("\n")[0]
            where = f" on rank {comm.rank}" if comm.size > 1 else ""
            shout(f"error{where}: {type(error).__name__}: {summary} (details: {log})")
            from interstice.solver import status

            with suppress(OSError):
                status.fail(directory, f"{type(error).__name__}: {summary}")
            lacking = system.missing_behind(error)
            if lacking:
                shout(system.words(lacking))
            return _end_all(comm, EXIT_MISSING_IN_SYSTEM if lacking else 1)
        finally:
            if lock:
                lock.release()


def _options_of_petsc(text: str) -> list[str]:
    """Return the words of options for PETSc; end the program in words if they are none."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        fail(f"--petsc '{text}': {error}")
    if words and not re.match("-[a-z]", words[0]):
        fail(f"--petsc '{text}': options begin with a hyphen, such as '-log_view' or '-multigrid_ksp_rtol 1e-6'")
    return words


def allowed(ranks: int) -> int:
    """Return `ranks` if so many can be started here; end the program in words if not."""
    cores = len(os.sched_getaffinity(0))
    if not 1 <= ranks <= RANKS_PER_CORE * cores:
        fail(
            f"-n {ranks}: allowed are 1 to {RANKS_PER_CORE * cores} ranks on the {cores} cores here; "
            "on a cluster start 'mpirun -n … interstice run CASE'"
        )
    if ranks > 1 and launch.mpiexec() is None:
        fail(f"-n {ranks}: mpiexec is not installed here")
    return ranks


def _end_all(comm: MPI.Comm, code: int) -> int:
    if comm.size > 1:
        end_all(comm, code)
    return code
