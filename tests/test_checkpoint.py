"""A run that is broken off and goes on from its state is the run that was not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from builders import TINY, Run, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI
from test_history import COUNTS, FEW_STEPS, LOOSE, RUNS
from typer.testing import CliRunner

import interstice
from interstice.cli import app
from interstice.solver import checkpoint, history, status
from interstice.solver.cell import Cell
from interstice.solver.checkpoint import Checkpoint, CheckpointError, fingerprint
from interstice.solver.history import HistoryFile, Row, read_rows
from interstice.solver.results import OutputError, WriteError, case_of, prepare
from interstice.solver.simulation import simulate
from interstice.solver.stepping import Advance, Stepping
from interstice.solver.vtkhdf import SeriesReader

COVERING = (
    "fixed thickness",
    "every law",
    "free and rotating",
    "stress and film",
    "polymer",
    "heat",
    "yields",
    "flows by Anand's law, warm",
    "3D, passivated",
    "3D, creeps",
)
"""Runs with all that has a state; in a longer look all of `RUNS` went on like this."""


BRIEF = "protocol=[charge at 0.5 mA/cm^2 for 5 s, rest for 2 s]"


@pytest.mark.parametrize("name", COVERING)
def test_a_run_that_goes_on_from_a_state_is_the_one_that_was_not_broken_off(name: str) -> None:
    # a run that says its protocol needs that
    overrides = BRIEF, *RUNS[name], FEW_STEPS
    whole = tiny_run(*overrides)
    steps = len(whole.rows) // 2
    first = tiny_cell(*overrides)
    # the state is only complete when Stepping has been made, as it is part of it
    stepping = Stepping(first, first.case.protocol, first.case.time)
    first.press()
    rows = [history.row(first, advance) for advance in islice(stepping, steps)]
    snapshot = first.state.gathered(MPI.COMM_WORLD)
    second = tiny_cell(*overrides)
    stepping = Stepping(second, second.case.protocol, second.case.time)
    second.go_on(snapshot)
    rows += [history.row(second, advance) for advance in stepping]
    assert len(rows) == len(whole.rows) - 1
    assert_same(rows, whole)


def assert_same(rows: Sequence[Mapping[str, float]], whole: Run, tolerance: float = 1e-10) -> None:
    """Require that the rows after the assembled cell are those of the `whole` run but for rounding."""
    work = np.abs(whole.column("work of the eigenstrain [J]")).max()
    for column in whole.rows[0].keys() - LOOSE - COUNTS:
        expected = whole.column(column)[1:]
        # an energy that is zero but for rounding is so beside the others
        scale = work if column.endswith("[J]") else np.abs(expected).max()
        found = [row[column] for row in rows]
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale, err_msg=column)
    for column in LOOSE & whole.rows[0].keys():
        assert max(row[column] for row in rows) <= 1e-8


# --- files -----------------------------------------------------------------------------------------


def snapshot() -> dict[str, np.ndarray]:
    return {"a.x": np.array([1.0, 2.0]), "cathode/separator.bond.damage": np.array([[0.5]])}


def written(folder: Path, *numbers: int, fingerprint: str = "") -> Path:
    """Make checkpoints of these numbers of time steps in a folder of results, and return the folder."""
    about = {"format": checkpoint.FORMAT, "version": "0", "fingerprint": fingerprint, "followers": {}}
    about |= {"begun": 0, "protocol": checkpoint._of_protocol(tiny_case(), 0)}
    for number in numbers:
        text = np.array(json.dumps(about | {"number": number}))
        checkpoint._write(folder / checkpoint.FOLDER, number, {**snapshot(), checkpoint.ABOUT: text})
    return folder


def last(results: Path) -> Checkpoint:
    found = checkpoint.latest(results)
    assert found
    return found


def test_the_last_two_checkpoints_are_kept_and_the_last_is_read(tmp_path: Path) -> None:
    written(tmp_path, 8, 9, 10, 1000000)
    assert sorted(path.name for path in (tmp_path / "checkpoint").iterdir()) == ["000010.npz", "1000000.npz"]
    found = last(tmp_path)
    assert found.about["number"] == 1000000
    assert found.values.keys() == snapshot().keys()
    for name, values in snapshot().items():
        np.testing.assert_array_equal(found.values[name], values)


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "text"])
def test_a_damaged_checkpoint_is_told_and_the_one_before_it_read(tmp_path: Path, harm: str) -> None:
    newest = written(tmp_path, 8, 9) / "checkpoint" / "000009.npz"
    whole = bytearray(newest.read_bytes())
    place = whole.index(np.array([1.0, 2.0]).tobytes())
    whole[place] ^= 1
    newest.write_bytes({"cut": whole[:-40], "flipped": whole, "empty": b"", "text": b"no archive"}[harm])
    assert last(tmp_path).about["number"] == 8
    (tmp_path / "checkpoint" / "000008.npz").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"no checkpoint is whole \(000009.npz: .*; 000008.npz"):
        checkpoint.latest(tmp_path)


class Payload:
    """What leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", [np.savez, np.savez_compressed])
def test_a_pickle_in_a_checkpoint_is_never_opened(tmp_path: Path, how: Callable[..., None]) -> None:
    path = written(tmp_path, 8) / "checkpoint" / "000008.npz"
    payload = np.array([Payload(tmp_path / "harm"), None], dtype=object)
    for name in (checkpoint.ABOUT, "a.x"):
        how(path, **{checkpoint.ABOUT: np.array('{"format": 1}'), name: payload})
        with pytest.raises(CheckpointError, match=r"000008\.npz: .*allow_pickle=False"):
            checkpoint.latest(tmp_path)
    np.save(path.with_suffix(".npy"), payload)
    path.with_suffix(".npy").rename(path)
    with pytest.raises(CheckpointError, match="no checkpoint is whole"):
        checkpoint.latest(tmp_path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("about", ["[", "[]", "1", '"x"', "{}", '{"format": 1}', f'{{"format": {checkpoint.FORMAT}}}'])
def test_a_checkpoint_that_is_about_nothing_is_told(tmp_path: Path, about: str) -> None:
    path = written(tmp_path, 8) / "checkpoint" / "000008.npz"
    np.savez(path, **{checkpoint.ABOUT: np.array(about)})
    with pytest.raises(CheckpointError, match=r"no checkpoint is whole|in another format|is not a checkpoint of"):
        last(tmp_path).check(tiny_case())


def test_an_archive_that_is_larger_inside_than_outside_is_not_opened(tmp_path: Path) -> None:
    path = written(tmp_path, 8) / "checkpoint" / "000008.npz"
    np.savez_compressed(path, **{"a.x": np.zeros(10_000_000), checkpoint.ABOUT: np.array('{"format": 1}')})
    assert path.stat().st_size < 1e6
    with pytest.raises(CheckpointError, match=r"000008\.npz: its parts are larger than the file"):
        checkpoint.latest(tmp_path)


def test_only_files_named_by_a_number_of_steps_are_checkpoints(tmp_path: Path) -> None:
    written(tmp_path, 8)
    folder = tmp_path / "checkpoint"
    for name in ("9x", "x9", "9" * 200, "²", "9.9"):
        (folder / f"{name}.npz").write_bytes(b"")
    os.mkfifo(folder / "000009.npz")
    assert last(tmp_path).about["number"] == 8


def test_a_run_without_a_checkpoint_begins_anew(tmp_path: Path) -> None:
    results = prepare(tmp_path / "results", tiny_case())
    for name in ("history.csv", "electrode.vtkhdf", ".status.json"):
        (results / name).write_text("half")
    (results / "checkpoint").mkdir()
    (results / "checkpoint" / ".000001.npz").write_text("half")
    assert checkpoint.latest(results) is None
    assert checkpoint.shared(results, MPI.COMM_SELF) is None
    assert [path.name for path in results.iterdir()] == ["case.yaml"]
    (results / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"'notes\.txt' is not from a run"):
        checkpoint.shared(results, MPI.COMM_SELF)


def test_what_a_killed_run_left_half_written_is_no_checkpoint_and_goes(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / ".000007.npz").write_bytes(b"half")
    written(tmp_path, 8)
    assert last(tmp_path).about["number"] == 8
    assert [path.name for path in (tmp_path / "checkpoint").iterdir()] == ["000008.npz"]


def test_a_checkpoint_of_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 8)
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    with pytest.raises(CheckpointError, match="in another format"):
        checkpoint.latest(tmp_path)


def test_a_checkpoint_of_another_case_is_refused(tmp_path: Path) -> None:
    same, other = tiny_case(), tiny_case("electrolyte.overrides={young_modulus: 21 GPa}")
    found = last(written(tmp_path, 8, fingerprint=fingerprint(same)))
    found.check(tiny_case("output.fields_every=7"))
    with pytest.raises(CheckpointError, match="numbers of the case, its materials"):
        found.check(other)


CHARGE, REST, SHORT = "charge at 0.5 mA/cm^2 for 15 s", "rest for 5 s", "rest for 1 s"


@pytest.mark.parametrize(
    ("protocol", "allowed"),
    [
        (f"{CHARGE}, {REST}", True),
        (f"{CHARGE}, {REST}, {SHORT}, {REST}", True),
        (f"{CHARGE}", False),
        (f"{CHARGE}, {SHORT}, {SHORT}", False),
        # with another depth the history would have other columns
        (f"{CHARGE}, {REST}, {{repeat 2 times: [{REST}]}}", False),
    ],
)
def test_a_protocol_has_to_begin_with_what_was_done(tmp_path: Path, protocol: str, allowed: bool) -> None:
    before = tiny_case(f"protocol=[{CHARGE}, {REST}, {CHARGE}]")
    found = last(written(tmp_path, 8, fingerprint=fingerprint(before)))
    found.about.update(begun=2, protocol=checkpoint._of_protocol(before, 2))
    after = tiny_case(f"protocol=[{protocol}]")
    if allowed:
        found.check(after)
    else:
        with pytest.raises(CheckpointError, match="does not begin with the 2 steps that were carried out"):
            found.check(after)


def test_a_fingerprint_is_that_of_the_contents_of_files_wherever_they_are(tmp_path: Path) -> None:
    prints = []
    for folder, height in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        (tmp_path / folder).mkdir()
        x = np.linspace(0.0, 2.0, 33)
        np.savetxt(tmp_path / folder / "scan.txt", np.transpose([x, height * np.sin(np.pi * x)]))
        surface = f"{{kind: measured, file: {tmp_path / folder / 'scan.txt'}, unit: 1 um, height_unit: 1 nm}}"
        prints.append(fingerprint(tiny_case(f"geometry.roughness={surface}")))
    assert prints[0] == prints[1] != prints[2]


# --- the history ------------------------------------------------------------------------------------


def test_a_row_for_which_there_is_no_room_is_not_half_there(tmp_path: Path) -> None:
    path, row = tmp_path / "history.csv", {"time [s]": 0.0, "voltage [V]": 3.5}
    file = HistoryFile(path, MPI.COMM_SELF)
    file.advanced(None, row)
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 5, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.advanced(None, row)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    assert file.memory() == len(whole)
    file.finished("")
    assert path.read_bytes() == whole


def test_a_history_that_was_cut_cannot_go_on(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(b"time [s]\n")
    with pytest.raises(OutputError, match="has 9 bytes, fewer than the 40"):
        HistoryFile(path, MPI.COMM_SELF).recall(40)
    assert path.read_bytes() == b"time [s]\n"


@pytest.mark.parametrize("moment", ["begun", "advanced"])
def test_what_cannot_be_written_ends_a_run_as_that(moment: str) -> None:
    class Full:
        def advanced(self, advance: Advance | None, row: Row) -> None:
            raise OSError("no room")

        def finished(self, reason: str) -> None:
            pass

    def follow(cell: Cell) -> list[Full]:
        if moment == "begun":
            raise OSError("no room")
        return [Full()]

    with pytest.raises(WriteError, match="results cannot be written any more: no room; what was written stands"):
        simulate(tiny_case(), MPI.COMM_WORLD, follow)


# --- the program -----------------------------------------------------------------------------------


PROGRAM = ["-m", "interstice", "run"]
EACH_STEP = ("--set", FEW_STEPS, "--set", "output.checkpoint_steps=1")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a run that was killed halfway."""
    case = tmp_path_factory.mktemp("killed") / "tiny.yaml"
    case.write_text(TINY, encoding="utf-8")
    results = case.with_name("results")
    halfway = len(tiny_run(FEW_STEPS).rows) // 2
    victim = subprocess.Popen([sys.executable, *PROGRAM, str(case), "--quiet", *EACH_STEP, "-o", str(results)])
    while victim.poll() is None and not any(int(path.stem) >= halfway for path in results.glob("checkpoint/0*.npz")):
        time.sleep(0.01)
    victim.kill()
    assert victim.wait() == -signal.SIGKILL
    return results


@pytest.fixture
def results(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "results"))


def test_a_killed_run_goes_on_without_gap_or_repeat(results: Path) -> None:
    said = subprocess.run(
        [sys.executable, *PROGRAM, "--resume", str(results)], check=True, text=True, capture_output=True
    )
    assert "goes on at" in said.stdout
    whole = tiny_run(FEW_STEPS)
    rows = read_rows(results / "history.csv")
    assert_same(rows[1:], whole)
    for name in ("electrode", "electrolyte", "interface", "cell"):
        with SeriesReader(results / f"{name}.vtkhdf") as series:
            np.testing.assert_allclose(series.times(), whole.column("time [s]"))
    # and it could go on once more
    assert case_of(results).case == tiny_case(FEW_STEPS, "output.checkpoint_steps=1").case
    last(results).check(case_of(results))
    told = (results / "warnings.txt").read_text().splitlines()
    assert len(told) == len(set(told)) > 0


@pytest.mark.parametrize("ranks", [2, 3])
def test_a_killed_run_goes_on_on_more_ranks(mpi_run: Callable[..., str], results: Path, ranks: int) -> None:
    mpi_run([*PROGRAM, "--resume", str(results), "--quiet"], ranks, timeout=120)
    rows = read_rows(results / "history.csv")
    assert_same(rows[1:], tiny_run(FEW_STEPS), 1e-6)
    with SeriesReader(results / "interface.vtkhdf") as series:
        assert series.times() == pytest.approx([row["time [s]"] for row in rows])
        places = series.mesh()[0][:, 0]
        for step, row in enumerate(rows):
            pressure = series.values("point", "pressure", step)
            assert pressure.max() == pytest.approx(row["max pressure [Pa]"], rel=1e-9)
            # a crest of the roughness presses, whoever wrote the step
            assert abs(np.cos(2 * np.pi * places[pressure.argmax()] / 1e-6)) > 0.5


def test_a_run_goes_on_with_a_longer_protocol(tmp_path: Path) -> None:
    whole = tiny_run(FEW_STEPS)
    first = interstice.run(tiny_case(FEW_STEPS, f"protocol=[{CHARGE}, {REST}]"), tmp_path / "results")
    assert len(first.history) < len(whole.rows)
    # finished: nothing is left to do, nothing is said twice
    same = interstice.run(resume=tmp_path / "results")
    assert list(same.history["time"]) == pytest.approx(list(first.history["time"]), rel=1e-11)
    assert list(same.history["step kind"]) == list(first.history["step kind"])
    assert len(same.interface["electrode/electrolyte"].time) == 0
    second = interstice.run(tiny_case(FEW_STEPS), resume=tmp_path / "results")
    assert_same(second.rows[1:], whole)
    assert_same(read_rows(tmp_path / "results" / "history.csv")[1:], whole)
    assert second.interface["electrode/electrolyte"].time[-1] == whole.rows[-1]["time [s]"]
    assert status.read(tmp_path / "results")["state"] == "finished"
    # it is now a run of the longer protocol
    assert case_of(tmp_path / "results").case.protocol == tiny_case(FEW_STEPS).case.protocol
    with pytest.raises(CheckpointError, match="does not begin with the 3 steps"):
        interstice.run(tiny_case(FEW_STEPS, f"protocol=[{CHARGE}]"), resume=tmp_path / "results")


def test_what_cannot_go_on_is_refused_in_words(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for arguments, words in {
        ("--resume", folder): "no run has its results here",
        ("--resume", folder, "-o", "x"): "leave out -o",
        ("--resume", folder, "x.yaml"): "leave out CASE",
        ("--resume", folder, "--set", "title=x"): "leave out --set",
        ("--resume", folder, "--extend"): "a CASE is needed",
        ("--extend", "x.yaml"): "--extend: is of use with --resume DIR alone",
        (): "a CASE is needed, or --resume DIR",
    }.items():
        said = CliRunner().invoke(app, ["run", *arguments])
        assert said.exit_code == 2
        assert words in said.output
