"""The folder of a study: told from those of others, and from what its file asks for by now."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from builders import TINY

from interstice.schema.problems import CaseError
from interstice.solver.results import OutputError
from interstice.solver.study import folder, plan


def write(file: Path, **keys: object) -> Path:
    file.parent.mkdir(exist_ok=True)
    (file.parent / "case.yaml").write_text(TINY)
    axes = {"stack.pressure": ["5 MPa"]}
    file.write_text(json.dumps({"title": file.parent.name, "case": "case.yaml", "axes": axes} | keys))
    return file


def command(where: Path, *words: str) -> tuple[int, str]:
    program = [sys.executable, "-P", "-m", "interstice", "study", *words]
    done = subprocess.run(program, cwd=where, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return the file of a study whose folder, results/study beside it, is ready to be run."""
    file = write(tmp_path / "one" / "study.yaml")
    folder.ready(file, tmp_path / "one" / "results" / "study", lambda done, of: None)
    return file


def test_two_studies_of_one_name_do_not_take_each_others_folder(made: Path, tmp_path: Path) -> None:
    other, results = write(tmp_path / "two" / "study.yaml"), made.parent / "results" / "study"
    for refused in (folder.require_place, folder.require_free, folder.hold):
        with pytest.raises(OutputError, match=rf"holds another study, {made}; choose another folder with -o"):
            refused(results, other)
    folder.require_free(results, made)
    made.unlink()  # the folder may be moved with its file
    folder.require_free(results, other)


def test_the_results_of_another_study_of_that_name_are_not_told(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write(tmp_path / "two" / "study.yaml")
    monkeypatch.chdir(made.parent)
    assert folder.of_argument(made) == folder.of_argument(Path("results/study")) == Path("results/study")
    with pytest.raises(OutputError, match="holds another study"):
        folder.of_argument(other)


def test_a_file_that_was_edited_after_the_run_is_told(made: Path) -> None:
    results = made.parent / "results" / "study"
    assert not folder.is_changed(made, results) and not folder.is_changed(results, results)
    write(made, outputs={"touching": {"of": "active fraction"}})
    assert folder.is_changed(made, results)
    code, said = command(made.parent, "status", "study.yaml")
    assert code == 0 and "has changed since it was run; 'interstice study run study.yaml' takes up what is new" in said


def test_what_cannot_be_run_there_is_refused_before_it_would_be(tmp_path: Path) -> None:
    file = write(tmp_path / "one" / "study.yaml")
    (tmp_path / "one" / "foreign").mkdir()
    (tmp_path / "one" / "foreign" / "letter.txt").touch()
    for words in (("run", file.name, "--dry-run"), ("validate", file.name)):
        code, said = command(file.parent, *words, "-o", "foreign")
        assert code == 2 and "not from a study" in said
    code, said = command(file.parent, "run", file.name, "--profile", "nix")
    assert code == 2 and "--profile 'nix': is not known; there is slurm" in said
    assert not (file.parent / "results").exists()


def test_a_case_that_is_not_there_is_told_with_the_line_of_the_study(tmp_path: Path) -> None:
    file = write(tmp_path / "one" / "study.yaml", case="nix.yaml")
    with pytest.raises(CaseError, match=r"study\.yaml:1: case.*nix\.yaml: there is no such file"):
        plan.make(plan.read_study(file))
