"""Interstice: where does a solid-state battery interface stay in contact, and what does losing contact cost?"""

from __future__ import annotations

import os

from interstice.solver.system import load_mpi

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

load_mpi()
