"""The shipped studies are read, with the case of each of their runs, and ask what their first lines say."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import carry_out

from interstice.solver.reader import read_case
from interstice.solver.study.plan import make, read_study

CASES = Path(__file__).parent.parent / "cases"
STUDIES = sorted((CASES / "studies").glob("*.yaml"))
RUNS = {"pressure_roughness": 60, "toughness_rate": 27, "particle_size_pressure": 9, "lithium_stripping": 35}


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


def test_lithium_loses_its_contact_in_words_at_one_end_of_its_map_and_keeps_it_at_the_other(tmp_path: Path) -> None:
    plan = make(read_study(CASES / "studies" / "lithium_stripping.yaml"), with_case=lambda name: True)
    runs = {tuple(run.values.values()): run for run in plan.runs}
    coarse = "geometry.element_size=625 nm", "protocol.0.time=1 min", "protocol.1.until.capacity=0.002 mA*h/cm^2"
    stripped, words = {}, {}
    for corner in (("1 MPa", "2 mA/cm^2"), ("3 MPa", "2 mA/cm^2")):
        case = tmp_path / "case.yaml"
        case.write_text(plan.cases[runs[corner].name], encoding="utf-8")
        run = carry_out(read_case(case, coarse))
        stripped[corner[0]], words[corner[0]] = run.column("net charge [A h/m^2]")[-1], run.stopped
    assert "open circuit: nothing that conducts presses any more" in words["1 MPa"] and stripped["1 MPa"] < 0.1 * 0.02
    assert words["3 MPa"] == "" and stripped["3 MPa"] == pytest.approx(0.02, rel=1e-9)
