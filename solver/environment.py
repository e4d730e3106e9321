"""What the program runs on: versions, cores, memory."""

from __future__ import annotations

import importlib
import os
import platform
import tomllib
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "dolfinx",
    "fenics-ufl",
    "petsc4py",
    "mpi4py",
    "gmsh",
    "meshio",
    "numpy",
    "scipy",
    "pandas",
    "h5py",
    "pyvista",
    "matplotlib",
    "SurfaceTopography",
    "pydantic",
    "pint",
    "ruamel.yaml",
    "typer",
)


def version() -> str:
    """Return the version of Interstice, with the commit if it runs from a checkout."""
    root = Path(__file__).resolve().parents[1]
    project = root / "pyproject.toml"
    if project.exists():
        number = tomllib.loads(project.read_text())["project"]["version"]
    else:
        number = _version("interstice-fem")
    commit = _commit(root / ".git")
    return f"{number} (commit {commit[:12]})" if commit else number


def _commit(git: Path) -> str | None:
    """Return the commit of a checkout, without git, which the environment need not have."""
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def describe() -> list[tuple[str, str]]:
    """Return names and versions, number of cores and memory; what is not installed says so."""
    rows = [("Interstice", version()), ("Python", platform.python_version()), ("System", platform.platform())]
    rows += [("PETSc", _petsc()), ("MPI", _mpi())]
    rows += [(name, _version(name)) for name in PACKAGES]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [*rows, ("Cores", str(len(os.sched_getaffinity(0)))), ("Memory", f"{memory / 2**30:.1f} GiB")]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        try:
            return str(importlib.import_module(name).__version__)
        except (ImportError, AttributeError):
            return "not installed"


def _petsc() -> str:
    try:
        from petsc4py import PETSc
    except ImportError:
        return "not installed"
    version, scalar = PETSc.Sys.getVersion(), PETSc.ScalarType.__name__
    return f"{'.'.join(map(str, version))}, {scalar}"


def _mpi() -> str:
    try:
        from mpi4py import MPI
    except ImportError:
        return "not installed"
    return MPI.Get_library_version().strip("\0 ").splitlines()[0].split(",")[0]
