"""Does this Python carry what Interstice needs?

``check.py`` answers in a fraction of a second: modules are looked up, libraries loaded, a header compiled, but no
package is imported, because that would start MPI in a process that ``mpirun`` started for somebody else.
``check.py --thorough`` imports everything, compiles a form and renders a picture; it ends the build of an environment.
``check.py --for-venv`` asks whether this Python can be made into an environment with PyPI's wheels; with
``--packages`` it prints what Debian calls the missing things.

Exit code 0 when nothing is missing. Otherwise 1 (72 where the system lacks what a package manager can install), with
lines on standard error that say what is missing.
"""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

SUPPORTED_DOLFINX = "0.11."
DISTRIBUTIONS_OF_DOLFINX = ("fenics-dolfinx", "dolfinx-solver-real")

MODULES = (
    "dolfinx",
    "gmsh",
    "h5py",
    "jinja2",
    "markupsafe",
    "matplotlib",
    "meshio",
    "mpi4py",
    "numpy",
    "pandas",
    "petsc4py",
    "pint",
    "plotly",
    "psutil",
    "pyarrow",
    "pydantic",
    "pyvista",
    "rich",
    "ruamel.yaml",
    "scipy",
    "SurfaceTopography",
    "typer",
    "vtkmodules",
)
DEVELOPMENT_MODULES = (
    *("hypothesis", "jsonschema", "mypy", "playwright", "pytest", "pytest_timeout", "ruff", "skfem", "xdist"),
    *("rocrate", "SALib", "snakemake", "snakemake_executor_plugin_slurm", "streamlit"),
    *("furo", "myst_nb", "sphinx", "sphinx_copybutton", "sphinx_design"),
)
MISSING, MISSING_IN_SYSTEM = 1, 72


def load_system() -> ModuleType:
    """Return solver/system.py as a module, wherever this was started and whatever is installed."""
    file = Path(__file__).resolve().parents[1] / "solver" / "system.py"
    spec = importlib.util.spec_from_file_location("interstice_system", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


system = load_system()


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
    version = next(filter(None, map(version_of, DISTRIBUTIONS_OF_DOLFINX)), "of unknown version")
    if not version.startswith(SUPPORTED_DOLFINX):
        faults.append(f"DOLFINx is {version}, supported is {SUPPORTED_DOLFINX}*")
    package = importlib.util.find_spec("dolfinx")
    assert package is not None and package.origin is not None
    system.load_mpi()
    for library in Path(package.origin).parent.glob("cpp*.so"):
        try:
            ctypes.CDLL(str(library))
        except OSError as error:
            faults.append(f"DOLFINx cannot be loaded: {error}")
    return faults


def version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def missing_in_system() -> list:
    """What the system lacks for the packages that are there."""
    # Other builds of Gmsh than PyPI's bring the libraries they need.
    libraries = system.missing_libraries() if version_of("dolfinx-solver-real") else []
    return [*libraries, *system.missing_for_forms()]


def broken() -> list[str]:
    """What fails when it is used: every import, a form, and a picture drawn without a screen."""
    faults = []
    system.load_mpi()
    for module in (*MODULES, *DEVELOPMENT_MODULES):
        try:
            importlib.import_module(module)
        except Exception as error:
            faults.append(f"{module} cannot be imported: {error}")
    if faults:
        return faults
    try:
        integrate()
    except Exception as error:
        faults.append(f"a form cannot be compiled: {error}")
    if not system.can_load(system.DRAWING.name):
        print(f"I: {system.DRAWING.name} is missing: plot will draw no picture of solid cells")
    elif not draws():
        faults.append("PyVista draws an empty picture")
    return faults


def integrate() -> None:
    import ufl
    from dolfinx import fem, mesh
    from mpi4py import MPI

    domain = mesh.create_unit_square(MPI.COMM_SELF, 2, 2)
    one = fem.Constant(domain, 1.0)
    assert abs(fem.assemble_scalar(fem.form(one * ufl.dx)) - 1) < 1e-12


def draws() -> bool:
    import pyvista

    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "sphere.png")
        image = pyvista.Sphere().plot(off_screen=True, screenshot=picture, return_img=True)
    return image is not None and image.std() > 0


def main(options: list[str]) -> int:
    if "--for-venv" in options:
        reason = system.unsuitable()
        if reason:
            print(reason, file=sys.stderr)
            return MISSING
        things = [*system.missing_for_venv(), *system.missing_libraries(), *system.missing_for_forms()]
        if "--packages" in options:
            print(*system.packages(things))
        faults = []
    else:
        faults = missing()
        things = [] if faults else missing_in_system()
        if not faults and not things and "--thorough" in options:
            faults = broken()
    if things:
        faults.append(system.words(things))
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return MISSING_IN_SYSTEM if things else MISSING if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
