"""What the schema alone cannot see: names of sides, materials, files and cut-offs that do not fit each other."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from interstice.materials import Material, MaterialError, load, names
from interstice.materials.library import SHIPPED
from interstice.meshes import below_mesh, check, complete
from interstice.meshes.size import Size
from interstice.meshes.unresolved import ELEMENTS_PER_WAVE
from interstice.schema import (
    Case,
    CollectorElectrode,
    Electrode,
    Electrolyte,
    HostElectrode,
    Interface,
    Kinetics,
    Layered,
    MetalElectrode,
    check_path,
)
from interstice.schema.problems import Key, Problem
from interstice.schema.section import required
from interstice.schema.units import Length, unit
from interstice.schema.wording import did_you_mean
from interstice.solver import protocol_check
from interstice.solver.foreseen import too_much
from interstice.solver.material_numbers import numbers_of, other_numbers, role_of
from interstice.solver.patch import table
from interstice.solver.swelling import first_beyond

ROLES = {
    "host": "not a host of lithium",
    "electrolyte": "not an electrolyte",
    "metal": "not a metal that can be plated",
    "collector": "not a collector",
}
"""What is said of a material that has not the block of a role."""
ENDS = 1e-13, 1.0
"""Least and largest opening at which a bond ends, 2 G/σ of a bilinear one [m]: an atom is 1e-10 m."""
ROUNDED_TRACTION = 1e-10
"""Of a bond, over its strength: what one rounding error of its damage may be. Iterative solvers bear such a stiffness,
too, on elements as large as the length E' G/σ² over which the bond fails."""


def on_mesh(case: Case, folder: Path) -> tuple[Case, Size | None, list[Problem]]:
    """Return the case with the defaults that its geometry, and the files of that, decide, and what is wrong with it.

    Between them stands the size of its mesh, where there can be one.
    """
    try:
        size = check(case.geometry, folder, case.limits.cells)
    except ArithmeticError:
        words = "its lengths are too large, too small or too unlike each other to be computed with"
        return case, None, [(("geometry",), words)]
    except ValueError as error:
        name, _, message = _one_line(error).partition(": ")
        return case, None, [(tuple(name.split(".")), message) if message else (("geometry",), name)]
    geometry, dimension = complete(case.geometry, folder)
    case = case.model_copy(update={"geometry": geometry}).in_dimension(dimension)
    problems = [*_misplaced_patches(case, dimension), *_not_going_on(case, folder)]
    return case, size, problems


def materials_of(case: Case, folder: Path) -> tuple[dict[str, Material | None], list[Problem]]:
    """Return the material of each side by its name, None where there is none, and what is wrong with case and files."""
    materials, problems = {}, list(_misnamed(case))
    for name, side in case.blocks.items():
        materials[name], more = _material(_block(case, name), side, folder)
        problems += more
    problems += _inconsistencies(case, folder, materials)
    problems += other_numbers(case, materials)
    if case.sides and not problems:
        problems += _swollen(case, {name: material for name, material in materials.items() if material})
    return materials, problems


def _block(case: Case, name: str) -> Key:
    """Return the key of the block about a side or an interface."""
    if case.electrode:
        return ("interface",) if "/" in name else (name,)
    kinds: dict[str, Mapping[str, Any]] = {
        "electrodes": case.every_electrode,
        "electrolytes": case.conductors,
        "interfaces": case.faces,
    }
    return next(kind for kind, blocks in kinds.items() if name in blocks), name


def _misnamed(case: Case) -> Iterator[Problem]:
    """Yield the sides and interfaces that the geometry and the rest of the case name differently."""
    sides, pairs = case.sides, case.pairs
    if not sides:
        return
    electrodes, given = case.every_electrode, [*case.every_electrode, *case.conductors]
    for name in given:
        if name not in sides:
            yield (
                _block(case, name),
                f"the geometry has no such side{did_you_mean(name, sides)}; it has {', '.join(sides)}",
            )
        elif name in electrodes and name in case.conductors:
            yield ("electrolytes", name), "the side is an electrode already"
    for side in sides:
        if side not in given:
            yield ("geometry",), f"the side '{side}' is in neither electrodes nor electrolytes"
    if case.interface and set(given) != set(sides):
        return
    named = {frozenset(pair) for pair in pairs}
    allowed = ", ".join("/".join(pair) for pair in pairs)
    for name in case.faces:
        if frozenset(name.split("/")) not in named or name.count("/") != 1:
            yield _block(case, name), f"the geometry has no such interface; it has {allowed}"
    if electrodes and not case.conductors:
        yield ("electrolytes",), "missing; a cell has an electrolyte"
        return
    for name in electrodes.keys() - case.reacting.keys():
        joined = [side for side in case.sides if side in case.wired(name) and side in case.reacting]
        if len(joined) > 1:
            words = f"joins {' and '.join(joined)}, electrodes of two cells in series"
            yield _block(case, name), f"{words}; a case is about one cell"
    for first, second in pairs:
        here = [name for name in (f"{first}/{second}", f"{second}/{first}") if name in case.faces]
        if len(here) != 1:
            times = "is missing" if not here else "is given twice"
            yield ("interfaces",), f"the interface {first}/{second} {times}"
        if {first, second} <= case.reacting.keys():
            words = f"{first} and {second} touch; no law is known by which lithium passes between electrodes"
            yield ("electrodes",), f"{words}: put an electrolyte or a collector between them"
        elif {first, second} <= set(given) and len(here) == 1:
            yield from _passage(case, here[0], first, second)


def _passage(case: Case, name: str, first: str, second: str) -> Iterator[Problem]:
    """Yield what is wrong with the law by which current crosses an interface of two sides, not both electrodes."""
    block, key = case.faces[name], _block(case, name)
    electrodes = [side for side in (first, second) if side in case.every_electrode]
    if len(electrodes) != 1:
        if block.kinetics:
            both = "electrons reach both" if electrodes else "both are electrolytes"
            words = f"belongs between an electrode and an electrolyte; of {first} and {second}, {both}"
            yield (*key, "kinetics"), f"{words}: write conduction in its place"
        elif not block.conduction:
            words = f"missing; current crosses from {first} to {second} by its law; needed is a block"
            yield (*key, "conduction"), f"{words} such as {{resistance: 1 ohm*cm^2}}"
    elif block.conduction:
        words = f"belongs between like sides; {first} and {second} are an electrode and an electrolyte"
        yield (*key, "conduction"), f"{words}: write kinetics in its place"
    elif not block.kinetics:
        needed = ", ".join(required(Kinetics))
        yield (*key, "kinetics"), f"missing; needed is a block of 'key: value' lines with {needed}"


def _material(block: Key, wanted: Electrode | Electrolyte, folder: Path) -> tuple[Material | None, list[Problem]]:
    """Return the material of a side with the case's own numbers in it, and what is wrong with them.

    A collector has the block `metal` of what is plated on it.
    """
    material, problems = _found((*block, "material"), wanted.material, role_of(wanted), folder)
    plated = None
    if isinstance(wanted, CollectorElectrode) and wanted.plates is not None:
        plated, more = _found((*block, "plates"), wanted.plates, "metal", folder)
        problems += more
    if material is None:
        return None, problems
    for name, number in wanted.overrides.model_dump(exclude_none=True).items():
        try:
            material = material.replace(**{name: number})
        except MaterialError as error:
            message = _one_line(error).removeprefix(f"{material.file}: ")
            problems.append(((*block, "overrides", name), re.sub(rf"^([a-z]+\.)?{name}: ", "", message)))
    return (material.plating(plated) if plated else material), problems


def _found(key: Key, name: str, role: str, folder: Path) -> tuple[Material | None, list[Problem]]:
    """Return the material of a name, which is to have a role, and what is wrong with it; `key` is that of the name."""
    try:
        material = load(name, [folder])
    except MaterialError as error:
        return None, [(key, _one_line(error))]
    if role not in material.roles:
        suitable = ", ".join(_with_blocks(folder, role))
        message = f"{material.name} is {ROLES[role]} (its roles: {', '.join(material.roles)}); allowed: {suitable}"
        return None, [(key, message)]
    if material.file.parent != SHIPPED:
        try:
            check_path(material.file.resolve())
        except ValueError as error:
            return material, [(key, str(error))]
    return material, []


def completed(case: Case, folder: Path, materials: Mapping[str, Material]) -> Case:
    """Return a case in which nothing was wrong, and which is `on_mesh`, with all that its copy has to say.

    That is every default, and of the materials where they are and their numbers.
    """
    case = _with_roughness_below_the_mesh(case, folder)
    case = _with_material_files(case, materials)
    return case.model_copy(update={"materials": numbers_of(case, materials)})


def _with_roughness_below_the_mesh(case: Case, folder: Path) -> Case:
    """Return the case with rms and slope of each micro-contact that is to have those of what the mesh leaves out."""

    def known(name: str, block: Interface) -> Interface:
        micro = block.micro
        if micro is None or micro.cutoff is None or micro.rms is not None:
            return block
        rms, slope = below_mesh(case.geometry, case.roughness(name), micro.cutoff, micro.hurst, folder)
        return block.model_copy(update={"micro": micro.model_copy(update={"rms": rms, "slope": slope})})

    if case.interface:
        return case.model_copy(update={"interface": known("electrode/electrolyte", case.interface)})
    faces = {name: known(name, block) for name, block in case.faces.items()}
    return case.model_copy(update={"interfaces": faces})


def _with_material_files(case: Case, materials: Mapping[str, Material]) -> Case:
    """Return the case with the absolute path of each material that is not shipped, so that its copy finds it too."""

    def placed(name: str, side: Any) -> Any:
        material, changed = materials[name], {}
        for key, file in (("material", material.file), ("plates", material.plated_file)):
            if file is not None and file.parent != SHIPPED:
                changed[key] = str(file.resolve())
        return side.model_copy(update=changed)

    changes: dict[str, Any] = {}
    for one, many in (("electrode", "electrodes"), ("electrolyte", "electrolytes")):
        if side := getattr(case, one):
            changes[one] = placed(one, side)
        if sides := getattr(case, many):
            changes[many] = {name: placed(name, side) for name, side in sides.items()}
    return case.model_copy(update=changes)


def _with_blocks(folder: Path, *blocks: str) -> Iterator[str]:
    """Yield the names of the materials at hand that have all these blocks."""
    for name in names([folder]):
        with suppress(MaterialError):
            material = load(name, [folder])
            if all(getattr(material, block) is not None for block in blocks):
                yield name


def _inconsistencies(case: Case, folder: Path, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield what is wrong between the case, its hosts and the files it names."""
    known = all(name in case.sides for name in case.every_electrode) and all(name in materials for name in case.sides)
    known = known and bool(case.reacting)
    for name, electrode in case.hosts.items():
        material = materials[name]
        if material is None or material.host is None:
            known = False
            continue
        theta, (low, high) = electrode.initial_stoichiometry, material.host.stoichiometry_range
        if not low <= theta <= high:
            known = False
            key = (*_block(case, name), "initial_stoichiometry")
            yield key, f"the potential of {electrode.material} is known from {low:g} to {high:g}"
    if known and case.sides and all(materials.values()):
        yield from protocol_check.problems(case, {name: found for name, found in materials.items() if found})
    yield from _of_no_surface(case)
    yield from _without_numbers(case, folder, materials)
    yield from _without_flow(case, folder, materials)
    yield from _without_hardness(case, materials)
    yield from _too_smooth(case)
    yield from _without_table(case)
    yield from _of_no_stiffness(case)


def _of_no_surface(case: Case) -> Iterator[Problem]:
    """Yield the interfaces at which no lithium can leave an electrode, or no surface can move as it does."""
    for pair in case.pairs:
        name = next((name for name in ("/".join(pair), "/".join(pair[::-1])) if name in case.faces), None)
        electrodes = [side for side in pair if side in case.every_electrode]
        if name is None or len(electrodes) != 1:
            continue
        (side,), block = electrodes, case.faces[name]
        electrode = case.every_electrode[side]
        plates = block.kinetics is not None and block.kinetics.plating is not None
        if isinstance(electrode, CollectorElectrode) and electrode.plates is None:
            words = (
                f"{side} lies on an electrolyte, and nothing crosses from a collector; give {side} 'plates: lithium'"
            )
            yield _block(case, side), f"{words}, or an electrode between them"
        elif plates and not isinstance(electrode, HostElectrode):
            words = f"belongs to a host, on which lithium plates beside what it takes up; {side} is a {electrode.kind}"
            yield (*_block(case, name), "kinetics", "plating"), f"{words}: leave it out"
        elif isinstance(electrode, HostElectrode) and block.kinetics and block.kinetics.bridged_gap is not None:
            words = f"{side} is a host: lithium goes into it, not into gaps beside it; leave it out"
            yield (*_block(case, name), "kinetics", "bridged_gap"), words
        elif plates or not isinstance(electrode, HostElectrode):
            for key in ("bonded", "cohesive"):
                if getattr(block, key):
                    words = f"the surface of {side} moves as lithium is stripped and plated, and no bond goes with it"
                    yield (*_block(case, name), key), f"{words}; leave it out, or give the interface adhesion"
            if isinstance(electrode, CollectorElectrode) and block.kinetics and block.kinetics.law != "butler_volmer":
                words = f"what {side} plates can be used up, which only butler_volmer knows"
                yield (*_block(case, name), "kinetics", "law"), f"{words}; allowed here: butler_volmer"
            if block.kinetics and not isinstance(electrode, MetalElectrode):
                anodic, cathodic = block.kinetics.anodic_transfer, block.kinetics.cathodic_transfer
                if not math.isclose(anodic + cathodic, 1.0):
                    words = f"{anodic:g} and cathodic_transfer, {cathodic:g}, have to add up to 1"
                    reason = f"or what is plated on {side} has not Nernst's potential where there is little of it"
                    yield (*_block(case, name), "kinetics", "anodic_transfer"), f"{words}, {reason}"


def _without_numbers(case: Case, folder: Path, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield the materials that lack numbers which a block of the case needs of every side."""
    for key in Case.model_fields:
        block = getattr(getattr(case, key), "material_block", "")
        for name, material in materials.items() if block else ():
            if material is not None and getattr(material, block) is None:
                role = role_of(case.blocks[name])
                suitable = ", ".join(_with_blocks(folder, role, block))
                message = f"{material.name} has no block '{block}', which {key} needs; allowed: {suitable}"
                yield (*_block(case, name), "material"), message


def _without_flow(case: Case, folder: Path, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield the sides that are to flow by a law for which their material has no numbers."""
    for name, material in materials.items():
        solid = case.solid(name)
        if solid != "elastic" and material is not None and getattr(material, solid) is None:
            side = case.blocks[name]
            suitable = ", ".join(_with_blocks(folder, role_of(side), solid)) or "none at hand"
            message = f"{material.name} has no block '{solid}', which solid: {solid} needs; allowed: {suitable}"
            yield (*_block(case, name), "solid"), message


def _without_hardness(case: Case, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield the interfaces with a plastic law though a side has no hardness: it may be the softer one."""
    for first, second in case.pairs:
        name = next((name for name in (f"{first}/{second}", f"{second}/{first}") if name in case.faces), None)
        if name is None:
            continue
        plastic = case.faces[name].plastic
        if plastic is None:
            continue
        for side in (first, second):
            material = materials.get(side)
            if material is not None and material.hardness is None:
                role = ".".join(map(str, _block(case, side)))
                message = f"{material.name} has no hardness; give one as {role}.overrides.hardness, such as '1 GPa'"
                yield (*_block(case, name), *plastic), message


def _too_smooth(case: Case) -> Iterator[Problem]:
    """Yield the interfaces whose roughness below the mesh is to follow from roughness that goes on nowhere."""
    for name, block in case.faces.items():
        if block.micro is None or block.micro.cutoff is None or block.micro.rms or name.count("/") != 1:
            continue
        roughness, micro, cutoff = case.roughness(name), (*_block(case, name), "micro"), block.micro.cutoff
        resolved = None
        if roughness.kind == "self_affine":
            resolved, words = roughness.short_cutoff, "the short_cutoff"
        elif roughness.kind == "measured" and isinstance(case.geometry, Layered):
            resolved, words = ELEMENTS_PER_WAVE * case.geometry.element_size, f"{ELEMENTS_PER_WAVE} elements"
        else:
            problem = f"only self-affine and measured roughness go on below the mesh, this is {roughness.kind}; "
            yield (*micro, "cutoff"), f"{problem}give rms and slope"
        if resolved is not None and cutoff >= resolved:
            length = unit(Length).format(resolved)
            problem = f"the mesh resolves waves down to {words}, {length}; only shorter ones are below it"
            yield (*micro, "cutoff"), problem
        if roughness.kind != "measured" and block.micro.hurst is not None:
            yield (*micro, "hurst"), f"belongs to measured roughness, this is {roughness.kind}; leave it out"


def _not_going_on(case: Case, folder: Path) -> Iterator[Problem]:
    """Yield the interfaces of measured roughness that does not say how it goes on below the mesh."""
    for name, block in case.faces.items():
        if block.micro is None or block.micro.cutoff is None or block.micro.rms or name.count("/") != 1:
            continue
        if case.roughness(name).kind == "measured":
            try:
                below_mesh(case.geometry, case.roughness(name), block.micro.cutoff, block.micro.hurst, folder)
            except ValueError as error:
                yield (*_block(case, name), "micro", "hurst"), f"{error}; give one, such as 0.8"


def _without_table(case: Case) -> Iterator[Problem]:
    """Yield the interfaces whose micro-contact is to follow a file that is no table."""
    for name, block in case.faces.items():
        if block.micro is not None and block.micro.file is not None:
            try:
                table.read(block.micro.file)
            except table.TableError as error:
                yield (*_block(case, name), "micro", "file"), str(error)


def _of_no_stiffness(case: Case) -> Iterator[Problem]:
    """Yield the bonds that would end before they bear their strength, and those whose tractions are rounding.

    A bond of the stiffness K opens to 2 G/σ at its end. Its traction (1 − D) K λ is there as wrong as a rounding error
    of D makes it, 2 ε K G/σ, which is to be a small share of σ.
    """
    for name, block in case.faces.items():
        bond, key = block.cohesive, (*_block(case, name), "cohesive")
        for mode in ("normal", "shear") if bond else ():
            end = 2 * getattr(bond, f"{mode}_toughness") / getattr(bond, f"{mode}_strength")
            low, high = (unit(Length).format(place) for place in ENDS)
            if not ENDS[0] <= end <= ENDS[1]:
                ends = f"a bond of this toughness and {mode}_strength ends at an opening of {end:.3g} m"
                yield (*key, f"{mode}_toughness"), f"{ends}; allowed: {low} to {high}"
                return
        if bond and bond.stiffness is not None:
            least = bond.normal_strength * (bond.normal_strength / bond.normal_toughness) / 2
            most = least * ROUNDED_TRACTION / sys.float_info.epsilon
            if not least < bond.stiffness <= most:
                reason = "ends before it bears its strength" if bond.stiffness <= least else "is lost in rounding"
                allowed = f"above {least:.3g} Pa/m and up to {most:.3g} Pa/m"
                yield (
                    (*key, "stiffness"),
                    f"a bond of this strength and toughness {reason}; allowed: {allowed}, or leave it out",
                )


def _misplaced_patches(case: Case, dimension: int) -> Iterator[Problem]:
    """Yield the passivated patches that are of another dimension than the body, or not on it."""
    size = getattr(case.geometry, "lateral_size", ())
    for name, block in case.faces.items():
        law, passivated = "kinetics" if block.kinetics else "conduction", block.passage and block.passage.passivated
        for index, patch in enumerate(passivated.patches if passivated else ()):
            key, (start, end) = (*_block(case, name), law, "passivated", "patches", index), patch.corners
            if len(start) > dimension - 1:
                yield (*key, "start"), f"a body of dimension {dimension} needs one position, such as '2 um'"
            elif any(low >= length or high <= 0.0 for low, high, length in zip(start, end, size, strict=False)):
                extent = " x ".join(unit(Length).format(length) for length in size)
                yield key, f"the patch is not on the interface, which begins at 0 m and is {extent} long"


def _swollen(case: Case, materials: Mapping[str, Material]) -> Iterator[Problem]:
    """Yield the entry of the protocol that is certain to swell a host beyond the strains that are small."""
    swelling = first_beyond(case, materials, case.bearable_strain)
    if swelling and swelling.certain:
        yield ("protocol", swelling.entry), too_much(swelling, case, materials)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
