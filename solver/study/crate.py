"""Metadata of a study in RO-Crate 1.3, by which archives and programs know what its files are and what made them.

``ro-crate-metadata.json`` follows the profile Process Run Crate 0.6 (https://w3id.org/ro/wfrun/process/0.6): each run
that has begun is a CreateAction of Interstice, of its version, with the inputs as PropertyValue in SI, its begin, its
end and how it ended. Licence, author and description are the user's to say; those written into the file by hand stay.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interstice.schema.outcomes import WALL_TIME
from interstice.solver.results import OutputError, refuse_links
from interstice.solver.study import collect, states
from interstice.solver.study.plan import COPY, FILE

if TYPE_CHECKING:
    from pandas import DataFrame
    from rocrate.rocrate import ROCrate

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.6"
URL = "https://pypi.org/project/interstice-fem/"
FILES = {
    COPY: ("the study", "application/yaml"),
    FILE: ("all runs of the study, and what is wanted of them", "application/json"),
    collect.PARQUET: ("a row for each run: inputs, outputs, provenance", "application/vnd.apache.parquet"),
    collect.CSV: ("the same table, with units in the header", "text/csv"),
    "report.html": ("the results as a page", "text/html"),
}
FORMATS = {".pdf": "application/pdf", ".svg": "image/svg+xml", ".png": "image/png"}
ENDED = {
    "finished": "CompletedActionStatus",
    "stopped": "FailedActionStatus",
    "failed": "FailedActionStatus",
    "killed": "FailedActionStatus",
    "interrupted": "FailedActionStatus",
    "running": "ActiveActionStatus",
}
"""How schema.org calls the states of runs that have begun."""
AUTOMATIC = "A study with Interstice"
"""How descriptions begin that no user has written."""
OF_USER = ("license", "author", "description", "publisher", "keywords", "citation")
NOT_POSSIBLE = f"{METADATA}: not written, rocrate is not installed here; type  pip install 'interstice-fem[study]'"


def is_possible() -> bool:
    """Return whether the package is there."""
    return importlib.util.find_spec("rocrate") is not None


def write(folder: Path, table: DataFrame) -> Path:
    """Write the metadata of the study in a folder, whose table is given; OutputError if they cannot be written."""
    refuse_links(folder, METADATA)
    content = json.dumps(metadata(folder, table), indent=1, ensure_ascii=False)
    try:
        collect.in_one_stroke(folder / METADATA, lambda path: path.write_text(content, encoding="utf-8"))
    except OSError as error:
        raise OutputError(f"{folder / METADATA}: cannot be written: {error.strerror or error}") from None
    return folder / METADATA


def metadata(folder: Path, table: DataFrame) -> dict[str, Any]:
    """Return the metadata of the study in a folder as JSON-LD."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    root = crate.root_dataset
    root["name"] = table.attrs["title"]
    root["description"] = f"{AUTOMATIC}: {len(table)} runs over {', '.join(table.attrs['inputs'])}"
    if ended := max(table["written"], default=""):
        root["datePublished"] = ended
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    root["conformsTo"] = crate.add(ContextEntity(crate, PROFILE, profile))
    for file in _files(folder):
        name = file.relative_to(folder).as_posix()
        description, form = FILES.get(name, ("a picture of the study", FORMATS.get(file.suffix, "")))
        size = str(file.stat().st_size)
        properties = {"name": name, "description": description, "encodingFormat": form, "contentSize": size}
        crate.add_file(dest_path=name, properties=properties)
    software: dict[str, Any] = {}
    values: dict[tuple[str, Any], Any] = {}
    for row in table[table["begun"] != ""].to_dict("records"):
        version = row["version"]
        if version not in software:
            about = {"@type": "SoftwareApplication", "name": "Interstice", "softwareVersion": version, "url": URL}
            software[version] = crate.add(ContextEntity(crate, f"#interstice-{len(software) + 1}", about))
        root.append_to("mentions", _action(crate, folder, row, table.attrs, software[version], values))
    content: dict[str, Any] = crate.metadata.generate()
    return _with_words_of_user(folder, content)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a study that are there, but for those of its runs."""
    yield from (folder / name for name in FILES if (folder / name).is_file())
    yield from (file for file in sorted((folder / "figures").glob("[!.]*")) if file.suffix in FORMATS)


def _action(
    crate: ROCrate,
    folder: Path,
    row: Mapping[str, Any],
    attrs: Mapping[str, Any],
    software: Any,
    values: dict[tuple[str, Any], Any],
) -> Any:
    """Add a run and what it began with and left; `values` of inputs that are there already are used again."""
    from rocrate.model.contextentity import ContextEntity

    name = str(row["run"])
    place = f"{states.RUNS}/{name}"
    given = []
    for key in attrs["inputs"]:
        value = row[key]
        if (key, value) not in values:
            about = {"@type": "PropertyValue", "name": key, "value": value, "unitText": attrs["units"].get(key, "")}
            values[key, value] = crate.add(ContextEntity(crate, f"#input-{len(values) + 1}", _said(about)))
        given.append(values[key, value])
    if (folder / place / "case.yaml").is_file():
        about = {"name": f"case of run {name}", "encodingFormat": "application/yaml"}
        given.append(crate.add_file(dest_path=f"{place}/case.yaml", properties=about))
    about = {
        "name": f"results of run {name}",
        "description": f"SHA-256 of the case with all numbers that it uses: {row['case_sha256']}",
    }
    results = crate.add_dataset(dest_path=f"{place}/", properties=about)
    status = ENDED.get(str(row["state"]), "PotentialActionStatus")
    lasted = float(row[WALL_TIME])
    about = {
        "@type": "CreateAction",
        "name": f"run {name}",
        "startTime": row["begun"],
        "endTime": row["written"] if status != "ActiveActionStatus" else "",
        "actionStatus": f"http://schema.org/{status}",
        "error": row["why"],
        "description": f"{row['state']}, on {row['ranks']} ranks" + ("" if math.isnan(lasted) else f", {lasted:.0f} s"),
    }
    return crate.add_action(software, f"#run-{name}", given, [results], _said(about))


def _said(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that say something."""
    return {name: value for name, value in properties.items() if value != ""}


def _with_words_of_user(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Return metadata with what the user wrote about the whole into those that are there, and what it refers to."""
    try:
        there = json.loads((folder / METADATA).read_text(encoding="utf-8"))
        before = {entity["@id"]: entity for entity in there["@graph"]}
    except (OSError, ValueError, KeyError, TypeError):
        return content
    graph = content["@graph"]
    known = {entity["@id"]: entity for entity in graph}
    kept = {
        name: value
        for name, value in before.get("./", {}).items()
        if name in OF_USER and not str(value).startswith(AUTOMATIC)
    }
    known["./"] |= kept
    for value in kept.values():
        for entry in value if isinstance(value, list) else [value]:
            identifier = entry.get("@id") if isinstance(entry, dict) else None
            if identifier in before and identifier not in known:
                graph.append(before[identifier])
    return content
