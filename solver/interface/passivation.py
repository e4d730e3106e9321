"""Which nodes of an interface are passivated: they press on each other as others do, but never conduct."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from interstice import schema
from interstice.solver.domain import Interface
from interstice.solver.interface import random_field

Mask = npt.NDArray[np.bool_]

NEAR = 1e-6
"""Distance over the spacing of nodes within which a node lies at the edge of a patch, and so in it."""
ROUNDING = 1e-9
"""Relative difference of two areas, or of two values of a random field, that counts as none."""


def passivated(interface: Interface, wanted: schema.Passivation, period: Sequence[float] = ()) -> Mask:
    """Return the nodes that never conduct, shape (local and ghost nodes,). Collective.

    What is passivated repeats along the first axes with `period` [m], where given.
    """
    points = interface.space.tabulate_dof_coordinates()
    if wanted.share is not None:
        assert wanted.correlation_length is not None
        field = random_field.uniform(wanted.correlation_length, wanted.seed, period)
        values = field(*points.T[: interface.mesh.geometry.dim])
        return values <= _quantile(interface, values, wanted.share) + ROUNDING
    near = NEAR * interface.spacing.x.array
    images = [np.array(shift) for shift in itertools.product(*[(-length, 0.0, length) for length in period])]
    found = np.zeros(len(points), dtype=bool)
    for patch, image in itertools.product(wanted.patches, images):
        start, end = (np.array(corner) for corner in patch.corners)
        shift = np.pad(image, (0, len(start)))[: len(start)]
        x = points[:, : len(start)] + shift
        found |= np.all((x >= start - near[:, None]) & (x <= end + near[:, None]), axis=1)
    return found


def _quantile(interface: Interface, values: npt.NDArray[np.float64], share: float) -> float:
    """Return the value below which a field lies on a `share` of the area, as nearly as the nodes allow. Collective."""
    everywhere, areas = interface.gathered(values), interface.gathered(interface.areas.x.array)
    order = np.argsort(everywhere)
    middles = np.cumsum(areas[order]) - areas[order] / 2
    count = int(np.sum(middles <= share * areas.sum() * (1.0 + ROUNDING)))
    return float(everywhere[order][count - 1]) if count else -np.inf
