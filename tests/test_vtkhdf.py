"""The file of a series: whole between any two writes, after a kill, on a full disk, and when it is gone on with."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torn_series
from torn_series import NAME, grid, wrong
from vtk_reader import read_series

from interstice.solver import vtkhdf
from interstice.solver.vtkhdf import ROOM, SLOTS, DamagedError, SeriesFile, SeriesReader

STEPS = SLOTS + 5
"""More than there are sets of times."""


def write(folder: Path, kept: int = 0, count: int = STEPS, generation: int = 1) -> SeriesFile:
    return torn_series.write(folder, kept, generation, count, pause=0.0)


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be room for so few steps that the file is laid out anew again and again."""
    monkeypatch.setattr(vtkhdf, "ROOM", 2)


@pytest.mark.usefixtures("little_room")
def test_the_file_is_whole_between_any_two_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where half of the bytes of one have come to the disk."""
    original, seen = vtkhdf._write, [0]

    def looked_at(file: int, data: bytes, place: int) -> None:
        for part in (data[: len(data) // 2], data) if len(data) > 8 else (data,):
            original(file, part, place)
            if (tmp_path / NAME).exists():
                count, problem = wrong(tmp_path / NAME, seen[-1])
                assert not problem
                seen.append(count)

    monkeypatch.setattr(vtkhdf, "_write", looked_at)
    write(tmp_path).trim()
    assert set(seen) == set(range(STEPS + 1)) and seen == sorted(seen)


def test_killed_writers_leave_a_whole_file_that_the_next_one_goes_on_with(tmp_path: Path) -> None:
    program = [sys.executable, torn_series.__file__, str(tmp_path), "--count", "12", "--seed", "3"]
    done = subprocess.run(program, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("kept", [0, 1, STEPS - 1, STEPS])
def test_a_series_goes_on_after_the_steps_that_are_kept(tmp_path: Path, kept: int) -> None:
    for trimmed in (False, True):
        file = write(tmp_path)
        if trimmed:
            file.trim()
        write(tmp_path, kept, 4, generation=2)
        times = [step + 1e-4 for step in range(kept)] + [kept + step + 2e-4 for step in range(4)]
        assert read_series(tmp_path / NAME, 0.0)[0] == times
        assert wrong(tmp_path / NAME, kept + 4) == (kept + 4, "")


def test_a_file_without_room_has_no_holes_and_takes_more_steps(tmp_path: Path) -> None:
    file = write(tmp_path)
    path = tmp_path / NAME
    assert path.stat().st_size > path.stat().st_blocks * 512
    before = file.size
    file.trim()
    assert path.stat().st_size == pytest.approx(file.size, abs=8) and file.size < before
    assert wrong(path, STEPS) == (STEPS, "")
    for name, values in (
        ("time", np.full(len(grid().points), STEPS)),
        ("flux", np.full((len(grid().cells), 3), STEPS)),
    ):
        file.put("cell" if name == "flux" else "point", name, values)
    file.commit(STEPS)
    assert wrong(path, STEPS + 1) == (STEPS + 1, "")


@pytest.mark.usefixtures("little_room")
def test_what_a_full_disk_does_not_take_leaves_the_steps_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever write it is that fails; nothing is left beside the file, and the step can be written again."""
    original = vtkhdf._write
    for failing in itertools.count():
        left = [failing]

        def full(file: int, data: bytes, place: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                original(file, data[: len(data) // 2], place)
                raise OSError(errno.ENOSPC, "No space left on device")
            original(file, data, place)

        monkeypatch.setattr(vtkhdf, "_write", full)
        folder = tmp_path / str(failing)
        folder.mkdir()
        try:
            write(folder, count=3)
        except OSError:
            monkeypatch.setattr(vtkhdf, "_write", original)
            if (folder / NAME).exists():
                known, problem = wrong(folder / NAME, 1)
                assert not problem
                write(folder, known, 3, generation=2)
                assert wrong(folder / NAME, known + 3) == (known + 3, "")
        else:
            break
    assert failing > 20


def test_a_disk_that_is_full_when_room_is_dropped_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, count=2)
    with monkeypatch.context() as patch:
        # that of a file of so many bytes is refused
        patch.setattr(vtkhdf, "_laid_out", lambda *_: (b"", vtkhdf._Layout(0, -1, {}, [])))
        with pytest.raises(OSError):
            file.trim()
    assert [one.name for one in tmp_path.iterdir()] == [NAME]
    file.put("point", "time", np.full(len(grid().points), 2.0))
    file.put("cell", "flux", np.full((len(grid().cells), 3), 2.0))
    file.commit(2.0)
    assert wrong(tmp_path / NAME, 3) == (3, "")


def test_a_system_that_takes_bytes_in_portions_gets_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: original(file, data[: len(data) // 2 + 1], place))
    write(tmp_path, count=3)
    assert wrong(tmp_path / NAME, 3) == (3, "")


def test_lengths_of_the_kept_steps_are_multiplied(tmp_path: Path) -> None:
    write(tmp_path, count=2)
    SeriesFile(tmp_path / NAME, grid()).keep(2, {"flux": 1e6})
    with SeriesReader(tmp_path / NAME) as series:
        assert series.values("cell", "flux", 1)[0, 0] == pytest.approx(1e6 * 1.0001)
        assert series.values("point", "time", 1)[0] == 1.0001


def test_damaged_files_are_named(tmp_path: Path) -> None:
    write(tmp_path, count=3).trim()
    path = tmp_path / NAME
    whole = path.read_bytes()
    for damaged in (b"", b"nothing", whole[: len(whole) // 2], whole[:2000] + bytes(2000) + whole[4000:]):
        path.write_bytes(damaged)
        with pytest.raises(DamagedError, match=r"torn\.vtkhdf: is damaged"), SeriesReader(path) as series:
            series.times()
            series.mesh()
        with pytest.raises(DamagedError, match=r"torn\.vtkhdf: is damaged"):
            SeriesFile(path, grid()).keep(2, {})
        assert path.read_bytes() == damaged
        assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_room_costs_nothing(tmp_path: Path) -> None:
    """The first steps take about their own size on the disk, and the layout some kilobytes."""
    write(tmp_path, count=1)
    step = 8 * (len(grid().points) + 3 * len(grid().cells))
    taken = (tmp_path / NAME).stat().st_blocks * 512
    assert taken < 4 * step + 200_000 < ROOM * step
