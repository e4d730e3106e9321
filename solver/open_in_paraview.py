"""Opens the results of Interstice beside this file in ParaView 5.13 or later.

    paraview --script=open_in_paraview.py
    pvbatch open_in_paraview.py --pictures DIR [--time SECONDS]

Views: the cell with its displacements exaggerated; on the interfaces the pressure, the damage if there is any, and
where they are in contact (Γ_c) or not (Γ_d); stream lines of the current. The time is that of the lowest active
fraction, or the last; the slider moves all views. With --pictures each view is written to DIR.
"""

from __future__ import annotations

import csv
import glob
import math
import os
import sys
from importlib.util import find_spec
from typing import Any

from paraview import servermanager, simple
from vtkmodules.util.numpy_support import vtk_to_numpy

FOLDER = os.path.dirname(os.path.abspath(globals().get("__file__") or "x"))
WARP, STRESS, CURRENT = "displacement_with_initial_gap", "von_Mises_stress", "current_density"
SHIFT = 0.15
"""Of the smallest extent of a cell: no displacement is drawn larger."""
CONTACT, OPEN = (0.0, 0.447, 0.698), (0.902, 0.624, 0.0)
"""Colours of Γ_c and Γ_d, blue and orange."""
MAPS = "Viridis (matplotlib)"
SHOWN = {"Pa": ("MPa", 1e-6), "A/m^2": ("mA/cm^2", 0.1)}
"""Units that people use."""
LINES = 24
"""Stream lines along each direction."""
LETTERS = 26 if "--pictures" in sys.argv else 16
SIZE = (1600, 1000)
"""Of a picture [pixels]."""
SLENDER = 2.5
"""Height over width: of a higher cell, views show an interface."""
WIDTH = 10.0
"""Of an interface that is a line [pixels]."""
MARGIN, LEGEND = 1.4, 0.08
"""What a view shows, over what is in it: there is room for legends."""


class Results:
    """The series of a run, at the time that is shown."""

    def __init__(self, time: float | None) -> None:
        self.cell = opened("cell")
        self.cell.UpdatePipelineInformation()
        times = list(self.cell.TimestepValues or [])
        time = lowest(times) if time is None else time
        self.time = min(times, key=lambda one: abs(one - time)) if times else 0.0
        self.grid = at(self.cell, self.time)
        sides = words(self.grid, "side")
        files = sorted(glob.glob(os.path.join(FOLDER, "*.vtkhdf")))
        names = [os.path.splitext(os.path.basename(path))[0] for path in files]
        self.interfaces = [opened(name) for name in names if name not in ("cell", "rejected", *sides)]
        bounds = self.grid.GetBounds()
        self.low, self.high = bounds[0::2], bounds[1::2]
        self.solid = self.high[2] > self.low[2]
        grids = [at(one, self.time) for one in self.interfaces]
        self.opening = next((grid for grid in grids if grid.GetPointData().HasArray("gap")), None)
        extents = [high - low for low, high in zip(self.low, self.high, strict=True)]
        self.height = extents[2 if self.solid else 1]
        self.smallest = min(extent for extent in extents if extent > 0)
        self.label = f"{os.path.basename(FOLDER)}, t = {{time:.6g}} s"

    def region(self, near: Any) -> tuple[list[float], list[float]]:
        """Return the corners of what a view shows: of a slender cell what is `near` an interface, else all."""
        low, high = list(self.low), list(self.high)
        wide = high[0] - low[0]
        if near and not self.solid and high[1] - low[1] > SLENDER * wide:
            middle = (near.GetBounds()[2] + near.GetBounds()[3]) / 2
            low[1], high[1] = max(low[1], middle - wide / 2), min(high[1], middle + wide / 2)
        return low, high

    def exaggeration(self) -> float:
        """Return by what displacements are multiplied: a round number."""
        moved = vtk_to_numpy(self.grid.GetPointData().GetArray(WARP))
        furthest = float(abs(moved - moved.mean(axis=0)).max())
        if furthest == 0.0:
            return 1.0
        exact = SHIFT * self.smallest / furthest
        power = 10.0 ** math.floor(math.log10(exact))
        return power * max(digit for digit in (1, 2, 5) if digit * power <= exact)


def opened(name: str) -> Any:
    """Return the reader of a series."""
    return simple.VTKHDFReader(registrationName=name, FileName=[os.path.join(FOLDER, f"{name}.vtkhdf")])


def at(source: Any, time: float) -> Any:
    """Return the data of a source at a time."""
    source.UpdatePipeline(time)
    data = servermanager.Fetch(source)
    while data.IsA("vtkCompositeDataSet"):
        iterator = data.NewIterator()
        data = iterator.GetCurrentDataObject()
    return data


def words(data: Any, name: str) -> list[str]:
    """Return the words of a field."""
    array = data.GetFieldData().GetAbstractArray(name)
    return [array.GetValue(number) for number in range(array.GetNumberOfValues())]


def unit(data: Any, name: str) -> str:
    """Return the unit of a field."""
    return dict(entry[:-1].split(" [") for entry in words(data, "units")).get(name, "1")


def lowest(times: list[float]) -> float:
    """Return the time under current at which the least of the interfaces conducts, the last if that never changes."""
    with open(os.path.join(FOLDER, "history.csv"), encoding="utf-8") as table:
        # the last row of a run that goes on may not be whole
        rows = [row for row in csv.DictReader(table) if all(row.values())]
    least: dict[float, float] = {}
    for time in times:
        row = min(rows, key=lambda one: abs(float(one["time [s]"]) - time))
        fractions = [float(value) for name, value in row.items() if name.startswith("active fraction")]
        if fractions and float(row["current density [A/m^2]"]) != 0.0:
            least[time] = min(fractions)
    return min(least, key=least.__getitem__) if len(set(least.values())) > 1 else max(times, default=0.0)


def in_units_people_use(source: Any, data: Any, name: str, kind: str) -> tuple[Any, str]:
    """Return a source with a field in a unit that people use, and what it is called there."""
    own = unit(data, name)
    shown, factor = SHOWN.get(own, (own, 1.0))
    called = name.replace("_", " ") + ("" if shown == "1" else f" [{shown}]")
    return simple.Calculator(
        Input=source, AttributeType=kind, ResultArrayName=called, Function=f'"{name}"*{factor:g}'
    ), called


def view_of(results: Results, title: str) -> Any:
    """Return an empty view with its title."""
    view = simple.CreateRenderView()
    view.ViewSize = list(SIZE)
    view.UseColorPaletteForBackground = 0
    view.BackgroundColorMode = "Single Color"
    view.Background = [1.0, 1.0, 1.0]
    view.OrientationAxesVisibility = 1 if results.solid else 0
    view.OrientationAxesLabelColor = [0.0, 0.0, 0.0]
    tab = simple.CreateLayout(name=title.partition(" (")[0])
    simple.AssignViewToLayout(view=view, layout=tab, hint=0)
    shown = simple.Show(simple.AnnotateTime(Format=f"{title} of {results.label}"), view)
    shown.WindowLocation = "Upper Center"
    shown.FontSize = LETTERS
    shown.Color = [0.0, 0.0, 0.0]
    return view


def coloured(source: Any, view: Any, name: str, kind: str, width: float = 1.0) -> Any:
    """Show a source in the colours of a field, with a legend at the right."""
    shown = simple.Show(source, view)
    shown.Representation = "Surface"
    shown.LineWidth = width
    simple.ColorBy(shown, (kind, name))
    colours = simple.GetColorTransferFunction(name)
    colours.ApplyPreset(MAPS, True)
    colours.NanColor = [0.8, 0.8, 0.8]
    colours.RescaleOnVisibilityChange = 0
    legend(colours, view, name)
    return shown


def flat(shown: Any) -> None:
    """Let colours be those of the legend, without shades."""
    shown.Ambient, shown.Diffuse = 1.0, 0.0


def legend(colours: Any, view: Any, title: str) -> Any:
    """Return the legend of colours in a view."""
    bar = simple.GetScalarBar(colours, view)
    bar.Title, bar.ComponentTitle = title, ""
    bar.WindowLocation = "Any Location"
    bar.Orientation = "Horizontal"
    bar.Position = [0.25, 0.04]
    bar.ScalarBarLength = 0.5
    bar.TitleColor = bar.LabelColor = [0.0, 0.0, 0.0]
    bar.TitleFontSize = bar.LabelFontSize = LETTERS
    bar.AutomaticLabelFormat = 0
    bar.LabelFormat = bar.RangeLabelFormat = "%.3g"
    bar.Visibility = 1
    return bar


def ranged(colours: Any, view: Any, low: float, high: float) -> None:
    """Let colours go from one value to another, with so few numbers at their legend that each can be read."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    colours.AutomaticRescaleRangeMode = "Never"
    colours.RescaleTransferFunction(low, high)
    bar = simple.GetScalarBar(colours, view)
    bar.UseCustomLabels = 1
    bar.CustomLabels = [low + part * (high - low) for part in (0.25, 0.5, 0.75)]


def cut(results: Results, source: Any, near: Any) -> Any:
    """Return a source, of a slender cell as much of it as a view shows that is `near` an interface."""
    low, high = results.region(near)
    for sign, level in ((1.0, low[1]), (-1.0, high[1])) if list(low) != list(results.low) else ():
        source = simple.Clip(Input=source, ClipType="Plane", Invert=0)
        source.ClipType.Origin, source.ClipType.Normal = [low[0], level, low[2]], [0.0, sign, 0.0]
    return source


def shade(results: Results, view: Any, near: Any = None) -> None:
    """Show where the cell is, behind what else is there."""
    shown = simple.Show(cut(results, results.cell, near), view)
    shown.ColorArrayName = ["POINTS", ""]
    shown.Representation = "Outline" if results.solid else "Surface"
    shown.AmbientColor = shown.DiffuseColor = [0.5, 0.5, 0.5] if results.solid else [0.92, 0.92, 0.92]
    flat(shown)
    if not results.solid:
        # behind the lines
        shown.Translation = [0.0, 0.0, -1e-3 * results.smallest]


def look(results: Results, view: Any, above: bool = False, near: Any = None) -> None:
    """Let a view see the whole region: a plane one from the front, a solid one from a corner above, or from above."""
    low, high = results.region(near)
    middle = [(one + other) / 2 for one, other in zip(low, high, strict=True)]
    direction, up = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
    scale = max(high[1] - low[1], (high[0] - low[0]) * SIZE[1] / SIZE[0]) / 2
    if results.solid and not above:
        direction, up = (0.5, -0.75, 0.45), (0.0, 0.0, 1.0)
        scale = 0.8 * math.dist(low, high) / 2
    away = 10 * math.dist(results.low, results.high)
    # the legend is below
    focus = [one - LEGEND * scale * part for one, part in zip(middle, up, strict=True)]
    view.CameraParallelProjection = 1
    view.CameraFocalPoint = focus
    view.CameraPosition = [one + away * part for one, part in zip(focus, direction, strict=True)]
    view.CameraViewUp = up
    view.CameraParallelScale = MARGIN * scale


def show_cell(results: Results) -> Any:
    """Show the cell, its displacements exaggerated, in the colours of the stress; a solid one is cut in the middle."""
    factor = results.exaggeration()
    times = f"displacements × {factor:g}" if factor > 1 else "true displacements"
    view = view_of(results, f"Cell ({times})")
    source, name = in_units_people_use(results.cell, results.grid, STRESS, "Cell Data")
    source = simple.WarpByVector(
        registrationName="opening",
        Input=cut(results, source, results.opening),
        Vectors=["POINTS", WARP],
        ScaleFactor=factor,
    )
    if results.solid:
        source = simple.Clip(Input=source, ClipType="Plane", Invert=0)
        source.ClipType.Origin = [(low + high) / 2 for low, high in zip(results.low, results.high, strict=True)]
        source.ClipType.Normal = [0.0, 1.0, 0.0]
    coloured(source, view, name, "CELLS")
    # peaks would leave one colour to all else
    values = sorted(vtk_to_numpy(results.grid.GetCellData().GetArray(STRESS)))
    largest = SHOWN[unit(results.grid, STRESS)][1] * values[int(0.99 * len(values))]
    ranged(simple.GetColorTransferFunction(name), view, 0.0, largest)
    look(results, view, near=results.opening)
    return view


def show_map(results: Results, field: str, title: str) -> Any:
    """Show a field of the interfaces that have it; None if none has."""
    found = [(one, at(one, results.time)) for one in results.interfaces]
    found = [(one, data) for one, data in found if data.GetPointData().HasArray(field)]
    if not found:
        return None
    near = found[0][1] if len(found) == 1 else None
    view = view_of(results, title)
    shade(results, view, near)
    ends: list[float] = []
    for one, data in found:
        source, name = in_units_people_use(one, data, field, "Point Data")
        flat(coloured(source, view, name, "POINTS", width=WIDTH))
        ends += at(source, results.time).GetPointData().GetArray(name).GetRange()
    ranged(simple.GetColorTransferFunction(name), view, min(ends), max(ends))
    look(results, view, above=len(found) == 1, near=near)
    return view


def show_contact(results: Results) -> Any:
    """Show where the interfaces are in contact, and where not."""
    found = [one for one in results.interfaces if at(one, results.time).GetPointData().HasArray("contacted")]
    if not found:
        return None
    view = view_of(results, "Contact")
    shade(results, view)
    for one in found:
        source = simple.Calculator(Input=one, ResultArrayName="contact", Function="contacted")
        shown = simple.Show(source, view)
        shown.Representation, shown.LineWidth = "Surface", WIDTH
        simple.ColorBy(shown, ("POINTS", "contact"))
        shown.InterpolateScalarsBeforeMapping = 1
        flat(shown)
    colours = simple.GetColorTransferFunction("contact")
    colours.RGBPoints = [0.0, *OPEN, 0.5, *OPEN, 0.5, *CONTACT, 1.0, *CONTACT]
    colours.ColorSpace, colours.NumberOfTableValues, colours.Discretize = "RGB", 2, 1
    # letters that are no others' need Matplotlib, which ParaView mostly brings
    apart, closed = ("$\\Gamma_d$", "$\\Gamma_c$") if find_spec("matplotlib") else ("Gamma_d", "Gamma_c")
    colours.Annotations = ["0.25", f"{apart} apart", "0.75", f"{closed} in contact"]
    colours.RescaleTransferFunction(0.0, 1.0)
    bar = legend(colours, view, "interface")
    bar.DrawTickMarks = bar.DrawTickLabels = bar.AddRangeLabels = 0
    look(results, view, above=len(found) == 1)
    return view


def show_current(results: Results) -> Any:
    """Show stream lines of the current, from the middle of each side; None if no current flows."""
    current = results.grid.GetCellData().GetArray(CURRENT)
    if current is None or not float(abs(vtk_to_numpy(current)).max()) > 0.0:
        return None
    view = view_of(results, "Current")
    shade(results, view, results.opening)
    own = unit(results.grid, CURRENT)
    name, factor = f"current density [{SHOWN[own][0]}]", SHOWN[own][1]
    source = simple.Calculator(
        Input=results.cell, AttributeType="Cell Data", ResultArrayName=name, Function=f"{CURRENT}*{factor:g}"
    )
    source = simple.CellDatatoPointData(Input=source, CellDataArraytoprocess=[name])
    low, high = results.low, results.high
    up, fastest = 2 if results.solid else 1, 0.0
    for part in (0.25, 0.75):
        level = low[up] + part * (high[up] - low[up])
        if results.solid:
            seeds = simple.Plane(
                Origin=[low[0], low[1], level],
                Point1=[high[0], low[1], level],
                Point2=[low[0], high[1], level],
                XResolution=LINES // 3,
                YResolution=LINES // 3,
            )
        else:
            seeds = simple.Line(Point1=[low[0], level, 0.0], Point2=[high[0], level, 0.0], Resolution=LINES)
        lines = simple.StreamTracerWithCustomSource(Input=source, SeedSource=seeds, Vectors=["POINTS", name])
        lines.IntegrationDirection = "BOTH"
        lines.MaximumStreamlineLength = 10 * math.dist(low, high)
        lines.MaximumSteps = 20000
        coloured(cut(results, lines, results.opening), view, name, "POINTS", width=3.0)
        speeds = at(lines, results.time).GetPointData().GetArray(name)
        fastest = max(fastest, speeds.GetRange(-1)[1] if speeds else 0.0)
        simple.Hide(seeds, view)
    ranged(simple.GetColorTransferFunction(name), view, 0.0, fastest)
    look(results, view, near=results.opening)
    return view


def main(arguments: list[str]) -> None:
    """Open all, and write pictures if asked."""
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if not set(given) <= {"--pictures", "--time"}:
        sys.exit(__doc__)
    simple._DisableFirstRenderCameraReset()
    results = Results(float(given["--time"]) if "--time" in given else None)
    scene = simple.GetAnimationScene()
    scene.UpdateAnimationUsingDataTimeSteps()
    scene.AnimationTime = results.time
    views = {
        "cell": show_cell(results),
        "pressure": show_map(results, "pressure", "Pressure"),
        "damage": show_map(results, "damage", "Damage"),
        "contact": show_contact(results),
        "current": show_current(results),
    }
    for name, view in views.items():
        if view is None:
            continue
        simple.Render(view)
        if "--pictures" in given:
            os.makedirs(given["--pictures"], exist_ok=True)
            path = os.path.join(given["--pictures"], f"{name}.png")
            simple.SaveScreenshot(path, view, ImageResolution=list(SIZE))
            print(path)
    simple.SetActiveView(views["cell"])


main(sys.argv[1:] if "--pictures" in sys.argv else [])
