"""The folder that the page shows, and no other: what is listed, where runs go, what a case may refer to."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import TINY

from interstice import shipped
from interstice.solver.view.check import check
from interstice.solver.view.folder import Folder, question, state_of


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a file beside the folder."""
    file = tmp_path / "secret.txt"
    file.write_text("0 1\n1 2\n")
    return file


@pytest.fixture
def folder(tmp_path: Path, outside: Path) -> Folder:
    """Return a folder with a case, and a shipped one."""
    root = tmp_path / "desk"
    root.mkdir()
    (root / "tiny.yaml").write_text(TINY)
    return Folder(root, shipped.cases(), [shipped.TOPOGRAPHY])


def add_run(folder: Folder, name: str) -> Path:
    path = folder.root / name
    path.mkdir(parents=True)
    (path / "history.csv").write_text("time [s]\n0\n")
    (path / "case.yaml").write_text(TINY)
    return path


def test_cases_are_those_of_the_folder_and_then_the_shipped_ones(folder: Folder) -> None:
    (folder.root / "own").mkdir()
    (folder.root / "own" / "broken.yml").write_text("geometry: [\n")
    (folder.root / "lnmo.yaml").write_text("formula: LNMO\n")
    add_run(folder, "results/first")
    names = list(folder.cases())
    assert names[:2] == ["own/broken.yml", "tiny.yaml"]
    assert "film_2d (shipped)" in names and len(names) == 2 + len(shipped.cases())


def test_nothing_outside_is_listed_though_links_lead_there(folder: Folder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "case.yaml").write_text(TINY)
    (elsewhere / "history.csv").write_text("time [s]\n0\n")
    (folder.root / "link.yaml").symlink_to(elsewhere / "case.yaml")
    (folder.root / "linked").symlink_to(elsewhere)
    half = add_run(folder, "half")
    (half / "history.csv").unlink()
    (half / "history.csv").symlink_to(elsewhere / "history.csv")
    assert "link.yaml" not in folder.cases() and "linked/case.yaml" not in folder.cases()
    assert folder.runs() == []
    for name in ("linked", "../elsewhere", str(elsewhere), "half"):
        assert folder.run(name) is None


def test_runs_are_found_below_and_the_last_one_comes_first(folder: Folder) -> None:
    import os

    for age, name in enumerate(("results/b", "a", "study/runs/0123456789ab"), start=1):
        path = add_run(folder, name)
        for file in path.iterdir():
            os.utime(file, (1e9 - age, 1e9 - age))
    add_run(folder, ".hidden/run")
    assert [run.name for run in folder.runs()] == ["results/b", "a", "study/runs/0123456789ab"]
    assert state_of(folder.root / "a")["state"] == "begun"


def test_each_run_gets_a_folder_of_its_own_below(folder: Folder) -> None:
    made = [folder.new(folder.root / "tiny.yaml") for _ in range(2)]
    assert made == [folder.root / "results" / "tiny", folder.root / "results" / "tiny-2"]
    assert Folder(made[0].parent).new(Path("x.yaml")) == made[0].parent / "x"


def test_no_run_goes_through_a_link_that_leads_out(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder.root / "results").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="leads out"):
        folder.new(folder.root / "tiny.yaml")
    assert list((tmp_path / "elsewhere").iterdir()) == []


MEASURED = "geometry.roughness={{kind: measured, size: 2 um, unit: um, file: {}}}"


@pytest.mark.parametrize(
    ("override", "key"),
    [
        (MEASURED.format("../secret.txt"), "geometry.roughness.file"),
        (MEASURED.format("/etc/passwd"), "geometry.roughness.file"),
        (MEASURED.format("../desk-beside/secret.txt"), "geometry.roughness.file"),
        (MEASURED.format("inside.txt"), "geometry.roughness.file"),
        ("electrode.material=../secret.yaml", "electrode.material"),
        ("protocol=['follow ../secret.txt']", "protocol.0"),
        ("protocol=['Follow  /etc/passwd,']", "protocol.0"),
        ("protocol=[{step: follow, file: /etc/passwd}]", "protocol.0.file"),
        ("geometry={builder: msh, file: ../mesh.msh}", "geometry.file"),
    ],
)
def test_a_case_reads_nothing_outside(folder: Folder, outside: Path, override: str, key: str) -> None:
    (folder.root / "inside.txt").symlink_to(outside)
    checked = check(folder, folder.root / "tiny.yaml", [override])
    assert checked.case is None
    assert len(checked.problems) == 1 and checked.problems[0].startswith(f"{key}: ")
    assert f"outside of {folder.root}" in checked.problems[0]


def test_a_material_of_the_folder_is_based_on_none_outside(folder: Folder) -> None:
    outside = folder.root.parent / "outside.yaml"
    outside.write_text((shipped.FOLDER / "materials" / "lithium_reservoir.yaml").read_text())
    (folder.root / "own.yaml").write_text("name: own\nbased_on: ../outside.yaml\n")
    checked = check(folder, folder.root / "tiny.yaml", ["electrode={material: own.yaml, initial_stoichiometry: 0.5}"])
    assert checked.case is None and len(checked.problems) == 1
    assert "based on" in checked.problems[0] and "outside of" in checked.problems[0]


def test_what_comes_with_the_program_may_be_read(folder: Folder) -> None:
    cases = folder.cases()
    for name in ("cold_press (shipped)", "pressure_hysteresis (shipped)"):
        checked = check(folder, cases[name])
        assert checked.problems == () and checked.case and checked.estimate.startswith("estimate: ")


def test_what_validate_says_is_said(folder: Folder) -> None:
    checked = check(folder, folder.root / "tiny.yaml", ["stack.presure=3 MPa", "stack.pressure=2"])
    assert len(checked.problems) == 2 and all("--set" in problem for problem in checked.problems)
    (folder.root / "broken.yaml").write_text(TINY.replace("length: 2 um", "lenght: 2 um"))
    (unknown,) = (line for line in check(folder, folder.root / "broken.yaml").problems if "lenght" in line)
    assert unknown.startswith("line 4: geometry.lenght")
    warned = check(folder, folder.root / "tiny.yaml", ["stack.pressure=3 GPa"])
    assert warned.case and any("unusual" in warning for warning in warned.warnings)
    assert not any(note.startswith("warning") for note in warned.notes) and warned.notes


def test_the_question_of_a_case_is_its_first_paragraph(folder: Folder) -> None:
    assert question(folder.cases()["dcb (shipped)"]).startswith("How tough")
    assert question(folder.root / "tiny.yaml") == ""
