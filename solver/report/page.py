"""One HTML file with all it needs: style, programs, numbers, and Plotly, compressed. It asks nothing of any network."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from interstice.solver.report.pack import pack, zipped

ASSETS = Path(__file__).parent / "assets"
BROWSERS = "Chrome or Edge 80 (2020), Safari 16.4 (2023), Firefox 113 (2023)"
"""The first ones that decompress what a page holds (DecompressionStream)."""


def page(template: str, scripts: list[str], numbers: Any, **words: Any) -> str:
    """Return the page that a template of `ASSETS` makes of `words`, with scripts that draw `numbers` (see `pack`).

    Words are escaped; a script runs only if it has the mark that this page alone knows.
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return templates.get_template(template).render(
        words,
        style=_asset("report.css"),
        scripts=[_asset(name) for name in ["page.js", *scripts]],
        numbers=pack(numbers),
        plotly=_plotly(),
        browsers=BROWSERS,
        nonce=secrets.token_urlsafe(16),
    )


def write(text: str, file: Path) -> None:
    """Write a page in one stroke; OSError if that cannot be done."""
    unfinished = file.with_name(f".{file.name}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def _asset(name: str) -> Markup:
    """Return a file that comes with the program, which is not escaped."""
    return Markup((ASSETS / name).read_text(encoding="utf-8"))


@cache
def _plotly() -> str:
    """Return the program of Plotly, compressed."""
    from plotly.offline import get_plotlyjs

    return zipped(get_plotlyjs().encode())
