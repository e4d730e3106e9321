"""Compiled forms: where they are kept, and that a process killed while it compiled one is no obstacle."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import ufl
from builders import film_mesh
from dolfinx import fem, jit

from interstice.solver.domain import Domain, forms


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder in which forms are kept."""
    options = jit.get_options() | {"cache_dir": tmp_path}
    monkeypatch.setattr(jit, "get_options", lambda priority=None: options | (priority or {}))
    return tmp_path


def area() -> ufl.Form:
    domain = Domain(film_mesh(elements=2))
    return domain.constant(1.0) * domain.ds("collector")


def test_a_form_is_kept_in_a_folder_named_after_its_signature_and_found_there(folder: Path) -> None:
    form = area()
    assert fem.assemble_scalar(forms.compiled(form)) == pytest.approx(1e-6)
    (kept,) = (folder / form.signature()[:2]).glob("*.so")
    made = kept.stat().st_mtime_ns
    forms.compiled(form)
    assert kept.stat().st_mtime_ns == made


def test_a_form_is_the_same_however_many_constants_were_made_before() -> None:
    domain = Domain(film_mesh(elements=2))
    constants = [domain.constant(1.0) for _ in range(1000)]
    forms_of_two = {(a * b * domain.ds("collector")).signature() for a, b in itertools.pairwise(constants)}
    assert len(forms_of_two) == 1


def test_no_run_gets_what_was_compiled_with_the_options_of_the_tests(folder: Path) -> None:
    form = area()
    fem.form(form, jit_options={"cache_dir": folder})
    (ours,) = folder.glob("*.c")
    said = ours.with_suffix(".c.cached").read_text(encoding="utf-8")
    assert all(option in said for option in jit.get_options()["cffi_extra_compile_args"])
    (of_runs, _) = jit.DOLFINX_DEFAULT_JIT_OPTIONS["cffi_extra_compile_args"]
    fem.form(form, jit_options={"cache_dir": folder, "cffi_extra_compile_args": of_runs})
    assert len([*folder.glob("*.so")]) == 2


def test_programs_that_tests_start_compile_as_the_tests_do() -> None:
    program = (
        "import interstice.meshes.compat; from dolfinx import jit; print(jit.get_options()['cffi_extra_compile_args'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(jit.get_options()["cffi_extra_compile_args"])
    assert "-include" in done.stdout


def test_a_form_that_a_killed_process_left_half_compiled_is_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = area()
    forms.compiled(form)
    (cached,) = folder.rglob("*.c.cached")
    source = cached.with_suffix("")
    for path in source.parent.iterdir():
        path.unlink()
    source.touch()
    os.utime(source, (0, 0))
    monkeypatch.setattr(forms, "WAIT", 1)
    assert fem.assemble_scalar(forms.compiled(form)) == pytest.approx(1e-6)
    assert cached.exists()


def test_a_form_that_another_process_is_compiling_is_left_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = area()
    forms.compiled(form)
    (cached,) = folder.rglob("*.c.cached")
    cached.unlink()
    source = cached.with_suffix("")
    later = source.stat().st_mtime + 3600
    os.utime(source, (later, later))
    monkeypatch.setattr(forms, "WAIT", 1)
    with pytest.raises(TimeoutError):
        forms.compiled(form)
    assert source.exists()
