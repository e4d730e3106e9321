"""What the program runs on: versions, cores, memory."""

from __future__ import annotations

import importlib
import os
import platform
import shlex
import subprocess
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "dolfinx",
    "dolfinx-solver-real",
    "fenics-basix",
    "fenics-ffcx",
    "fenics-ufl",
    "petsc4py",
    "mpi4py",
    "mpich",
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

LISTENED_TO = ("OMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "MPIR_CVAR_", "UCX_", "SCOTCH_", "PYTHONHASHSEED")
"""How the names of environment variables begin that may change the last digits of results."""


def version() -> str:
    """Return the version of Interstice, with the commit if it runs from a checkout."""
    root = Path(__file__).resolve().parents[1]
    project = root / "pyproject.toml"
    if project.exists():
        number = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
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
    rows += [("Processor", _processor()), ("PETSc", _petsc()), ("Options of PETSc", _petsc_options()), ("MPI", _mpi())]
    rows += [("BLAS of NumPy", _blas()), ("C compiler of forms", _compiler()), ("Settings", _settings())]
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


def _petsc_options() -> str:
    """Return all that stand in PETSc's database: those that the program starts it with, and those of the user."""
    try:
        from petsc4py import PETSc
    except ImportError:
        return ""
    return " ".join(f"-{key} {value or ''}".rstrip() for key, value in sorted(PETSc.Options().getAll().items()))


def _processor() -> str:
    """Return its name: libraries of linear algebra choose their loops by it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{name} {platform.machine()}".strip()


def _blas() -> str:
    try:
        import numpy as np

        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (ImportError, KeyError, TypeError):
        return "not known"
    return f"{found.get('name')} {found.get('version')}"


def _compiler() -> str:
    """Return the compiler that makes machine code of forms, and its options."""
    words = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    try:
        from dolfinx import jit

        options = jit.get_options()["cffi_extra_compile_args"]
        said = subprocess.run([*words, "--version"], capture_output=True, text=True).stdout
    except (ImportError, OSError):
        return "not installed"
    return f"{said.partition(chr(10))[0]}, {' '.join([*options, os.environ.get('CFLAGS', '')]).strip()}"


def _settings() -> str:
    """Return the environment variables that libraries of linear algebra and MPI listen to."""
    return " ".join(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(LISTENED_TO))


def _mpi() -> str:
    try:
        from mpi4py import MPI
    except ImportError:
        return "not installed"
    return MPI.Get_library_version().strip("\0 ").splitlines()[0].split(",")[0]
