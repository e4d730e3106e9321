"""The pages are made into a site without a warning, and every block of code on them does what its page says.

Blocks of a page are carried out one after the other in a folder of their own, as a reader would: files are written,
commands and Python run. What is not carried out is listed in `NOT_RUN`, with the reason that its page gives.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from builders import carry_out as carry_out_case
from builders import tiny_case
from documents import BLOCK, PAGES, ROOT, WORDS, Block, blocks
from mpi4py import MPI
from pydantic import Field
from ruamel.yaml import YAML

from interstice import schema
from interstice.benchmarks import command
from interstice.benchmarks.options import Parameters
from interstice.benchmarks.report import Result
from interstice.cli import app
from interstice.materials import load, names
from interstice.schema import units
from interstice.solver import registry

SHOWN = {"math", "text", "csv"}
"""Languages of what is shown alone, or read elsewhere."""
LAUNCHER = """#!/bin/sh
[ "$1" = shell ] && { shift; exec "$@"; }
exec "$PYTHON" -m interstice "$@"
"""
"""Of a folder in which a page is carried out: the program of this environment."""
ALL = [block for page in PAGES for block in blocks(page)]
FIGURES = re.compile(r"^\./interstice benchmark (.*) --vary (\S+) --plot (\S+)$")
GENERATED = re.compile(r"\{(case-keys|commands|materials|toctree|include|eval-rst|code-cell)\}")


def is_figure(block: Block) -> bool:
    """Return whether a block makes a figure of the benchmarks, in minutes: its words are checked, its file is there."""
    return block.language == "bash" and FIGURES.match(block.text.strip()) is not None


def carried_out(block: Block) -> bool:
    return block.language in ("bash", "python") and "not run" not in block.remarks and not is_figure(block)


# --- each block is of a kind that is tried --------------------------------------------------------------


def test_each_block_says_what_it_is() -> None:
    for block in ALL:
        known = SHOWN | {"bash", "python", "yaml"}
        assert block.language in known or GENERATED.fullmatch(block.language), f"{block.place}: '{block.language}'"
        assert set(block.remarks) <= WORDS, f"{block.place}: {block.remarks}"
        assert "not run" not in block.remarks or len(block.remarks["not run"]) > 10, f"{block.place}: no reason"


def test_all_fences_are_seen() -> None:
    for page in PAGES:
        fences = len(re.findall(r"^ *```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert fences == 2 * len(blocks(page)), page


def test_commands_stand_in_blocks_and_not_indented() -> None:
    """The two commands of the README and what follows them are what a newcomer types first, and tried by CI itself."""
    for page in PAGES:
        if page != ROOT / "README.md":
            text = BLOCK.sub("", page.read_text(encoding="utf-8"))
            assert not re.search(r"^ {4}(\./)?interstice ", text, re.MULTILINE), page


def test_few_blocks_are_not_run_and_each_has_its_reason() -> None:
    reasons = {block.place: block.remarks["not run"] for block in ALL if "not run" in block.remarks}
    print("\n".join(f"{place}: {reason}" for place, reason in reasons.items()))
    assert len(reasons) <= NOT_RUN, reasons


NOT_RUN = 24
"""Blocks that are shown alone: raise it with a reason on the page."""


# --- blocks that are carried out ------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that has what a checkout has."""
    launcher = tmp_path / "interstice"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)
    for name in ("cases", "materials", "meshes"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setenv("PYTHON", sys.executable)
    return tmp_path


def with_settings(block: Block) -> str:
    """Return the commands of a block with its settings behind each `run` of a case."""
    settings = " ".join(map(shlex.quote, block.settings))
    return re.sub(r"^(\S*interstice run (?!--resume)[^\n#]*?)( *#.*)?$", rf"\1 {settings}", block.text, flags=re.M)


def write(block: Block, folder: Path) -> None:
    """Write a block into the file that it is said to be; of a study, with its settings in each run."""
    text = block.text
    if block.settings:
        study = YAML(typ="safe").load(text)
        given = (word.partition("=") for word in block.settings if word != "--set")
        study.setdefault("set", {}).update({key: YAML(typ="safe").load(value) for key, _, value in given})
        with open(folder / block.remarks["file"], "w", encoding="utf-8") as file:
            YAML().dump(study, file)
        return
    (folder / block.remarks["file"]).write_text(text, encoding="utf-8")


def carry_out(block: Block, folder: Path) -> None:
    assert block.language == "python" or not block.settings or with_settings(block) != block.text, block.place
    if block.language == "python":
        changes = {key: value for key, _, value in (word.partition("=") for word in block.settings if word != "--set")}
        text = block.text
        for key, value in changes.items():
            # a setting of a case that is loaded stands among its changes
            text = text.replace('", {', f'", {{"{key}": {YAML(typ="safe").load(value)!r}, ', 1)
        words = [sys.executable, "-c", text]
    else:
        words = ["bash", "-euo", "pipefail", "-c", with_settings(block)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == int(block.remarks.get("ends with", "0")), f"{block.place}\n{done.stdout}\n{done.stderr}"


RUNNING = sorted({block.page for block in ALL if carried_out(block)} - {ROOT / "CONTRIBUTING.md"})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_tells_to_type_works_in_its_order(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if "file" in block.remarks:
            write(block, folder)
        elif carried_out(block):
            carry_out(block, folder)


def test_outputs_that_pages_show_are_those_of_the_program(folder: Path) -> None:
    """The message of two mistakes in the tutorial, word by word."""
    tutorial = blocks(ROOT / "docs" / "tutorial.md")
    mistake = next(place for place, block in enumerate(tutorial) if "ends with" in block.remarks)
    done = subprocess.run(
        ["bash", "-c", tutorial[mistake].text], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.stderr.split() == tutorial[mistake + 1].text.split()


def test_each_benchmark_has_a_figure_that_its_command_can_make() -> None:
    found = {}
    for block in ALL:
        if is_figure(block):
            match = FIGURES.match(block.text.strip())
            assert match is not None
            words, vary, file = match.groups()
            command.check_variation(shlex.split(words), vary, Path(file))
            assert (ROOT / file).is_file(), block.place
            found[words.split()[0]] = (ROOT / file).stat().st_size
    assert set(found) == set(command.NAMES)
    assert max(found.values()) < 100_000


def test_the_law_and_the_benchmark_that_contributing_adds_work(monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "CONTRIBUTING.md"
    block, part, benchmark = (one.text for one in blocks(page) if one.language == "python")
    (quantity,) = re.findall(r"`(SlidingViscosity = .*?)`", page.read_text(encoding="utf-8"))
    space: dict[str, Any] = {"quantity": units.quantity, "POSITIVE": units.POSITIVE}
    space |= {"Section": schema.Section, "Field": Field}
    execute(f"{quantity}\n{block}", space)
    law: dict[str, Any] = {}
    execute(part, law)
    sliding = space["Sliding"](viscosity="1e12 Pa*s/m")
    monkeypatch.setattr(schema.Interface, "sliding", sliding, raising=False)
    monkeypatch.setattr(registry, "PHYSICS", (*registry.PHYSICS, law["parts"]))
    done = carry_out_case(tiny_case("protocol=[charge at 1 A/m^2 for 1 s]"))
    assert not done.stopped and done.column("max sliding traction [Pa]").max() > 0.0
    module: dict[str, Any] = {"Parameters": Parameters, "MPI": MPI, "Result": Result}
    execute(benchmark, module)
    assert set(module) > {"NAME", "Options", "run"}


def execute(text: str, names: dict[str, Any]) -> None:
    # the code of a page, not one more part of this file
    exec(compile(text, "page", "exec", dont_inherit=True), names)


# --- the site -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built with its notebooks."""
    target = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html"]
    done = subprocess.run([*build, str(ROOT / "docs"), str(target)], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return target


def test_the_site_is_built_without_a_warning_and_its_notebooks_run(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in PAGES if (ROOT / "docs") in path.parents}
    assert all((site / page).is_file() for page in pages)
    notebook = (site / "notebooks" / "pressure_sweep.html").read_text(encoding="utf-8")
    assert "active fraction" in notebook and '<img alt="' in notebook


def test_each_key_of_a_case_stands_on_its_page(site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")
    keys = {key for block in schema.Case.model_json_schema()["$defs"].values() for key in block.get("properties", {})}
    keys -= {"step", "builder", "kind", "distribution"}
    missing = [key for key in keys if f">{key}<" not in text]
    assert not missing
    assert (
        "largest error of θ" in text
        and "300 K" not in text
        and "298.15 K" in text.replace('</span> <span class="pre">', " ")
    )


def test_each_option_of_a_command_stands_on_its_page(site: Path) -> None:
    text = re.sub(r"<[^>]*>", "", (site / "commands.html").read_text(encoding="utf-8"))
    commands = typer.main.get_command(app).commands
    for name, one in commands.items():
        options = [option for parameter in getattr(one, "params", []) for option in parameter.opts if option[0] == "-"]
        section = text[text.index(f"interstice {name}") :]
        assert all(option in section for option in options if option != "--help"), name


def test_each_number_of_a_material_stands_on_its_page_with_its_source(site: Path) -> None:
    text = (site / "numbers.html").read_text(encoding="utf-8")
    for name in names():
        assert f">{load(name).name}<" in text
    assert text.count("doi:") > 40 and "estimate:" in text


def test_the_site_needs_no_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        tags = re.findall(r"<(?:script|img|link)[^>]*>", page.read_text(encoding="utf-8"))
        away = [tag for tag in tags if re.search(r'(?:src|href)="(?:https?:)?//', tag)]
        assert not away, f"{page}: {away}"


def test_each_case_and_study_that_comes_along_stands_in_the_gallery() -> None:
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    files = [*(ROOT / "cases").glob("*.yaml"), *(ROOT / "cases" / "studies").glob("*.yaml")]
    missing = [file.name for file in files if f"| `{file.name}` |" not in gallery]
    assert not missing


def test_each_command_stands_in_the_table_of_commands() -> None:
    table = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    ways: list[str] = [_name(one.callback) for one in app.registered_commands if one.callback]
    for group, inside in groups.items():
        ways += [f"{group} {one.name or _name(one.callback)}" for one in inside.registered_commands]
    for way in ways:
        group, _, inner = way.rpartition(" ")
        rows = re.findall(rf"^\| `{group or inner}\b.*", table, re.MULTILINE)
        assert any(re.search(rf"\b{inner}\b", row) for row in rows), f"docs/commands.md: {way}"


def _name(callback: Callable[..., Any] | None) -> str:
    assert callback is not None
    return str(callback.__name__)
