"""From a study file to its runs: each with a name that is a hash of what it computes.

A run is named after its case with all numbers that it uses, materials too, and the contents of the files that it refers
to: not after how the values are written, in which order, or what is written to its folder. What is the same is one run,
and a run that is done stays so while its axis gets other values.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from interstice.schema import study as blocks
from interstice.schema import yaml_text
from interstice.schema.explain import Located, explain
from interstice.schema.problems import CaseError, Key, brief, in_order
from interstice.schema.section import Section, fields_of, required
from interstice.schema.study import Study
from interstice.schema.units import unit_of
from interstice.solver import provenance
from interstice.solver.environment import version
from interstice.solver.reader import LoadedCase, checked, dump_case
from interstice.solver.written import write_whole

FILE = "plan.json"
COPY = "study.yaml"
DIGITS = 12
"""Of the hash that is the name of a run: of ten million runs, two have the same one in one case of six."""
FORMAT = 1
INSTALL = "pip install 'interstice-fem[study]'"
MANY = 100
"""Runs beyond which each value of an axis is tried before all are read, so that what is wrong is told soon."""


class StudyFile(NamedTuple):
    """A study that was read: its path as given, its text, its blocks, and where each value stands."""

    path: Path
    text: str
    study: Study
    located: Located


@dataclass(frozen=True)
class PlannedRun:
    """A run: its name, the values of the keys that vary, as written and as numbers in SI (text where they are none).

    `time` [s] on one core and `memory` [bytes] are estimates.
    """

    name: str
    values: dict[str, Any]
    numbers: dict[str, Any]
    time: float
    memory: float

    def __str__(self) -> str:
        """The values in words."""
        return ", ".join(f"{key} = {brief(value, quotes=False, longest=40)}" for key, value in self.values.items())


@dataclass(frozen=True)
class Plan:
    """All runs of a study, and what is wanted of them; ``plan.json`` holds the same.

    `warnings` are of the cases, with the number of runs that have each. `sample` has the names of the runs in the order
    of its points, a list for each combination of the axes. `sources` are hashes of all that it was made from.
    """

    title: str
    study: str
    inputs: list[dict[str, str]]
    runs: list[PlannedRun]
    outputs: dict[str, Any]
    figures: list[dict[str, Any]]
    needs: dict[str, Any]
    sample: dict[str, Any]
    warnings: dict[str, int]
    merged: int
    sources: dict[str, str]
    version: str
    format: int = FORMAT
    cases: dict[str, str] = field(default_factory=dict, compare=False)
    """The text of the case of each run by its name, where it was asked for; no part of the file."""

    @property
    def time(self) -> float:
        """The estimate of all runs on one core [s]."""
        return sum(run.time for run in self.runs)

    @property
    def memory(self) -> float:
        """The estimate of the largest run [bytes]."""
        return max(run.memory for run in self.runs)

    def write(self, folder: Path, study: StudyFile) -> None:
        """Write it into the folder of a study, with a copy of the file."""
        values = asdict(self)
        del values["cases"]
        for name, text in ((COPY, study.text), (FILE, json.dumps(values, indent=1, ensure_ascii=False))):
            write_whole(folder / name, text)


def read_study(path: Path) -> StudyFile:
    """Return a study that was read and checked by itself, without its cases; CaseError with all that is wrong."""
    wanted = f"a study has the keys {', '.join(required(Study))} and axes"
    text = yaml_text.read_text(path, wanted)
    values, places = yaml_text.parse(text, str(path), wanted)
    located = Located(values, places)
    try:
        study = Study.model_validate_json(json.dumps(values), strict=True, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise CaseError(explain(error, located, Study)) from None
    problems = [*blocks.problems(study)]
    if problems:
        raise CaseError(in_order(located.problem(key, message) for key, message in problems))
    return StudyFile(path, text, study, located)


def read(folder: Path) -> Plan:
    """Return the plan in the folder of a study; OSError or ValueError if there is none that can be read."""
    values = json.loads((folder / FILE).read_text(encoding="utf-8"))
    try:
        if values["format"] != FORMAT:
            raise ValueError(f"{folder / FILE}: was written by Interstice {values.get('version')}, in another format")
        return Plan(**{**values, "runs": [PlannedRun(**run) for run in values["runs"]]})
    except (TypeError, KeyError) as error:
        raise ValueError(f"{folder / FILE}: is no plan of a study: {error}") from None


def is_up_to_date(plan: Plan, file: StudyFile) -> bool:
    """Return whether a plan is that of a study file as it is now, and of all files that its cases refer to."""
    return (
        plan.study == str(file.path.resolve())
        and plan.version == version()
        and all(_source(name) == known for name, known in plan.sources.items())
    )


def make(
    file: StudyFile,
    with_case: Callable[[str], bool] = lambda name: False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Plan:
    """Return the runs of a study, each of which has been read; CaseError with all that is wrong, and in which runs.

    `with_case` says of which runs, by their names, the text of the case is kept.
    """
    study, base = file.study, _Base(file)
    if study.count > MANY:
        base.check_each_value()
    combinations = list(_combinations(study))
    runs: dict[str, PlannedRun] = {}
    names: list[str] = []
    problems: dict[str, list[Mapping[str, Any]]] = {}
    warnings: Counter[str] = Counter()
    sources: dict[str, None] = {}
    cases: dict[str, str] = {}
    units: dict[str, str] = {}
    for number, found in enumerate(_each_read(base, combinations, with_case)):
        progress(number + 1, len(combinations))
        for problem in found.problems:
            problems.setdefault(problem, []).append(combinations[number])
        names.append(found.run.name if found.run else "")
        if found.run and found.run.name not in runs:
            runs[found.run.name] = found.run
            warnings.update(found.warnings)
            units |= found.units
            sources |= dict.fromkeys(found.sources)
            if found.case:
                cases[found.run.name] = found.case
    if problems:
        raise CaseError(base.told(problems, len(combinations)))
    dump = study.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Plan(
        title=study.title,
        study=str(file.path.resolve()),
        inputs=[{"key": key, "unit": units.get(key, "")} for key in study.keys],
        runs=list(runs.values()),
        outputs=dump["outputs"],
        figures=dump["figures"],
        needs=dict(study.runs),
        sample={**dump["sample"], "names": _by_combination(study, names)} if study.sample else {},
        warnings=dict(warnings),
        merged=len(names) - len(runs),
        sources={name: _source(name) for name in (*base.sources, *sources)},
        version=version(),
        cases=cases,
    )


class _Read(NamedTuple):
    """What is kept of the case of a run: the run, or what is wrong with it; units by key, and the text of the case."""

    run: PlannedRun | None
    problems: tuple[str, ...] = ()
    units: Mapping[str, str] = {}
    warnings: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    case: str = ""


def _each_read(
    base: _Base, combinations: Sequence[Mapping[str, Any]], with_case: Callable[[str], bool]
) -> Iterator[_Read]:
    """Yield what the cases of combinations come to, in their order; many are read on all cores."""

    def read(values: Mapping[str, Any]) -> _Read:
        try:
            loaded = base.read(values)
        except CaseError as error:
            return _Read(None, tuple(error.problems))
        name, found = name_of(loaded), {key: number_at(loaded, key) for key in values}
        assert loaded.cost
        numbers = {key: value if (known := found[key]) is None else known[0] for key, value in values.items()}
        return _Read(
            PlannedRun(name, dict(values), numbers, loaded.cost.time, loaded.cost.memory),
            units={key: known[1] for key, known in found.items() if known},
            warnings=frozenset(loaded.warnings),
            sources=tuple(str(source) for _, source in provenance.files(loaded)),
            case=dump_case(loaded.case) if with_case(name) else "",
        )

    # what all cases have in common is read before others are forked
    yield read(combinations[0])
    workers = os.process_cpu_count() or 1
    if len(combinations) <= MANY or workers == 1 or _has_threads():
        yield from map(read, combinations[1:])
        return
    _Forked.read = staticmethod(read)
    ignore = signal.signal, (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process, which ends the others
    with multiprocessing.get_context("fork").Pool(workers, *ignore) as pool:
        yield from pool.imap(_read_forked, combinations[1:], chunksize=8)


class _Forked:
    """What the processes that read cases have from the one that they were forked from."""

    read: Callable[[Mapping[str, Any]], _Read]


def _has_threads() -> bool:
    """Return whether this process has threads, as that of MPI: what they lock stays so in a fork."""
    return len(os.listdir("/proc/self/task")) > 1


def _read_forked(values: Mapping[str, Any]) -> _Read:
    return _Forked.read(values)


def name_of(loaded: LoadedCase) -> str:
    """Return the name of the run of a case: the first digits of a hash of all that it computes with."""
    values = loaded.case.model_dump(mode="json", exclude={"title", "output", "limits"})
    return provenance.digest(values)[:DIGITS]


def number_at(loaded: LoadedCase, key: str) -> tuple[float, str] | None:
    """Return the number at a dotted key of a case in SI, with its unit, "1" if it has none; None if there is none."""
    here: Any = loaded.case
    unit = None
    for part in key.split("."):
        if isinstance(here, Section):
            known = fields_of(type(here)).get(part)
            if known is None:
                return None
            unit = unit_of(known)
            here = getattr(here, part, None)
        elif isinstance(here, Mapping):
            here = here.get(part)
        elif isinstance(here, list | tuple) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    if isinstance(here, bool) or not isinstance(here, int | float):
        return None
    return here, unit.si if unit else "1"


class _Base:
    """The case that all runs have in common, read once."""

    def __init__(self, file: StudyFile) -> None:
        self._file, given = file, file.study.case
        if isinstance(given, Path):
            self._path = given
            shown = min(str(given), os.path.relpath(given), key=len)
            try:
                text = yaml_text.read_text(given)
            except CaseError as error:
                raise CaseError(in_order(file.located.problem(("case",), words) for words in error.problems)) from None
            self._values, self._places = yaml_text.parse(text, shown)
            self.sources = [str(file.path.resolve()), str(given), _folder_of(given)]
        else:
            self._path = file.path.resolve()
            self._values = file.located.given(("case",))
            self._places = {key[1:]: place for key, place in file.located.places.items() if key[:1] == ("case",)}
            self.sources = [str(self._path), _folder_of(self._path)]
        self._at = {key: file.located.place(("set", key)) for key in file.study.set}
        for key in file.study.keys:
            self._at.setdefault(key, file.located.place(_place(file.study, key)))

    def read(self, changes: Mapping[str, Any]) -> LoadedCase:
        """Return the case with values of the study replaced, parents before what is in them; CaseError as a case."""
        overrides = []
        for given in (self._file.study.set, changes):
            ordered = sorted(given.items(), key=lambda item: item[0].split("."))
            overrides += [(f"{key}={json.dumps(value, ensure_ascii=False)}", self._at[key]) for key, value in ordered]
        return checked(copy.deepcopy(self._values), dict(self._places), self._path, overrides)

    def check_each_value(self) -> None:
        """Read the case with each value of each axis once: what is wrong with one is told before all are read."""
        first: dict[str, Any] = {}
        problems: dict[str, list[Mapping[str, Any]]] = {}
        tried = 0
        axes = list(_axes(self._file.study))
        for entry in axes:
            first |= entry[0]
        # each point of a sample is read once alone, when all are
        for entry in axes[:-1] if self._file.study.sample else axes:
            for values in entry:
                tried += 1
                try:
                    self.read(first | values)
                except CaseError as error:
                    for problem in error.problems:
                        problems.setdefault(problem, []).append(first | values)
        if problems:
            raise CaseError(self.told(problems, tried))

    def told(self, problems: Mapping[str, list[Mapping[str, Any]]], of: int) -> list[str]:
        """Return problems with the values of the first run that has each, unless all have it."""
        told = []
        for problem, runs in problems.items():
            values = ", ".join(f"{key} = {brief(value, quotes=False, longest=40)}" for key, value in runs[0].items())
            others = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
            where = f"in the run with {brief(values, quotes=False, longest=300)}{others}"
            told.append(problem if len(runs) == of else f"{problem} ({where})")
        return in_order(told)


def _axes(study: Study) -> Iterator[list[dict[str, Any]]]:
    """Yield the axes, each as the values that its keys have one after the other."""
    for key, axis in study.axes.items():
        yield [{key: value} for value in blocks.values_of(axis)]
    for entry in study.linked:
        yield [dict(zip(entry, values, strict=True)) for values in zip(*entry.values(), strict=True)]
    if study.sample:
        yield _points(study.sample)


def _combinations(study: Study) -> Iterator[dict[str, Any]]:
    """Yield the values of all keys, of one run after the other; the points of the sample change fastest."""
    for parts in itertools.product(*_axes(study)):
        yield {key: value for part in parts for key, value in part.items()}


def _by_combination(study: Study, names: list[str]) -> list[list[str]]:
    assert study.sample
    return [list(part) for part in itertools.batched(names, study.sample.points)]


def _points(sample: blocks.Sample) -> list[dict[str, Any]]:
    """Return the points of a sample, the same for the same seed."""
    from scipy.stats import qmc

    size = len(sample.over)
    if sample.method == "latin_hypercube":
        shares = qmc.LatinHypercube(size, rng=sample.seed).random(sample.count)
    elif sample.method == "sobol":
        shares = qmc.Sobol(size, rng=sample.seed).random(sample.count)
    else:
        try:
            from SALib.sample import sobol
        except ImportError:
            raise CaseError([f"sample.method: saltelli needs SALib, which is not installed:  {INSTALL}"]) from None
        problem = {"num_vars": size, "names": list(sample.over), "bounds": [[0.0, 1.0]] * size}
        shares = sobol.sample(problem, sample.count, calc_second_order=False, scramble=True, seed=sample.seed)
    columns = [span.at(shares[:, number]) for number, span in enumerate(sample.over.values())]
    return [dict(zip(sample.over, values, strict=True)) for values in zip(*columns, strict=True)]


def _place(study: Study, key: str) -> Key:
    if key in study.axes:
        return ("axes", key)
    for number, entry in enumerate(study.linked):
        if key in entry:
            return ("linked", number, key)
    return ("sample", "over", key)


def _folder_of(file: Path) -> str:
    """Return what stands for the materials beside a file: another one may come before those of the program."""
    return f"{file.resolve().parent}/*.yaml"


def _source(name: str) -> str:
    """Return a hash of a file, or of the names that match a pattern; "" if it cannot be read."""
    path = Path(name)
    try:
        if path.name == "*.yaml":
            content = "\n".join(sorted(entry.name for entry in path.parent.glob(path.name))).encode()
        else:
            content = path.read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest()
