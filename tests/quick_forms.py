"""Compiles the forms of tests in less time: with little optimisation, without reading for each what all have in common.

On small meshes a form takes longer to compile than to assemble. DOLFINx looks for its options in a file, which programs
that tests start find too; the name under which a form is kept tells its options, so that no run gets one of these.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import json
import os
import shlex
import subprocess
import sysconfig
from pathlib import Path

OPTIONS = ["-O1", "-g0"]  # without any, a test that assembles much takes longer
HEADER = """\
#include <pyconfig.h>
#define Py_LIMITED_API
#include <Python.h>
#include <ufcx.h>
"""
"""What CFFI includes first in each form, and FFCx."""


def prepare() -> None:
    """Set `XDG_CONFIG_HOME` to a folder that says so to DOLFINx, for this process and those that it starts."""
    # setuptools, by which CFFI starts the compiler, looks through all installed packages five times for each form
    importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "interstice-tests"
    if os.environ.get("XDG_CONFIG_HOME") == str(folder):
        return  # whoever started this process has done it
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    header = folder / "dolfinx" / "forms.h"
    header.parent.mkdir(parents=True, exist_ok=True)
    _write(header, HEADER)
    options = {"cffi_extra_compile_args": [*OPTIONS, "-include", str(header)]}
    _write(header.with_name("dolfinx_jit_options.json"), json.dumps(options))
    _precompile(header)


def _write(path: Path, text: str) -> None:
    """Write a file in one go: others may be reading it."""
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _precompile(header: Path) -> None:
    """Compile the header with the options of CFFI; where the compiler cannot use the result it reads the header."""
    ffcx = importlib.util.find_spec("ffcx")
    assert ffcx is not None and ffcx.origin is not None
    folders = [sysconfig.get_path("include"), str(Path(ffcx.origin).with_name("codegeneration"))]
    settings = " ".join(sysconfig.get_config_vars("CC", "CFLAGS", "CCSHARED"))
    new = header.with_suffix(f".gch.{os.getpid()}")
    command = [*shlex.split(settings), *(f"-I{folder}" for folder in folders), "-std=c17", *OPTIONS]
    done = subprocess.run([*command, "-x", "c-header", str(header), "-o", str(new)], capture_output=True)
    if done.returncode == 0:
        new.replace(header.with_suffix(".h.gch"))
