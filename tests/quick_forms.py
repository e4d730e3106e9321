"""Compiles the forms of tests in less time: without reading for each what all have in common.

Half of what a small form takes to compile is reading Python's headers. The options stand in the environment, where
programs that tests start find them too; the name under which a form is kept tells its options, so that no run gets one
of these.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import shlex
import subprocess
import sysconfig
from pathlib import Path

VARIABLE = "INTERSTICE_CFLAGS"
OPTIONS = ["-O2", "-g0"]  # as in runs: numbers are the same
HEADER = """\
#include <pyconfig.h>
#define Py_LIMITED_API
#include <Python.h>
#include <ufcx.h>
"""
"""What CFFI includes first in each form, and FFCx."""


def prepare() -> None:
    """Set `INTERSTICE_CFLAGS` for this process and those that it starts."""
    # setuptools, by which CFFI starts the compiler, looks through all installed packages five times for each form
    importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)
    if VARIABLE in os.environ:
        return  # whoever started this process has done it
    header = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "interstice-tests", "forms.h")
    header.parent.mkdir(parents=True, exist_ok=True)
    _write(header, HEADER)
    os.environ[VARIABLE] = shlex.join([*OPTIONS, "-include", str(header)])
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
