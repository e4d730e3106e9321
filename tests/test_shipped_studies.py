"""The shipped studies are read, with the case of each of their runs, and ask what their first lines say."""

from __future__ import annotations

from pathlib import Path

import pytest

from interstice.solver.study.plan import make, read_study

CASES = Path(__file__).parent.parent / "cases"
STUDIES = sorted((CASES / "studies").glob("*.yaml"))
RUNS = {"pressure_roughness": 60, "toughness_rate": 27, "particle_size_pressure": 9}


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_shipped_study_is_a_question_about_a_shipped_case(path: Path) -> None:
    file = read_study(path)
    assert file.text.startswith("# ") and file.text.split("\n#\n")[0].rstrip().endswith("?")
    assert f"interstice study run cases/studies/{path.name}" in file.text
    case = Path(str(file.study.case))
    assert (path.parent / case).resolve().parent == CASES.resolve()
    plan = make(file)
    assert len(plan.runs) == RUNS[path.stem] == len({run.name for run in plan.runs})
    assert plan.merged == 0
