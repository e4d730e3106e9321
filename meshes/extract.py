"""What a Gmsh file holds, as arrays in an .npz file: ``python extract.py FILE.msh BYTES SECONDS >ARRAYS.npz``.

A program of its own, that needs nothing of this package: a damaged file may bring Gmsh down, and this process alone
goes with it. So many bytes of memory and seconds of computing it may take. Words about what is wrong go to stderr.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import IO

import gmsh
import numpy as np


def main(path: str, target: IO[bytes]) -> None:
    """Write the nodes, and the elements of each entity with the physical groups that it is in."""
    # as in tagged.py
    gmsh.initialize(["gmsh", "-v", "1", "-skip_petscrc"], readConfigFiles=False, interruptible=False)
    gmsh.option.setNumber("General.Terminal", 0)
    with open(path, "rb") as file:
        file.readline()
        by_element = float(file.readline().split()[0]) < 3
    # In format 2 each element has a group of its own, in format 4 each entity: with this, entities are groups there.
    gmsh.option.setNumber("Mesh.SwitchElementTags", by_element)
    gmsh.merge(path)
    tags, coordinates, _ = gmsh.model.mesh.getNodes()
    tags, order = np.unique(tags, return_index=True)
    arrays = {"points": coordinates.reshape(-1, 3)[order]}
    contents: list[tuple[int, str, list[str]]] = []
    for dimension, entity in gmsh.model.getEntities():
        for kind, _, nodes in zip(*gmsh.model.mesh.getElements(dimension, entity), strict=True):
            name, _, _, corners, *_ = gmsh.model.mesh.getElementProperties(kind)
            rows = np.searchsorted(tags, nodes)
            if np.any(tags[np.minimum(rows, len(tags) - 1)] != nodes):
                raise ValueError("some elements have nodes that it does not hold")
            arrays[f"nodes {len(contents)}"] = rows.reshape(-1, corners)
            contents.append((dimension, name, _groups(dimension, entity, by_element)))
    np.savez(target, contents=json.dumps(contents), **arrays)


def _groups(dimension: int, entity: int, by_element: bool) -> list[str]:
    """Return the names of the physical groups of an entity; a group without a name has its number."""
    whole_dimension, whole = gmsh.model.getParent(dimension, entity)
    if whole_dimension == dimension:  # the entity is a partition
        entity = whole
    groups = [entity] if by_element else gmsh.model.getPhysicalGroupsForEntity(dimension, entity)
    return [gmsh.model.getPhysicalName(dimension, group) or f"number {group}" for group in groups if group != 0]


if __name__ == "__main__":
    file, memory, seconds = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    end = 1 + int(time.process_time()) + int(seconds)
    # the hard bound ends a process without saying why
    resource.setrlimit(resource.RLIMIT_CPU, (end, end + 1))
    try:
        main(file, sys.stdout.buffer)
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
