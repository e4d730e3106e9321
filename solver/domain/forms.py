"""Compiles weak forms, and finds those compiled before.

DOLFINx keeps compiled forms in one folder and lists all of it each time it loads one, which with ten thousand of them
takes longer than all else that it does to load a form. Here forms are kept in folders of their own by the first digits
of their signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ufl
from dolfinx import fem, jit
from dolfinx.mesh import EntityMap

DIGITS = 2
"""Hexadecimal digits of a form's signature that name its folder."""


def compiled(form: Any, entity_maps: Sequence[EntityMap] | None = None) -> Any:
    """Compile a form, or nested lists of forms and None, whose arguments live on meshes that `entity_maps` relate."""
    if isinstance(form, list | tuple):
        return [compiled(one, entity_maps) for one in form]
    options = None
    if isinstance(form, ufl.Form):
        options = {"cache_dir": jit.get_options()["cache_dir"] / form.signature()[:DIGITS]}
    return fem.form(form, jit_options=options, entity_maps=entity_maps)
