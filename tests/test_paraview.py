"""The script in a folder of results, carried out by ParaView."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from builders import TINY
from PIL import Image

import interstice
from interstice.solver.fields import SCRIPT

PICTURES = ("cell", "pressure", "contact", "current")


@pytest.mark.skipif(not shutil.which("pvbatch"), reason="ParaView is not installed")
def test_paraview_shows_a_run(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    results = tmp_path / "results"
    interstice.run(tmp_path / "tiny.yaml", results)
    display = () if os.environ.get("DISPLAY") else ("xvfb-run", "-a")
    pictures = tmp_path / "pictures"
    program = [*display, "pvbatch", str(results / SCRIPT.name), "--pictures", str(pictures)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "ERR|" not in done.stderr, done.stderr[-2000:]
    assert sorted(path.stem for path in pictures.iterdir()) == sorted(PICTURES)
    for path in pictures.iterdir():
        pixels = np.asarray(Image.open(path).convert("L"), dtype=float)
        # a title, what is shown, and a legend
        assert all(third.std() > 5 for third in np.array_split(pixels, 3)), f"{path} is empty in part"
