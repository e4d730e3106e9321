"""The field series of a run once more as ``.pvd`` with a ``.vtu`` per time, for programs that read no VTKHDF."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyvista

from interstice.solver.plot.run import grid_of
from interstice.solver.results import refuse_links
from interstice.solver.vtkhdf import SeriesReader

FOLDER = "fields"


def write_pvd(directory: Path) -> list[Path]:
    """Write NAME.pvd beside each NAME.vtkhdf in a folder of results, and return their paths.

    ValueError if there is none, one is damaged, or something in the way is a link; OSError if they cannot be written.
    """
    series = sorted(directory.glob("[!.]*.vtkhdf"))
    if not series:
        raise ValueError(f"{directory}: no field series are here; the folder of a run's results is needed")
    refuse_links(directory)
    (directory / FOLDER).mkdir(exist_ok=True)
    return [_convert(path) for path in series]


def _convert(path: Path) -> Path:
    entries = []
    with SeriesReader(path) as series:
        for step, time in enumerate(series.times()):
            piece = f"{FOLDER}/{path.stem}_{step:06d}.vtu"
            with pyvista.VtkErrorCatcher(raise_errors=True, send_to_logging=False):
                try:
                    grid_of(series, step).save(path.parent / piece)
                except RuntimeError:
                    raise OSError(f"{path.parent / piece}: cannot be written; is the disk full?") from None
            entries.append(f'<DataSet timestep="{time!r}" file={quoteattr(piece)}/>\n')
    index = path.with_suffix(".pvd")
    text = f'<VTKFile type="Collection" version="0.1">\n<Collection>\n{"".join(entries)}</Collection>\n</VTKFile>\n'
    index.write_text(text, encoding="utf-8")
    return index
