"""What the operating system must have beside the Python packages, and the line to type where it lacks something.

The standard library is all this file may use: env/check.py reads it in a Python that has none of the packages yet.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple


class Thing(NamedTuple):
    """Something of the system, and the packages of Debian and of Fedora that hold it."""

    name: str
    debian: str
    fedora: str


LIBRARIES = (
    Thing("libGL.so.1", "libgl1", "mesa-libGL"),
    Thing("libGLU.so.1", "libglu1-mesa", "mesa-libGLU"),
    Thing("libX11.so.6", "libx11-6", "libX11"),
    Thing("libXcursor.so.1", "libxcursor1", "libXcursor"),
    Thing("libXext.so.6", "libxext6", "libXext"),
    Thing("libXfixes.so.3", "libxfixes3", "libXfixes"),
    Thing("libXft.so.2", "libxft2", "libXft"),
    Thing("libXinerama.so.1", "libxinerama1", "libXinerama"),
    Thing("libXrender.so.1", "libxrender1", "libXrender"),
    Thing("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Thing("libgomp.so.1", "libgomp1", "libgomp"),
    Thing("libstdc++.so.6", "libstdc++6", "libstdc++"),
)
"""What PyPI's Gmsh needs."""
DRAWING = Thing("libEGL.so.1", "libegl1", "mesa-libEGL")
"""What pictures of solid cells need; the program does without."""
COMPILER = Thing("a C compiler", "gcc libc6-dev", "gcc")
VENV = Thing("Python's module venv", "python{version}-venv", "python{version}")
HEADERS = Thing("Python.h", "python{version}-dev", "python{version}-devel")

REPRODUCIBLE = {"vec_mdot_use_gemv": False}
"""PETSc's options for the same digits in every run: products of several vectors with one are otherwise formed in ways
that depend on where in memory the vectors came to lie."""

OLDEST_GLIBC = (2, 34)
SUPPORTED_PYTHONS = ((3, 12), (3, 14))


def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to 2 GB, for its next use; where the C library is not glibc, do nothing.

    Each factorisation takes and frees large arrays. Giving them back to the system each time cost a sixth of a run.
    """
    trim_threshold, most_mappings = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(trim_threshold, 2**31 - 1)
        change(most_mappings, 0)


def missing_libraries() -> list[Thing]:
    """Return the libraries that PyPI's Gmsh would not find."""
    return [thing for thing in LIBRARIES if not can_load(thing.name)]


def missing_for_forms() -> list[Thing]:
    """Return what the compilation of forms, at run time, would not find."""
    word = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    compiler = shlex.split(word)
    if shutil.which(compiler[0]) is None:
        has_headers = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
        return [COMPILER] if has_headers else [COMPILER, HEADERS]
    folders = [f"-I{sysconfig.get_path(kind)}" for kind in ("include", "platinclude")]
    found = []
    for header, thing in (("math.h", COMPILER), ("Python.h", HEADERS)):
        command = [*compiler, *folders, "-x", "c", "-E", "-"]
        done = subprocess.run(command, input=f"#include <{header}>\n", text=True, capture_output=True)
        if done.returncode != 0:
            found.append(thing)
            break
    return found


def missing_for_venv() -> list[Thing]:
    """Return what making a virtual environment would not find."""
    return [] if importlib.util.find_spec("ensurepip") else [VENV]


def missing_behind(error: BaseException) -> list[Thing]:
    """Return what the system lacks if that explains `error`: a library that cannot be loaded, a form not compiled."""
    if isinstance(error, ImportError | OSError) and ".so" in str(error):
        return missing_libraries()
    if any(kind.__module__.partition(".")[0] in ("cffi", "distutils", "setuptools") for kind in type(error).__mro__):
        return missing_for_forms()
    return []


def unsuitable() -> str | None:
    """Say why the wheels of PyPI cannot be used by this Python; None if they can."""
    version = sys.version_info[:2]
    oldest, newest = SUPPORTED_PYTHONS
    if not oldest <= version <= newest:
        return "Python is {}.{}, needed is {}.{} to {}.{}".format(*version, *oldest, *newest)
    if sys.implementation.name != "cpython" or platform.machine() != "x86_64":
        return f"{sys.implementation.name} on {platform.machine()}; there are wheels for CPython on x86_64"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "Python is the free-threaded one"
    name, _, number = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    if name != "glibc" or tuple(map(int, number.split(".")[:2])) < OLDEST_GLIBC:
        return f"the C library is {name or 'unknown'} {number}, needed is glibc {'.'.join(map(str, OLDEST_GLIBC))}"
    return None


def packages(things: list[Thing], kind: str = "debian") -> list[str]:
    """Return the packages of Debian, or of Fedora, that hold `things`; those for drawing come along."""
    version = "{}.{}".format(*sys.version_info)
    return " ".join(getattr(thing, kind) for thing in [*things, DRAWING]).format(version=version).split()


def words(things: list[Thing]) -> str:
    """Name `things`, and the line to type that installs them."""
    names = ", ".join(thing.name for thing in things)
    debian = f"sudo apt-get install -y --no-install-recommends {' '.join(packages(things))}"
    fedora = f"sudo dnf install -y {' '.join(packages(things, 'fedora'))}"
    lines = [f"missing in this system: {names}. Type:"]
    if shutil.which("apt-get") or not shutil.which("dnf"):
        lines.append(f"  {debian}")
    if shutil.which("dnf") or not shutil.which("apt-get"):
        lines.append(f"  {fedora}")
    return "\n".join(lines)


def can_load(library: str) -> bool:
    """Say whether the loader finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def have_folders() -> None:
    """See to it that libraries find a home and a folder for what they keep, such as compiled forms.

    Where there is none that can be written, it is one for temporary files, of this user alone.
    """
    with suppress(RuntimeError):
        os.environ.setdefault("HOME", str(Path.home()))
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", ""), ".cache")
    if not _can_be_written(Path(cache)):
        cache = os.path.join(tempfile.gettempdir(), f"interstice-{os.getuid()}")
        os.makedirs(cache, mode=0o700, exist_ok=True)
        if os.stat(cache).st_uid != os.getuid():
            # what lies there would be loaded as a library
            cache = tempfile.mkdtemp(prefix="interstice-")
        os.environ.setdefault("HOME", cache)
    os.environ["XDG_CACHE_HOME"] = cache


def _can_be_written(folder: Path) -> bool:
    """Say whether a folder is there, or can be made, and can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def shield_petsc(options: Sequence[str] = ()) -> None:
    """See to it that PETSc, when it is loaded, takes these options and no others.

    By itself it reads them from .petscrc and petscrc in the current folder and at home, and from the environment. A
    PETSc that somebody has loaded before stays as it is.
    """
    for name in ("PETSC_OPTIONS", "PETSC_OPTIONS_YAML"):
        os.environ.pop(name, None)
    try:
        from petsc4py import lib
    except ImportError:
        return
    # petsc4py loads it with the first import, which many a library does; starting it again does nothing
    load = getattr(lib.ImportPETSc, "of_petsc4py", lib.ImportPETSc)

    def loaded(arch: str | None = None) -> Any:
        petsc = load(arch)
        petsc._initialize(["interstice", "-skip_petscrc", "1", *options])
        database = petsc.Options()
        for key, value in REPRODUCIBLE.items():
            database[key] = value
            # asked for, it is none of the options that PETSc takes for misspelt
            database.getBool(key)
        return petsc

    loaded.of_petsc4py = load  # type: ignore[attr-defined]
    lib.ImportPETSc = loaded


def has_pmix_server() -> bool:
    """Say whether this process was started through PMIx, which does not tell the number of ranks.

    PMIX_RANK alone may be left over; the server's folder goes with the server.
    """
    return "PMIX_RANK" in os.environ and os.path.isdir(os.environ.get("PMIX_SERVER_TMPDIR", ""))


def load_mpi() -> None:
    """Load MPI's library of the PyPI wheels, without starting MPI.

    What a launcher that is gone has left in the environment would end the process when it starts, and is forgotten.

    The wheels of DOLFINx and PETSc do not know where it lies and find it only when it has been loaded before them.
    """
    if "PMIX_RANK" in os.environ and not has_pmix_server():
        for name in [name for name in os.environ if name.startswith("PMIX_")]:
            del os.environ[name]
    try:
        files = metadata.files("mpich") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "libmpi.so.12":
            ctypes.CDLL(str(file.locate()))
