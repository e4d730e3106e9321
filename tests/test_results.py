"""The folder of a run's results: what is kept, what may be replaced, what never is."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_case

from interstice.solver import results
from interstice.solver.reader import LoadedCase, read_case
from interstice.solver.results import OutputError, discard, hold, prepare, write_versions


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedCase:
    monkeypatch.chdir(tmp_path)
    return tiny_case()


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def finished_run(folder: Path, loaded: LoadedCase) -> Path:
    """Make what a run and its pictures leave."""
    prepare(folder, loaded)
    (folder / "fields").mkdir()
    (folder / "plots").mkdir()
    names = ("history.csv", "cell.vtkhdf", ".cell.vtkhdf", "versions.txt", "plots/cell.png")
    as_pvd = ("cell.pvd", "fields/cell_000012.vtu", "fields/cell_000012_1.vtu")
    for name in (*names, *as_pvd):
        (folder / name).write_text("old")
    return folder


def test_without_a_folder_each_run_gets_one_of_its_own_and_none_is_touched(loaded: LoadedCase) -> None:
    first = finished_run(Path("results/tiny"), loaded)
    kept = contents(first)
    assert prepare(None, loaded) == Path("results/tiny-2")
    assert prepare(None, loaded) == Path("results/tiny-3")
    assert contents(first) == kept
    assert read_case("results/tiny-3/case.yaml").case == loaded.case


def test_a_file_or_a_dangling_link_of_that_name_is_stepped_over_and_an_empty_folder_used(loaded: LoadedCase) -> None:
    Path("results/tiny-3").mkdir(parents=True)
    Path("results/tiny").symlink_to("nowhere")
    Path("results/tiny-2").write_text("mine")
    assert prepare(None, loaded) == Path("results/tiny-3")
    assert Path("results/tiny-2").read_text() == "mine" and Path("results/tiny").is_symlink()


def test_results_are_replaced_only_when_asked(loaded: LoadedCase) -> None:
    folder = finished_run(Path("out"), loaded)
    before = contents(folder)
    with pytest.raises(OutputError, match=r"out: holds the results of a run; .* --overwrite"):
        prepare(folder, loaded)
    assert contents(folder) == before
    assert prepare(folder, loaded, overwrite=True) == folder
    assert os.listdir(folder) == ["case.yaml"]


def test_overwriting_without_a_folder_replaces_the_one_of_the_case(loaded: LoadedCase) -> None:
    finished_run(Path("results/tiny"), loaded)
    assert prepare(None, loaded, overwrite=True) == Path("results/tiny")
    assert os.listdir("results/tiny") == ["case.yaml"] and os.listdir("results") == ["tiny"]


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "fields/mine.vtu", "plots/for_the_paper.png", "plots/interface_a.png/notes", "kept/history.csv"],
)
def test_what_is_not_of_a_run_is_never_deleted(loaded: LoadedCase, name: str) -> None:
    folder = finished_run(Path("out"), loaded)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("mine")
    before = contents(folder)
    with pytest.raises(OutputError, match=r"out: '(notes\.txt|fields|plots|kept).*' is not from a run; move it"):
        prepare(folder, loaded, overwrite=True)
    assert contents(folder) == before


def test_a_folder_without_the_copy_of_a_case_is_no_run_even_when_asked(loaded: LoadedCase) -> None:
    folder = finished_run(Path("out"), loaded)
    (folder / "case.yaml").write_text("title: mine\n")
    before = contents(folder)
    with pytest.raises(OutputError, match="out: the folder is not empty and not from a run"):
        prepare(folder, loaded, overwrite=True)
    assert contents(folder) == before


def test_a_link_in_a_folder_of_results_goes_and_what_it_points_at_stays(loaded: LoadedCase) -> None:
    folder = finished_run(Path("out"), loaded)
    elsewhere = Path("scratch")
    (folder / "fields").rename(elsewhere)
    (folder / "fields").symlink_to(elsewhere.resolve())
    prepare(folder, loaded, overwrite=True)
    assert os.listdir(folder) == ["case.yaml"]
    assert sorted(os.listdir(elsewhere)) == ["cell_000012.vtu", "cell_000012_1.vtu"]


@pytest.mark.parametrize("name", ["checkpoint", "lock", "fields/cell_000012_1.vtu", "history.csv"])
def test_no_run_goes_on_in_a_folder_from_which_a_link_leads_elsewhere(loaded: LoadedCase, name: str) -> None:
    folder, elsewhere = finished_run(Path("run"), loaded), Path("elsewhere")
    elsewhere.write_text("precious")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(elsewhere.absolute())
    with pytest.raises(OutputError, match=f"{name}: is a link to .*elsewhere"):
        hold(folder)
    assert elsewhere.read_text() == "precious"


def test_a_link_to_the_folder_of_a_run_that_could_not_begin_stays(loaded: LoadedCase) -> None:
    Path("elsewhere").mkdir()
    Path("link").symlink_to(Path("elsewhere").absolute())
    discard(prepare(Path("link"), loaded))
    assert Path("link").is_symlink()
    assert not any(Path("elsewhere").iterdir())


def test_results_say_what_they_come_from(loaded: LoadedCase) -> None:
    """Another number, or another content of a file that is read, is another hash."""
    heights = Path("heights.csv")
    hashes = set()
    places = np.linspace(0.0, 2e-6, 33)
    for height in (1e-9, 2e-9):
        np.savetxt(heights, np.column_stack([places, height * np.sin(np.pi * places / 1e-6)]), delimiter=",")
        surface = f"geometry.roughness={{kind: measured, file: {heights.absolute()}, unit: m}}"
        for pressure in ("20 MPa", "21 MPa"):
            write_versions(Path(), tiny_case(surface, f"stack.pressure={pressure}"), 2)
            lines = dict(line.split(": ", 1) for line in Path("versions.txt").read_text().splitlines())
            hashes.add(lines["Case, with all numbers that it uses"])
    assert len(hashes) == 4
    assert all(len(one) == len("SHA-256 ") + 64 for one in hashes)
    digest = hashlib.sha256(heights.read_bytes()).hexdigest()
    assert lines["File of geometry.roughness.file"] == f"{heights.absolute()}, SHA-256 {digest}"
    assert "nmc811.yaml, SHA-256 " in lines["Material of electrode, NMC811"]
    assert (lines["Ranks"], lines["Python"]) == ("2", platform.python_version())
    assert "-vec_mdot_use_gemv false" in lines["Options of PETSc"]


def test_of_two_runs_that_begin_at_once_the_second_is_refused(
    loaded: LoadedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found the folder empty, as the first one had not written its case yet."""
    Path("out").mkdir()
    monkeypatch.setattr(results, "_empty", lambda folder, *_: (folder / "case.yaml").write_text("of the first"))
    with pytest.raises(OutputError, match=r"out: is taken by another run"):
        prepare(Path("out"), loaded)
    assert contents(Path("out")) == {"case.yaml": "of the first"}


def test_a_folder_that_is_being_cleared_can_be_told_for_a_run_until_the_end(
    loaded: LoadedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, unlink = finished_run(Path("out"), loaded), Path.unlink

    def broken_off(path: Path) -> None:
        if path.name == "versions.txt":
            raise PermissionError("Permission denied")
        unlink(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", broken_off)
        with pytest.raises(OutputError, match="cannot be written"):
            prepare(folder, loaded, overwrite=True)
    assert len(list(folder.iterdir())) > 1
    assert prepare(folder, loaded, overwrite=True) == folder


def test_what_could_not_begin_leaves_no_folder_and_what_did_stays(loaded: LoadedCase) -> None:
    discard(prepare(Path("out"), loaded))
    assert not Path("out").exists()
    folder = finished_run(Path("out"), loaded)
    before = contents(folder)
    discard(folder)
    assert contents(folder) == before
