"""Does this Python carry what Interstice needs?

``check.py`` answers in a fraction of a second: modules are looked up, DOLFINx's library is loaded, but nothing is
imported, because an import would initialise MPI in a process that ``mpirun`` started for somebody else.
``check.py --thorough`` imports everything and renders a picture; it ends the build of an environment.

Exit code 0 when everything is there; otherwise 1, with one line on standard error for each thing that is missing.
"""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import sys
import tempfile
from pathlib import Path

SUPPORTED_DOLFINX = "0.9."

MODULES = (
    "dolfinx",
    "gmsh",
    "h5py",
    "matplotlib",
    "meshio",
    "mpi4py",
    "numpy",
    "pandas",
    "petsc4py",
    "pint",
    "psutil",
    "pydantic",
    "pyvista",
    "rich",
    "ruamel.yaml",
    "scipy",
    "SurfaceTopography",
    "typer",
)
DEVELOPMENT_MODULES = ("hypothesis", "jsonschema", "pytest", "pytest_timeout", "mypy", "ruff")


def is_present(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def missing() -> list[str]:
    """What this Python lacks, found without importing anything."""
    faults = [f"{module} is not installed" for module in MODULES if not is_present(module)]
    if faults:
        return faults
    version = importlib.metadata.version("fenics-dolfinx")
    if not version.startswith(SUPPORTED_DOLFINX):
        faults.append(f"DOLFINx is {version}, supported is {SUPPORTED_DOLFINX}*")
    package = importlib.util.find_spec("dolfinx")
    assert package is not None and package.origin is not None
    for library in Path(package.origin).parent.glob("cpp*.so"):
        try:
            ctypes.CDLL(str(library))
        except OSError as error:
            faults.append(f"DOLFINx cannot be loaded: {error}")
    return faults


def broken() -> list[str]:
    """What fails when it is used: every import, and a picture drawn without a screen."""
    faults = []
    for module in (*MODULES, *DEVELOPMENT_MODULES):
        try:
            importlib.import_module(module)
        except Exception as error:
            faults.append(f"{module} cannot be imported: {error}")
    if not faults:
        import pyvista

        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder, "sphere.png")
            image = pyvista.Sphere().plot(off_screen=True, screenshot=picture, return_img=True)
            if image is None or image.std() == 0:
                faults.append("PyVista draws an empty picture")
    return faults


if __name__ == "__main__":
    found = missing()
    if not found and sys.argv[1:] == ["--thorough"]:
        found = broken()
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    sys.exit(1 if found else 0)
