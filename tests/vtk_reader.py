"""A VTKHDF series as VTK itself reads it, and so ParaView."""

from __future__ import annotations

from pathlib import Path

import pyvista
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkIOHDF import vtkHDFReader


def read_series(path: Path, time: float) -> tuple[list[float], pyvista.UnstructuredGrid]:
    """Return the times of a series (VTK knows of none where there is one alone), and the grid at one of them."""
    errors: list[str] = []
    reader = vtkHDFReader()
    for source in (reader, reader.GetExecutive()):
        source.AddObserver(vtkCommand.ErrorEvent, lambda _, event: errors.append(event))
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    about, key = reader.GetOutputInformation(0), vtkStreamingDemandDrivenPipeline.TIME_STEPS()
    reader.UpdateTimeStep(time)
    if errors:
        raise ValueError(f"{path}: VTK cannot read it")
    return list(about.Get(key) or ()), pyvista.wrap(reader.GetOutputDataObject(0)).copy()
