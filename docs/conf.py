"""How Sphinx makes the site of these pages: ./interstice shell sphinx-build -W -n -b html docs build/docs"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import interstice  # noqa: F401  (before anything of MPI)
from interstice.solver.environment import version as _version

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))
# notebooks find the program as this process does, and keep no settings of the user in mind
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(DOCS.parent / "src"), os.environ.get("PYTHONPATH")]))

# notebooks draw into their pages, whatever draws outside of them
os.environ.pop("MPLBACKEND", None)

project = "Interstice"
author = "the authors of Interstice"
copyright = author
version = release = _version().split()[-1]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx-mathjax-offline",
    "generated",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]

myst_enable_extensions = ["dollarmath", "attrs_inline", "deflist"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
nb_execution_mode = "auto"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True

# a colon in the first line of a property ends no name of a type
napoleon_google_docstring = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_type_aliases = {"Array": "Array"}
nitpick_ignore_regex = [("py:.*", ".*")]

smartquotes = False

html_theme = "furo"
html_title = "Interstice"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#0072B2"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
}
copybutton_selector = ", ".join(f".highlight-{name} pre" for name in ("bash", "python", "yaml", "csv", "ipython3"))
html_show_copyright = False
html_copy_source = False
