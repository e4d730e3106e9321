"""Every kind of broken case ends with exit code 2 and one message that says where, what and what is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interstice.cli import app
from interstice.materials import load
from interstice.solver.reader import CaseError, read_case

ROOT = Path(__file__).parent.parent
FARADAY, NMC = 96485.33, load("NMC811").host
assert NMC is not None
LEFT = 10.0 * 300.0 / (FARADAY * NMC.maximum_concentration * 1e-6)
"""Stoichiometry that 1 mA/cm² takes out of a micron in five minutes."""
VALID = """\
title: a flat film that is charged
temperature: 298.15 K
geometry:
  builder: film
  length: 2 um
  electrode_thickness: 1 um
  electrolyte_thickness: 1 um
  roughness: {kind: sinusoidal, amplitude: 10 nm, wavelength: 1 um}
  element_size: 100 nm
electrode:
  material: NMC811
  initial_stoichiometry: 0.9
electrolyte:
  material: LPSCl
interface:
  contact: {augmentation: 1000}
  kinetics:
    exchange_current_density: 1 mA/cm^2
stack:
  hold: fixed_thickness
  pressure: 5 MPa
protocol:
- {step: charge, current_density: 1 mA/cm^2, until: {voltage: 4.2 V}}
- {step: rest, time: 10 min}
time: {initial: 1 s, minimum: 1 ms}
"""
REST = "{step: rest, time: 10 min}"
KINETICS = "    exchange_current_density: 1 mA/cm^2\n"
PASSIVATED, PASSIVATION = KINETICS + "    passivated: {{{}}}\n", "interface.kinetics.passivated"
JARGON = ("Traceback", "pydantic", "https://", "Input should", "Value error", "validation error", "union", "ruamel")

# What the text is replaced by, and what the message must hold besides file and line.
EDITS = {
    "missing key": ("  length: 2 um\n", "", ["geometry.length: missing", "'2 um'"]),
    "missing block": ("stack:\n  hold: fixed_thickness\n  pressure: 5 MPa\n", "", ["stack: missing", "pressure"]),
    "misspelt key": ("  element_size:", "  elment_size:", ["geometry.elment_size", "did you mean 'element_size'?"]),
    "misspelt block": ("electrode:", "electrod:", ["electrod: unknown key", "did you mean 'electrode'"]),
    "key in the wrong block": (
        "  builder: film",
        "  builder: film\n  hold: x",
        ["geometry.hold", "belongs in 'stack'"],
    ),
    "plastic penalty": (
        "{augmentation: 1000}",
        "{method: penalty, plastic: true}",
        ["interface.contact.plastic", "needs the method augmented_lagrangian"],
    ),
    "micro without numbers": (
        "{augmentation: 1000}",
        "{augmentation: 1000}\n  micro: {law: elastic}",
        ["interface.micro.rms", "slope", "missing", "cutoff"],
    ),
    "micro with half of its numbers": (
        "{augmentation: 1000}",
        "{augmentation: 1000}\n  micro: {rms: 5 nm}",
        ["interface.micro.rms", "needed together"],
    ),
    "micro of roughness that goes on nowhere": (
        "{augmentation: 1000}",
        "{augmentation: 1000}\n  micro: {cutoff: 5 nm}",
        ["interface.micro.cutoff", "only self-affine and measured roughness", "sinusoidal", "rms and slope"],
    ),
    "micro and an onset": (
        "exchange_current_density: 1 mA/cm^2",
        "exchange_current_density: 1 mA/cm^2\n    onset_pressure: 1 MPa\n  micro: {rms: 5 nm, slope: 0.1}",
        ["interface.micro", "says what conducts in place of kinetics.onset_pressure"],
    ),
    "plastic micro without a hardness": (
        "{augmentation: 1000}",
        "{augmentation: 1000}\n  micro: {law: plastic, rms: 5 nm, slope: 0.1}",
        ["interface.micro.law", "LPSCl has no hardness"],
    ),
    "plastic without a hardness": (
        "{augmentation: 1000}",
        "{plastic: true}",
        ["interface.contact.plastic", "LPSCl has no hardness", "electrolyte.overrides.hardness", "'1 GPa'"],
    ),
    "wrong unit": ("  pressure: 5 MPa", "  pressure: 5 um", ["stack.pressure = '5 um'", "[Pa]", "'5 MPa'"]),
    "unknown unit": ("  pressure: 5 MPa", "  pressure: 5 Mpa", ["unknown unit 'Mpa', did you mean 'MPa'?"]),
    "missing unit": ("  pressure: 5 MPa", "  pressure: 5", ["stack.pressure = 5", "unit is missing", "'5 MPa'"]),
    "missing unit in text": ("  pressure: 5 MPa", "  pressure: '5'", ["stack.pressure = '5'", "unit is missing"]),
    "unit without number": ("  pressure: 5 MPa", "  pressure: MPa", ["stack.pressure = 'MPa'", "a number with a unit"]),
    "arithmetic in a value": ("  pressure: 5 MPa", "  pressure: 9**9**9**9 MPa", ["stack.pressure", "one number"]),
    "wrong sign": ("  length: 2 um", "  length: -2 um", ["geometry.length = '-2 um'", "greater than 0"]),
    "zero where it divides": ("  length: 2 um", "  length: 0 um", ["geometry.length", "greater than 0"]),
    "overflow": ("  length: 2 um", "  length: 1e999 um", ["geometry.length", "finite"]),
    "underflow": ("  length: 2 um", "  length: 1e-999 um", ["geometry.length", "greater than 0"]),
    "not a number with a unit": ("  length: 2 um", "  length: nan um", ["geometry.length", "finite"]),
    "not a number": ("augmentation: 1000", "augmentation: .nan", ["interface.contact.augmentation", "finite number"]),
    "infinity": ("augmentation: 1000", "augmentation: .inf", ["interface.contact.augmentation", "finite number"]),
    "boolean for a number": ("augmentation: 1000", "augmentation: true", ["augmentation = True", "a number"]),
    "text for a number": ("augmentation: 1000", "augmentation: '7'", ["augmentation = '7'", "a number"]),
    "nothing for a number": (
        "stoichiometry: 0.9",
        "stoichiometry: ",
        ["initial_stoichiometry = None", "no value", "a number"],
    ),
    "nothing for a value": ("  length: 2 um", "  length:", ["geometry.length", "no value", "'2 um'"]),
    "boolean for a value": ("  pressure: 5 MPa", "  pressure: yes", ["stack.pressure = 'yes'", "'5 MPa'"]),
    "list for a value": ("  pressure: 5 MPa", "  pressure: [5 MPa]", ["stack.pressure", "'5 MPa'"]),
    "value for a block": ("  material: LPSCl\n", "  LPSCl\n", ["electrolyte = 'LPSCl'", "material"]),
    "list for a block": ("  material: LPSCl\n", "- LPSCl\n", ["electrolyte", "material"]),
    "number for text": ("title: a flat film that is charged", "title: 7", ["title = 7", "quotes"]),
    "unknown material": ("  material: NMC811", "  material: NMC812", ["electrode.material", "did you mean 'NMC811'?"]),
    "electrode that is no host": ("  material: NMC811", "  material: LPSCl", ["electrode.material", "host", "NMC811"]),
    "electrolyte that is none": ("  material: LPSCl", "  material: NMC811", ["electrolyte.material", "LPSCl"]),
    "number the material lacks": (
        "  material: LPSCl",
        "  material: LPSCl\n  overrides: {diffusivity: 1e-14 m^2/s}",
        ["electrolyte.overrides.diffusivity", "no such quantity"],
    ),
    "implausible number": (
        "  material: NMC811",
        "  material: NMC811\n  overrides: {diffusivity: 1 m^2/s}",
        ["electrode.overrides.diffusivity", "implausible", "1e-6 m^2/s"],
    ),
    "incompressible": (
        "  material: NMC811",
        "  material: NMC811\n  overrides: {poisson_ratio: 0.5}",
        ["electrode.overrides.poisson_ratio = 0.5", "less than 0.5"],
    ),
    "stoichiometry above one": ("stoichiometry: 0.9", "stoichiometry: 1.2", ["initial_stoichiometry", "less than 1"]),
    "stoichiometry without potential": (
        "stoichiometry: 0.9",
        "stoichiometry: 0.99",
        ["= 0.99", "from {:g} to {:g}".format(*NMC.stoichiometry_range)],
    ),
    "unknown builder": ("  builder: film", "  builder: flim", ["geometry.builder = 'flim'", "did you mean 'film'?"]),
    "no builder": ("  builder: film\n", "", ["geometry.builder: missing", "film, msh"]),
    "unknown roughness": ("kind: sinusoidal", "kind: rough", ["geometry.roughness.kind", "self_affine, measured"]),
    "unknown step": ("{step: rest", "{step: wait", ["protocol.1.step = 'wait'", "charge, discharge, hold, rest"]),
    "step of another builder": (
        "{step: rest, time: 10 min}",
        "{step: open, opening: 1 um, time: 1 s}",
        ["protocol", "'open' belongs to", "'dcb'"],
    ),
    "pressed without a platen": (
        "  hold: fixed_thickness\n  pressure: 5 MPa\nprotocol:",
        "  hold: free\n  pressure: 5 MPa\nprotocol:\n- press to 10 MPa in 1 s",
        ["protocol", "'press' needs a platen", "hold free"],
    ),
    "no step repeated": ("{step: rest, time: 10 min}", "{step: repeat, times: 2, steps: []}", ["protocol.1.steps"]),
    "stack without pressure": ("  pressure: 5 MPa\n", "", ["pressure", "needed with hold fixed_thickness"]),
    "held by nothing": (
        "  hold: fixed_thickness\n  pressure: 5 MPa",
        "  hold: free",
        ["stack", "nothing holds the electrode", "interface.cohesive"],
    ),
    "plateau of another law": (
        "  kinetics:\n",
        "  cohesive: {law: bilinear, plateau: 0.5, normal_strength: 1 MPa, shear_strength: 1 MPa, "
        "normal_toughness: 1 J/m^2, shear_toughness: 1 J/m^2}\n  kinetics:\n",
        ["interface.cohesive.plateau", "belongs to the trapezoidal law"],
    ),
    "flaw inside out": (
        "  kinetics:\n",
        "  cohesive: {unbonded: {start: 2 um, end: 1 um}, normal_strength: 1 MPa, shear_strength: 1 MPa, "
        "normal_toughness: 1 J/m^2, shear_toughness: 1 J/m^2}\n  kinetics:\n",
        ["interface.cohesive.unbonded.end", "above the start"],
    ),
    "swollen beyond small strains": (
        "- {step: charge, current_density: 1 mA/cm^2, until: {voltage: 4.2 V}}\n- {step: rest, time: 10 min}\n",
        "- rest for 1 s\n- {step: charge, current_density: 1 mA/cm^2, until: {time: 5 min}}\nlargest_strain: 0.01\n",
        [
            f"protocol.1: θ of electrode goes from 0.9 to {0.9 - LEFT:.3g}",
            "NMC811 has shrunk by",
            "largest_strain, 0.01",
            "raise it",
        ],
    ),
    "no strain at all": (REST, f"{REST}\nlargest_strain: 0", ["largest_strain = 0", "greater than 0"]),
    "followed twice": (
        "  element_size: 100 nm\n",
        "  element_size: 100 nm\n  roughness_as: profile\n  profile: {kind: flat}\n",
        ["geometry.profile", "beside the roughness; leave out roughness_as"],
    ),
    "profile below the mesh": (
        "  element_size: 100 nm\n",
        "  element_size: 100 nm\n  profile: {kind: sinusoidal, amplitude: 1 nm, wavelength: 150 nm}\n",
        ["geometry.profile.wavelength = '150 nm'", "below two interface elements"],
    ),
    "passivated by nothing": (KINETICS, PASSIVATED.format("seed: 1"), [f"{PASSIVATION}.patches: or a share is needed"]),
    "passivated twice": (
        KINETICS,
        PASSIVATED.format("share: 0.5, correlation_length: 1 um, patches: [{start: 1 um, end: 2 um}]"),
        [f"{PASSIVATION}.patches: or a share is needed, and not both"],
    ),
    "share without correlation": (
        KINETICS,
        PASSIVATED.format("share: 0.5"),
        [f"{PASSIVATION}.correlation_length", "needs it"],
    ),
    "all of it passivated": (
        KINETICS,
        PASSIVATED.format("share: 1, correlation_length: 1 um"),
        [f"{PASSIVATION}.share = 1", "less than 1"],
    ),
    "patch inside out": (
        KINETICS,
        PASSIVATED.format("patches: [{start: 1 um, end: 2 um}, {start: 2 um, end: 1 um}]"),
        [f"{PASSIVATION}.patches.1.end = '1 um'", "above the start, 2e-06 m"],
    ),
    "patch of two dimensions": (
        KINETICS,
        PASSIVATED.format("patches: [{start: [1 um, 1 um], end: [2 um, 2 um]}]"),
        [f"{PASSIVATION}.patches.0.start", "a body of dimension 2 needs one position"],
    ),
    "patch of one and a half": (
        KINETICS,
        PASSIVATED.format("patches: [{start: 1 um, end: [2 um, 2 um]}]"),
        [f"{PASSIVATION}.patches.0.end", "one position where the start is one"],
    ),
    "patch without unit": (
        KINETICS,
        PASSIVATED.format("patches: [{start: [1, 1 um], end: [2 um, 2 um]}]"),
        [f"{PASSIVATION}.patches.0.start.0 = 1", "the unit is missing"],
    ),
    "patch beside the body": (
        KINETICS,
        PASSIVATED.format("patches: [{start: 30 um, end: 31 um}]"),
        [f"{PASSIVATION}.patches.0: the patch is not on the interface", "is 2e-06 m long"],
    ),
    "friction without coefficient": ("  kinetics:\n", "  friction: {}\n  kinetics:\n", ["coefficient: missing"]),
    "unknown choice": ("  hold: fixed_thickness", "  hold: fixed", ["stack.hold = 'fixed'", "constant_pressure"]),
    "key of another kind": ("amplitude: 10 nm,", "amplitude: 10 nm, seed: 3,", ["geometry.roughness.seed", "unknown"]),
    "verb that is none": (
        REST,
        "chrage at 1C for 1 h",
        ["protocol.1 = 'chrage at", "'chrage'", "did you mean 'charge'"],
    ),
    "keyword that is none": (REST, "charge at 1C util 4.2 V", ["'util' is not", "did you mean 'until'?"]),
    "sentence cut short": (REST, "charge at 1C", ["protocol.1 = 'charge at 1C'", "'until' or 'for' is missing"]),
    "verb alone": (REST, "charge", ["protocol.1 = 'charge'", "'at' is missing"]),
    "sentence too long": (REST, "rest for 1 h 30 min", ["'30' is not understood after '1 h'"]),
    "wrong unit in a sentence": (
        REST,
        "press to 1 um in 1 s",
        ["= 'press to 1 um in 1 s'", "'um' does not fit", "[Pa]"],
    ),
    "one of several units in a sentence": (
        REST,
        "hold at 3 V until 4 V",
        ["'4 V' is not understood", "'C/10' (C-rate)"],
    ),
    "wrong sign in a sentence": (REST, "rest for -1 h", ["= 'rest for -1 h': time: must be greater than 0"]),
    "end given twice": (REST, "charge at 1C until 4 V or 5 V", ["voltage is given twice", "'5 V'"]),
    "no rate": (REST, "charge at C/0 for 1 h", ["'C/0' is not understood after 'at'"]),
    "repeat without steps": (REST, "repeat 50 times", ["a list of steps is missing", "colon"]),
    "repeat that is none": (REST, "repaet 5 times: [rest for 1 h]", ["'repaet'", "did you mean 'repeat'?"]),
    "repeat in words": (REST, "repeat fifty times: [rest for 1 h]", ["'fifty' in 'repeat fifty times' is not a whole"]),
    "repeat never": (REST, "repeat 0 times: [rest for 1 h]", ["protocol.1.repeat 0 times", "greater than 0"]),
    "repeat of nothing": (REST, "repeat 5 times:", ["protocol.1.repeat 5 times = None", "a list"]),
    "repeated sentence": (
        REST,
        "repeat 5 times:\n  - repeat 2 times:\n    - rest for 1 h\n    - rset for 1 h",
        [":27: protocol.1.repeat 5 times.0.repeat 2 times.1 = 'rset for 1 h': 'rset' is not", "did you mean 'rest'"],
    ),
    "repeated step": (
        REST,
        "repeat 5 times:\n  - step: rest\n    time: 1 um",
        [":26: protocol.1.repeat 5 times.0.time = '1 um': 'um' does not fit"],
    ),
    "step without current": (
        "current_density: 1 mA/cm^2, until",
        "until",
        ["protocol.0.current_density: is needed, or c_rate"],
    ),
    "two currents": (
        "current_density: 1 mA/cm^2, until",
        "current_density: 1 mA/cm^2, c_rate: 1, until",
        ["protocol.0.c_rate = 1: stands beside current_density"],
    ),
    "hold without end": (
        REST,
        "{step: hold, voltage: 4 V, until: {}}",
        ["protocol.1.until", "time, capacity", "c_rate"],
    ),
    "cut-off of a sentence on the wrong side": (
        "{step: charge, current_density: 1 mA/cm^2, until: {voltage: 4.2 V}}",
        "repeat 2 times: [charge at 1C until 3 V]",
        ["protocol.0.repeat 2 times.0 = 'charge at 1C until 3 V': until.voltage", "above the 3.568 V"],
    ),
    "empty protocol": (VALID[VALID.index("- {") : VALID.index("time: {")], "  []\n", ["protocol", "at least 1"]),
    "step without end": (
        "until: {voltage: 4.2 V}",
        "until: {}",
        ["protocol.0.until", "active_fraction", "time, capacity", "voltage"],
    ),
    "cut-off on the wrong side": ("voltage: 4.2 V", "voltage: 3 V", ["protocol.0.until.voltage", "above the 3.568 V"]),
    "steps out of order": ("minimum: 1 ms", "minimum: 1 h", ["time.minimum = '1 h'", "at most the initial step"]),
    "elements larger than the film": ("size: 100 nm", "size: 9 um", ["geometry.element_size", "half the length"]),
    "too many elements": ("size: 100 nm", "size: 1 pm", ["geometry.element_size", "cells would be needed"]),
    "waves finer than elements": (
        "wavelength: 1 um",
        "wavelength: 1 nm",
        ["geometry.roughness.wavelength", "element_size"],
    ),
    "file that is not there": (
        "{kind: sinusoidal, amplitude: 10 nm, wavelength: 1 um}",
        "{kind: measured, file: afm.di}",
        ["geometry.roughness.file = 'afm.di'", "there is no file"],
    ),
    "key given twice": ("  hold: fixed_thickness", "  pressure: 1 MPa", ["stack.pressure", "given twice", ":20"]),
    "tab": ("  builder: film", "\tbuilder: film", ["tab", "spaces"]),
    "unbalanced quotes": ("title: a", "title: 'a", ["not valid YAML"]),
    "unbalanced bracket": ("{step: rest, time: 10 min}", "{step: rest, time: 10 min", ["not valid YAML"]),
    "wrong indentation": ("  pressure: 5 MPa", "    pressure: 5 MPa", ["not valid YAML", "indentation"]),
    "two documents": ("stack:", "---\nstack:", ["not valid YAML", "second document"]),
    "tag": ("  pressure: 5 MPa", "  pressure: !!python/object:os.system 5 MPa", ["stack.pressure", "tag"]),
    "no truth": ("title: a", "title: !!bool maybe #", ["title: 'maybe' cannot be read as true or false"]),
    "no truth at all": ("title: a", "title: !!bool '' #", ["title: '' cannot be read as true or false"]),
    "no whole number": ("title: a", "title: !!int x #", ["title: 'x' cannot be read as a whole number"]),
    "no number": ("title: a", "title: !!float x #", ["title: 'x' cannot be read as a number"]),
    "endless number": ("title: a", f"title: {310 * '9'} #", ["title: '999", "cannot be read as a whole number"]),
    "a date": ("10 min", "2001-12-14", ["protocol.1.time = '2001-12-14'", "'-12-14' is not a unit"]),
    "a date that is none": ("10 min", "!!timestamp 2001-99-14", ["protocol.1.time = '2001-99-14'"]),
    "tagged block": ("{step: rest", "!!python/object:os.system {step: rest", ["protocol.1: the tag", "os.system"]),
    "a set": ("title: a", "title: !!set {a, b} #", ["title: the tag 'set' is not used"]),
    "undefined alias": ("  pressure: 5 MPa", "  pressure: *p", ["not valid YAML", "undefined alias"]),
    "half a character": ("title: a", 'title: "\\ud800"\ntemperatur: a', ["title", "surrogate"]),
    "long title": ("title: a", f"title: {300 * 'a'}", ["title = ", "at most 300 characters, given are 32"]),
    "control character": ("title: a", "title: \x07", ["not valid YAML", "control character"]),
}

BILLION_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES = {
    "empty": (b"", ["empty", "geometry"]),
    "only comments": (b"# nothing\n", ["nothing but comments", "geometry"]),
    "a list": (b"- title: x\n", ["a list", "geometry"]),
    "a single value": (b"hello\n", ["a single value", "geometry"]),
    "binary": (bytes(range(256)) * 10, ["binary"]),
    "not UTF-8": ("title: Prüfling\n".encode("latin-1"), [":1:", "0xfc", "UTF-8"]),
    "huge": (b"# " + b"x" * 6_000_000, ["6 MB", "at most 0.2 MB"]),
    "long": (b"protocol:\n" + b"- {step: wait}\n" * 12_000, ["protocol.0.step", "more"]),
    "aliases of aliases": (BILLION_LAUGHS.encode(), ["too many values", "aliases"]),
    "alias of itself": (b"title: &a [*a]\n", ["aliases"]),
    "endless line": (b"title: " + b"x" * 100_000, [":1:", "100007 characters", "at most 2000"]),
    "deep": (b"title: " + b"[\n" * 50_000, ["nested too deeply"]),
    "deep in a line": (b"title: a\nx: " + b"[" * 1990, ["nested too deeply", "at most 20"]),
    "deep indentation": (b"".join(b" " * level + b"a:\n" for level in range(500)), ["nested too deeply"]),
    "18 000 unknown keys": (b"".join(b"k%d: 1\n" % number for number in range(18_000)), [":1: k0", "and 1"]),
    "comments": (b"# x\n" * 25_000_000, ["100 MB is too large", "at most 0.2 MB"]),
}


def broken(folder: Path, name: str) -> tuple[Path, list[str]]:
    """Write the broken case called `name` and return it with what its message must hold."""
    path = folder / "case.yaml"
    if name in FILES:
        content, expected = FILES[name]
        path.write_bytes(content)
        return path, [str(path), *expected]
    old, new, expected = EDITS[name]
    assert VALID.count(old) == 1 or name in ("tab", "misspelt block")
    text = VALID.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path, [f"{path}:", *expected]


def assert_one_clear_message(code: int, message: str, expected: list[str]) -> None:
    assert code == 2
    assert [part for part in expected if part not in message] == []
    assert [word for word in JARGON if word in message.replace("python/object", "")] == []


def test_the_case_that_is_broken_below_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(VALID)
    result = CliRunner().invoke(app, ["validate", str(path)])
    *notes, cost, verdict = result.output.splitlines()
    assert (result.exit_code, verdict) == (0, f"{path}: valid (a flat film that is charged)")
    assert all("is an estimate" in note or note.endswith("of the program") for note in notes)
    assert "unknowns" in cost


@pytest.mark.parametrize("name", [*EDITS, *FILES])
def test_broken_case_ends_with_one_clear_message_in_five_seconds(name: str, tmp_path: Path) -> None:
    path, expected = broken(tmp_path, name)
    begin = time.process_time()
    result = CliRunner().invoke(app, ["validate", str(path)])
    assert time.process_time() - begin < 5
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert_one_clear_message(result.exit_code, result.output, expected)
    if name in EDITS and "missing" not in name:
        assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("wrong unit", 21),
        ("missing key", 3),
        ("missing block", 1),
        ("no builder", 3),
        ("unknown builder", 4),
        ("unknown step", 24),
        ("steps out of order", 25),
        ("unknown material", 11),
        ("stoichiometry without potential", 12),
        ("waves finer than elements", 8),
        ("elements larger than the film", 9),
        ("tab", 4),
        ("key given twice", 21),
    ],
)
def test_message_names_the_line_of_the_key_or_of_the_block_that_lacks_it(name: str, line: int, tmp_path: Path) -> None:
    path, _ = broken(tmp_path, name)
    assert f"{path}:{line}: " in CliRunner().invoke(app, ["validate", str(path)]).output


def test_missing_file_suggests_files_of_similar_name(tmp_path: Path) -> None:
    (tmp_path / "film_2d.yaml").write_text(VALID)
    for name in ("film_3d.yaml", "film_2d"):
        result = CliRunner().invoke(app, ["validate", str(tmp_path / name)])
        assert_one_clear_message(result.exit_code, result.output, ["no such file", str(tmp_path / "film_2d.yaml")])


def test_missing_folder_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["validate", str(tmp_path / "nowhere" / "x.yaml")])
    assert_one_clear_message(result.exit_code, result.output, ["no such file", f"{tmp_path}/nowhere does not exist"])


def test_folder_in_place_of_a_case_lists_its_cases(tmp_path: Path) -> None:
    (tmp_path / "film_2d.yaml").write_text(VALID)
    result = CliRunner().invoke(app, ["validate", str(tmp_path)])
    assert_one_clear_message(result.exit_code, result.output, ["a folder", "film_2d.yaml"])


def test_pipe_in_place_of_a_case_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    result = CliRunner().invoke(app, ["validate", str(tmp_path / "pipe.yaml")])
    assert_one_clear_message(result.exit_code, result.output, ["not a regular file"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(VALID)
    path.chmod(0)
    result = CliRunner().invoke(app, ["validate", str(path)])
    assert_one_clear_message(result.exit_code, result.output, [str(path), "Permission denied"])


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("title=!!bool maybe", "'maybe' cannot be read as true or false"),
        ("title=!!python/object/apply:os.system [id]", "the tag 'python/object/apply:os.system' is not used"),
        ("title=" + 20_000 * "[", "nested too deeply"),
        (".".join(9000 * "a") + "=1", "write key.path=value"),
        ("time.initial=1e308 h", "a finite value is needed"),
        ("time.initial=2001-12-14", "'-12-14' is not a unit"),
        ("geometry.element_size=1e-320 um", "must be greater than 0"),
        ("stack.pressure=.inf", "the unit is missing"),
        ("protocol=*x", "not valid YAML"),
    ],
)
def test_a_hostile_override_ends_in_words(override: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(VALID)
    begin = time.process_time()
    result = CliRunner().invoke(app, ["validate", str(path), "--set", override])
    assert time.process_time() - begin < 5
    assert_one_clear_message(result.exit_code, result.output, ["--set ", words])
    assert len(result.output) < 500


def test_marks_and_line_ends_of_other_systems_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode())
    assert CliRunner().invoke(app, ["validate", str(path)]).exit_code == 0


@pytest.mark.parametrize("role", ["topography", "mesh", "cycle", "table"])
@pytest.mark.parametrize("name", ["pipe", "folder", "/dev/zero", "long"])
def test_no_file_is_waited_for_whatever_it_is_for(role: str, name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    file = name if name != "long" else 1900 * "x"
    old, new, key = {
        "topography": (
            "{kind: sinusoidal, amplitude: 10 nm, wavelength: 1 um}",
            "{kind: measured, file: %s}",
            "roughness.file",
        ),
        "mesh": (
            VALID[VALID.index("  builder") : VALID.index("electrode:")],
            "  builder: msh\n  file: %s\n",
            "geometry.file",
        ),
        "cycle": (REST, "follow %s", "file"),
        "table": ("  kinetics:", "  micro: {law: table, file: %s}\n  kinetics:", "micro.file"),
    }[role]
    path = tmp_path / "case.yaml"
    path.write_text(VALID.replace(old, new % file, 1))
    reason = {"folder": "a folder; a file is needed", "long": "File name too long"}.get(name, "not a regular file")
    result = CliRunner().invoke(app, ["validate", str(path)])
    assert_one_clear_message(result.exit_code, result.output, [f"{path}:", key, reason])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("0.05 J/m^2", "1e-9 J/m^2", ["normal_toughness = '1e-9 J/m^2': a bond of this toughness and normal_strength"]),
        ("0.1 J/m^2", "1e9 J/m^2", ["shear_toughness = '1e9", "ends at an opening of 200 m; allowed: 1e-13 m to 1 m"]),
        ("shear_strength: 10 MPa", "shear_strength: 1e300 Pa", ["shear_toughness = ", "and shear_strength ends at"]),
        (
            "0.1 J/m^2",
            "0.1 J/m^2, stiffness: 1e21 Pa/m",
            ["stiffness = '1e21 Pa/m'", "lost in rounding; allowed: above 1e+15"],
        ),
        (
            "0.1 J/m^2",
            "0.1 J/m^2, stiffness: 1e15 Pa/m",
            ["stiffness = '1e15 Pa/m'", "ends before it bears its strength"],
        ),
    ],
)
def test_a_bond_needs_a_stiffness_a_strength_and_a_toughness_that_fit(
    old: str, new: str, words: list[str], tmp_path: Path
) -> None:
    bond = "{normal_strength: 10 MPa, shear_strength: 10 MPa, normal_toughness: 0.05 J/m^2, shear_toughness: 0.1 J/m^2}"
    path = tmp_path / "case.yaml"
    path.write_text(VALID.replace("  kinetics:", f"  cohesive: {bond.replace(old, new, 1)}\n  kinetics:", 1))
    result = CliRunner().invoke(app, ["validate", str(path)])
    assert_one_clear_message(result.exit_code, result.output, ["interface.cohesive.", *words])


def test_all_errors_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    text = VALID
    for name in ("wrong unit", "unknown step", "misspelt key", "number for text"):
        text = text.replace(*EDITS[name][:2], 1)
    path.write_text(text)
    result = CliRunner().invoke(app, ["validate", str(path)])
    lines = [int(line.split(":")[1]) for line in result.output.splitlines()]
    assert lines == [1, 9, 21, 24]


@pytest.mark.parametrize("name", ["wrong unit", "long", "empty"])
@pytest.mark.parametrize("command", ["validate", "run"])
def test_program_refuses_a_broken_case_and_writes_nothing(name: str, command: str, tmp_path: Path) -> None:
    path, expected = broken(tmp_path, name)
    done = subprocess.run(
        [sys.executable, "-m", "interstice", command, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    assert_one_clear_message(done.returncode, done.stderr, expected)
    assert [entry.name for entry in tmp_path.iterdir()] == ["case.yaml"]


def test_checking_a_case_imports_no_solver_library(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(VALID)
    heavy = ("dolfinx", "petsc4py.PETSc", "mpi4py", "matplotlib", "pyvista", "gmsh")
    program = (
        "import sys; from interstice.solver.reader import read_case; import interstice.cli; "
        f"read_case({str(path)!r}); print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


DCB = """\
title: a bonded specimen
geometry: {builder: dcb, length: 1 mm, thickness: 50 um, element_size: 10 um}
electrode: {material: NMC811, initial_stoichiometry: 0.5}
electrolyte: {material: LPSCl}
interface: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {hold: free}
protocol:
- {step: open, opening: 1 um, time: 1 s, control: crack}
"""


def test_crack_without_a_bond_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(DCB)
    with pytest.raises(CaseError) as refusal:
        read_case(path)
    for word in ("protocol", "control 'crack' follows the failure of a bond", "interface.cohesive"):
        assert word in str(refusal.value)
