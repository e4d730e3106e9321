"""Interstice: where does a solid-state battery interface stay in contact, and what does losing contact cost?"""

from __future__ import annotations

import ctypes
from importlib import metadata


def _load_mpi() -> None:
    """Load MPI's library of the PyPI wheels, without starting MPI.

    The wheels of DOLFINx and PETSc do not know where it lies and find it only when it has been loaded before them.
    """
    try:
        files = metadata.files("mpich") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "libmpi.so.12":
            ctypes.CDLL(str(file.locate()))


_load_mpi()
