"""RO-Crate metadata of a study, as its own package reads them back."""

from __future__ import annotations

import json
from pathlib import Path

from made_studies import PRESSURE, ROUGHNESS, write_study
from rocrate.rocrate import ROCrate

from interstice.solver.study import crate
from interstice.solver.study.collect import collect


def write_crate(folder: Path) -> Path:
    plan = write_study(folder)
    (folder / "study.yaml").write_text("title: pressure and roughness\n")
    running, waiting = (folder / "runs" / run.name for run in plan.runs[:2])
    about = json.loads((running / "status.json").read_text())
    (running / "status.json").write_text(json.dumps({**about, "state": "stopped", "why": "no contact"}))
    for file in waiting.iterdir():
        file.unlink()
    return crate.write(folder, collect(folder))


def test_each_run_that_has_begun_is_an_action_with_its_inputs_its_ends_and_the_version(tmp_path: Path) -> None:
    assert write_crate(tmp_path) == tmp_path / "ro-crate-metadata.json"
    read = ROCrate(tmp_path)
    root = read.root_dataset
    assert read.name == "pressure and roughness" and root["datePublished"] == "2026-11-30T14:01:30+00:00"
    assert root["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.6"
    files = {entity.id for entity in root["hasPart"]}
    assert {"study.yaml", "plan.json", "table.parquet", "table.csv"} <= files
    actions = root["mentions"]
    assert [action.id for action in actions] == [f"#run-{number:012x}" for number in (0, 2, 3, 4, 5)]
    stopped, finished = actions[:2]
    assert stopped["actionStatus"] == "http://schema.org/FailedActionStatus" and stopped["error"] == "no contact"
    assert finished["actionStatus"] == "http://schema.org/CompletedActionStatus" and finished.get("error") is None
    assert finished["startTime"] == "2026-11-30T14:00:00+00:00" and finished["endTime"] == root["datePublished"]
    assert finished["instrument"]["softwareVersion"] == "0.1.0"
    pressure, roughness, case = finished["object"]
    assert (pressure["name"], pressure["value"], pressure["unitText"]) == (PRESSURE, 2e6, "Pa")
    assert (roughness["name"], roughness["value"], roughness["unitText"]) == (ROUGHNESS, 1e-8, "m")
    assert case.id == f"runs/{2:012x}/case.yaml" and (tmp_path / case.id).is_file()
    (result,) = finished["result"]
    assert result.id == f"runs/{2:012x}/" and "ab" * 32 in result["description"]
    # the same value is one thing
    assert stopped["object"][1].id == roughness.id and stopped["object"][0].id != pressure.id


def test_licence_and_author_that_somebody_wrote_into_it_stay(tmp_path: Path) -> None:
    file = write_crate(tmp_path)
    content = json.loads(file.read_text())
    root = next(entity for entity in content["@graph"] if entity["@id"] == "./")
    root |= {"license": {"@id": "https://spdx.org/licenses/CC-BY-4.0"}, "author": [{"@id": "#ada"}], "name": "mine"}
    content["@graph"] += [
        {"@id": "https://spdx.org/licenses/CC-BY-4.0", "@type": "CreativeWork", "name": "CC BY 4.0"},
        {"@id": "#ada", "@type": "Person", "name": "Ada"},
    ]
    file.write_text(json.dumps(content))
    crate.write(tmp_path, collect(tmp_path))
    read = ROCrate(tmp_path)
    assert read.license["name"] == "CC BY 4.0" and read.root_dataset["author"][0]["name"] == "Ada"
    assert read.name == "pressure and roughness" and "6 runs over" in read.description
    file.write_text("{")
    crate.write(tmp_path, collect(tmp_path))
    assert ROCrate(tmp_path).license is None
