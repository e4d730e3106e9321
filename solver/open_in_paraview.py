"""Opens the results of Interstice beside this file in ParaView 5.13 or later.

    paraview --script=open_in_paraview.py
    pvbatch open_in_paraview.py --pictures DIR [--time SECONDS]

Views: the cell with its displacements exaggerated; on the interfaces the pressure, the damage if there is any, and where
they are in contact (Γ_c) or not (Γ_d); stream lines of the current. The time is that of the lowest active fraction, or
the last; the slider moves all views. With --pictures each view is written to DIR.
"""

import csv
import glob
import math
import os
import sys

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
SIZE = (1600, 1000)
"""Of a picture [pixels]."""
MARGIN = 1.35
"""What a view shows, over what is in it: there is room for legends."""


class Results:
    """The series of a run, at the time that is shown."""

    def __init__(self, time):
        self.cell = opened("cell")
        times = list(self.cell.TimestepValues or [])
        time = lowest(times) if time is None else time
        self.time = min(times, key=lambda one: abs(one - time)) if times else 0.0
        self.grid = at(self.cell, self.time)
        sides = words(self.grid, "side")
        names = sorted(os.path.splitext(os.path.basename(path))[0] for path in glob.glob(os.path.join(FOLDER, "*.vtkhdf")))
        self.interfaces = [opened(name) for name in names if name not in ("cell", "rejected", *sides)]
        bounds = self.grid.GetBounds()
        self.low, self.high = bounds[0::2], bounds[1::2]
        self.solid = self.high[2] > self.low[2]
        extents = [high - low for low, high in zip(self.low, self.high)]
        self.height = extents[2 if self.solid else 1]
        self.smallest = min(extent for extent in extents if extent > 0)
        self.label = f"{os.path.basename(FOLDER)}, t = {{time:.6g}} s"

    def exaggeration(self):
        """Return by what displacements are multiplied: a round number."""
        moved = vtk_to_numpy(self.grid.GetPointData().GetArray(WARP))
        furthest = float(abs(moved - moved.mean(axis=0)).max())
        if furthest == 0.0:
            return 1.0
        exact = SHIFT * self.smallest / furthest
        power = 10.0 ** math.floor(math.log10(exact))
        return power * max(digit for digit in (1, 2, 5) if digit * power <= exact)


def opened(name):
    """Return the reader of a series."""
    return simple.VTKHDFReader(registrationName=name, FileName=[os.path.join(FOLDER, f"{name}.vtkhdf")])


def at(source, time):
    """Return the data of a source at a time."""
    source.UpdatePipeline(time)
    data = servermanager.Fetch(source)
    while data.IsA("vtkCompositeDataSet"):
        iterator = data.NewIterator()
        data = iterator.GetCurrentDataObject()
    return data


def words(data, name):
    """Return the words of a field."""
    array = data.GetFieldData().GetAbstractArray(name)
    return [array.GetValue(number) for number in range(array.GetNumberOfValues())]


def unit(data, name):
    """Return the unit of a field."""
    return dict(entry[:-1].split(" [") for entry in words(data, "units")).get(name, "1")


def lowest(times):
    """Return the time at which the least of the interfaces conducts, the last if that never changes."""
    least = {}
    with open(os.path.join(FOLDER, "history.csv"), encoding="utf-8") as table:
        for row in csv.DictReader(table):
            fractions = [float(value) for name, value in row.items() if name.startswith("active fraction") and value]
            if fractions and times and row["time [s]"]:
                near = min(times, key=lambda one: abs(one - float(row["time [s]"])))
                least[near] = min(fractions)
    return min(least, key=least.get) if len(set(least.values())) > 1 else max(times, default=0.0)


def in_units_people_use(source, data, name, kind):
    """Return a source with a field in a unit that people use, and what it is called there."""
    own = unit(data, name)
    shown, factor = SHOWN.get(own, (own, 1.0))
    called = name.replace("_", " ") + ("" if shown == "1" else f" [{shown}]")
    return simple.Calculator(
        Input=source, AttributeType=kind, ResultArrayName=called, Function=f'"{name}"*{factor:g}'
    ), called


def view_of(results, title):
    """Return an empty view with its title."""
    view = simple.CreateRenderView()
    view.ViewSize = list(SIZE)
    view.UseColorPaletteForBackground = 0
    view.BackgroundColorMode = "Single Color"
    view.Background = [1.0, 1.0, 1.0]
    view.OrientationAxesVisibility = 1 if results.solid else 0
    view.OrientationAxesLabelColor = [0.0, 0.0, 0.0]
    simple.RenameView(title, view)
    # a source that has times, for the text to follow the slider
    clock = simple.AnnotateTimeFilter(Input=results.cell, Format=f"{title} of {results.label}")
    shown = simple.Show(clock, view)
    shown.WindowLocation = "Upper Center"
    shown.FontSize = 20
    shown.Color = [0.0, 0.0, 0.0]
    return view


def coloured(source, view, name, kind, preset=MAPS, width=1.0):
    """Show a source in the colours of a field, with a legend at the right."""
    shown = simple.Show(source, view)
    shown.Representation = "Surface"
    shown.LineWidth = width
    simple.ColorBy(shown, (kind, name))
    colours = simple.GetColorTransferFunction(name)
    colours.ApplyPreset(preset, True)
    colours.NanColor = [0.8, 0.8, 0.8]
    colours.RescaleOnVisibilityChange = 0
    legend(colours, view, name)
    return shown


def legend(colours, view, title):
    """Return the legend of colours in a view."""
    bar = simple.GetScalarBar(colours, view)
    bar.Title, bar.ComponentTitle = title, ""
    bar.WindowLocation = "Any Location"
    bar.Orientation = "Horizontal"
    bar.Position = [0.3, 0.05]
    bar.ScalarBarLength = 0.4
    bar.TitleColor = bar.LabelColor = [0.0, 0.0, 0.0]
    bar.TitleFontSize = bar.LabelFontSize = 18
    bar.AutomaticLabelFormat = 0
    bar.LabelFormat = bar.RangeLabelFormat = "%.3g"
    bar.Visibility = 1
    return bar


def shade(results, view):
    """Show where the cell is, behind what else is there."""
    shown = simple.Show(results.cell, view)
    simple.ColorBy(shown, None)
    shown.Representation = "Outline" if results.solid else "Surface"
    shown.AmbientColor = shown.DiffuseColor = [0.5, 0.5, 0.5] if results.solid else [0.9, 0.9, 0.9]
    if not results.solid:
        # behind the lines
        shown.Position = [0.0, 0.0, -1e-3 * results.smallest]


def look(results, view, above=False):
    """Let a view see the whole cell: a plane one from the front, a solid one from a corner above, or from above."""
    middle = [(low + high) / 2 for low, high in zip(results.low, results.high)]
    wide, high = (results.high[i] - results.low[i] for i in (0, 1))
    view.CameraParallelProjection = 1
    away = 10 * math.dist(results.low, results.high)
    if results.solid:
        deep = math.dist(results.low, results.high) / 2
        direction = (0.0, 0.0, 1.0) if above else (0.5, -0.75, 0.45)
        view.CameraViewUp = [0.0, 1.0, 0.0] if above else [0.0, 0.0, 1.0]
        scale = max(high, wide * SIZE[1] / SIZE[0]) / 2 if above else deep
    else:
        direction, view.CameraViewUp = (0.0, 0.0, 1.0), [0.0, 1.0, 0.0]
        scale = max(high, wide * SIZE[1] / SIZE[0]) / 2
    view.CameraFocalPoint = middle
    view.CameraPosition = [one + away * part for one, part in zip(middle, direction)]
    view.CameraParallelScale = MARGIN * scale


def show_cell(results):
    """Show the cell, its displacements exaggerated, in the colours of the stress; a solid one is cut in the middle."""
    factor = results.exaggeration()
    times = f"displacements × {factor:g}" if factor > 1 else "true displacements"
    view = view_of(results, f"Cell ({times})")
    source, name = in_units_people_use(results.cell, results.grid, STRESS, "Cell Data")
    source = simple.WarpByVector(registrationName="opening", Input=source, Vectors=["POINTS", WARP], ScaleFactor=factor)
    if results.solid:
        source = simple.Clip(Input=source, ClipType="Plane", Invert=0)
        source.ClipType.Origin = [(low + high) / 2 for low, high in zip(results.low, results.high)]
        source.ClipType.Normal = [0.0, 1.0, 0.0]
    shown = coloured(source, view, name, "CELLS")
    shown.RescaleTransferFunctionToDataRange(False, True)
    look(results, view)
    return view


def show_map(results, field, title):
    """Show a field of the interfaces that have it; None if none has."""
    found = [(one, at(one, results.time)) for one in results.interfaces]
    found = [(one, data) for one, data in found if data.GetPointData().HasArray(field)]
    if not found:
        return None
    view = view_of(results, title)
    shade(results, view)
    for one, data in found:
        source, name = in_units_people_use(one, data, field, "Point Data")
        shown = coloured(source, view, name, "POINTS", width=6.0)
        shown.RescaleTransferFunctionToDataRange(True, True)
    look(results, view, above=len(found) == 1)
    return view


def show_contact(results):
    """Show where the interfaces are in contact, and where not."""
    found = [one for one in results.interfaces if at(one, results.time).GetPointData().HasArray("contacted")]
    if not found:
        return None
    view = view_of(results, "Contact")
    shade(results, view)
    for one in found:
        source = simple.Calculator(Input=one, AttributeType="Point Data", ResultArrayName="contact", Function="contacted")
        shown = simple.Show(source, view)
        shown.Representation, shown.LineWidth = "Surface", 6.0
        simple.ColorBy(shown, ("POINTS", "contact"))
        shown.InterpolateScalarsBeforeMapping = 1
    colours = simple.GetColorTransferFunction("contact")
    colours.RGBPoints = [0.0, *OPEN, 0.5, *OPEN, 0.5, *CONTACT, 1.0, *CONTACT]
    colours.ColorSpace, colours.NumberOfTableValues, colours.Discretize = "RGB", 2, 1
    colours.Annotations = ["0.25", "Γ_d: apart", "0.75", "Γ_c: in contact"]
    colours.RescaleTransferFunction(0.0, 1.0)
    bar = legend(colours, view, "interface")
    bar.DrawTickMarks = bar.DrawTickLabels = bar.AddRangeLabels = 0
    look(results, view, above=len(found) == 1)
    return view


def show_current(results):
    """Show stream lines of the current, from the middle of each side; None if no current flows."""
    current = results.grid.GetCellData().GetArray(CURRENT)
    if current is None or not float(abs(vtk_to_numpy(current)).max()) > 0.0:
        return None
    view = view_of(results, "Current")
    shade(results, view)
    own = unit(results.grid, CURRENT)
    name, factor = f"current density [{SHOWN[own][0]}]", SHOWN[own][1]
    source = simple.Calculator(
        Input=results.cell, AttributeType="Cell Data", ResultArrayName=name, Function=f"{CURRENT}*{factor:g}"
    )
    source = simple.CellDatatoPointData(Input=source, CellDataArraytoprocess=[name])
    low, high = results.low, results.high
    up = 2 if results.solid else 1
    for part in (0.25, 0.75):
        level = low[up] + part * (high[up] - low[up])
        if results.solid:
            seeds = simple.Plane(
                Origin=[low[0], low[1], level], Point1=[high[0], low[1], level], Point2=[low[0], high[1], level],
                XResolution=LINES // 3, YResolution=LINES // 3,
            )
        else:
            seeds = simple.Line(Point1=[low[0], level, 0.0], Point2=[high[0], level, 0.0], Resolution=LINES)
        lines = simple.StreamTracerWithCustomSource(Input=source, SeedSource=seeds, Vectors=["POINTS", name])
        lines.IntegrationDirection = "BOTH"
        lines.MaximumStreamlineLength = 10 * math.dist(low, high)
        lines.MaximumSteps = 20000
        shown = coloured(lines, view, name, "POINTS", width=2.0)
        shown.RescaleTransferFunctionToDataRange(True, True)
        simple.Hide(seeds, view)
    look(results, view)
    return view


def main(arguments):
    """Open all, and write pictures if asked."""
    given = dict(zip(arguments[::2], arguments[1::2]))
    if not set(given) <= {"--pictures", "--time"}:
        sys.exit(__doc__)
    simple._DisableFirstRenderCameraReset()
    results = Results(float(given["--time"]) if "--time" in given else None)
    simple.GetAnimationScene().UpdateAnimationUsingDataTimeSteps()
    views = {
        "cell": show_cell(results),
        "pressure": show_map(results, "pressure", "Pressure"),
        "damage": show_map(results, "damage", "Damage"),
        "contact": show_contact(results),
        "current": show_current(results),
    }
    simple.GetAnimationScene().AnimationTime = results.time
    for name, view in views.items():
        if view is None:
            continue
        view.ViewTime = results.time
        simple.Render(view)
        if "--pictures" in given:
            os.makedirs(given["--pictures"], exist_ok=True)
            path = os.path.join(given["--pictures"], f"{name}.png")
            simple.SaveScreenshot(path, view, ImageResolution=list(SIZE))
            print(path)


main(sys.argv[1:] if "--pictures" in sys.argv else [])
