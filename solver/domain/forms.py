"""Compiles weak forms, and finds those compiled before.

DOLFINx keeps compiled forms in one folder and lists all of it each time it loads one, which with ten thousand of them
takes longer than all else that it does to load a form. Here forms are kept in folders of their own by the first digits
of their signature.

A process that is killed while it compiles leaves a source file upon which all others would wait, and fail, for ever.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ufl
from dolfinx import fem, jit
from dolfinx.mesh import EntityMap

DIGITS = 2
"""Hexadecimal digits of a form's signature that name its folder."""
WAIT = 60
"""How long [s] one process waits for another to compile a form: a hundred times as long as that takes."""


def compiled(form: Any, entity_maps: Sequence[EntityMap] | None = None) -> Any:
    """Compile a form, or nested lists of forms and None, whose arguments live on meshes that `entity_maps` relate."""
    if isinstance(form, list | tuple):
        return [compiled(one, entity_maps) for one in form]
    if not isinstance(form, ufl.Form):
        return fem.form(form, entity_maps=entity_maps)
    folder = jit.get_options()["cache_dir"] / form.signature()[:DIGITS]
    options = {"cache_dir": folder, "timeout": WAIT}
    try:
        return fem.form(form, jit_options=options, entity_maps=entity_maps)
    except (TimeoutError, RuntimeError):
        # all ranks fail together
        _remove_abandoned(folder)
        return fem.form(form, jit_options=options, entity_maps=entity_maps)


def _remove_abandoned(folder: Path) -> None:
    """Remove the sources of forms that nobody is compiling any more."""
    for source in folder.glob("*.c"):
        if not source.with_suffix(".c.cached").exists() and time.time() - source.stat().st_mtime > WAIT / 2:
            source.unlink(missing_ok=True)
