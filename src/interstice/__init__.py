"""Interstice: where does a solid-state battery interface stay in contact, and what does losing contact cost?"""

from __future__ import annotations

import sys

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    # ``python -m interstice``: modules beside a case, a solver.py or numpy.py, are not those of the program
    del sys.path[0]

import os
from typing import TYPE_CHECKING, Any

from interstice.solver.system import have_folders, load_mpi, shield_petsc

# Read by libraries when they are loaded, so it is set before any of them; what the user set is kept.
for _name, _value in {
    # MPI ranks fill the cores; threads of the linear algebra underneath would only fight for them
    "OMP_NUM_THREADS": "1",
    # the program says in its own words why it ends
    "MPIR_CVAR_SUPPRESS_ABORT_MESSAGE": "1",
    # pictures are drawn in memory, without looking for a screen
    "PYVISTA_OFF_SCREEN": "true",
    "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
}.items():
    os.environ.setdefault(_name, _value)

have_folders()
load_mpi()
shield_petsc()

if TYPE_CHECKING:
    from interstice.solver.api import InterfaceHistory, Run, load, run, study
    from interstice.solver.reader import CaseError, LoadedCase
    from interstice.solver.results import OutputError

__all__ = ["CaseError", "InterfaceHistory", "LoadedCase", "OutputError", "Run", "load", "run", "study"]


def __getattr__(name: str) -> Any:
    """Import what is asked for by its name, so that importing interstice alone takes no time."""
    if name not in __all__:
        raise AttributeError(f"module 'interstice' has no attribute '{name}'")
    from interstice.solver import api, reader, results

    return next(getattr(module, name) for module in (api, reader, results) if hasattr(module, name))
