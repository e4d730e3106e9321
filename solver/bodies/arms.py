"""The arms of a double cantilever: held at the far end, moved apart at the near one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interstice.schema import DoubleCantilever
from interstice.solver.algebra import Constraints
from interstice.solver.model import Model
from interstice.solver.part import Load, Part


class Arms(Part):
    """What holds and opens the two arms; `opening` is that of the loaded ends [m]."""

    def __init__(self, model: Model) -> None:
        self._model, domain = model, model.domain
        self._opening = model.state.number("opening")
        dimension = domain.dimension
        self._held, self._loaded = [], []
        for site in model.sites.values():
            space = site.u.function_space
            self._held.append((site.u, domain.dofs(space, f"{site.name}_right", range(dimension))))
            self._loaded.append((site.u, domain.dofs(space, f"{site.name}_left", [dimension - 1])))

    @property
    def opening(self) -> float:
        """The opening of the loaded ends [m]."""
        return float(self._opening)

    def open(self, opening: float) -> None:
        """Move the loaded ends to an opening [m], that of the upper arm up and that of the lower one down."""
        self._opening[...] = opening
        for u, dofs in self._loaded:
            u.x.array[dofs] = (1 if u is self._model.top.u else -1) * opening / 2

    def constrain(self, constraints: Constraints) -> None:
        for held, loaded in zip(self._held, self._loaded, strict=True):
            constraints.fixed += [held, loaded]

    def begin(self, time_step: float, load: Load) -> None:
        self.open(self.opening if load.opening is None else load.opening)

    def columns(self) -> Mapping[str, float]:
        top = self._model.top.u
        residual, dofs = self._model.residual(top), next(dofs for u, dofs in self._loaded if u is top)
        force = self._model.comm.allreduce(float(residual[dofs[dofs < len(residual)]].sum()))
        return {"opening [m]": self.opening, "opening force [N]": force}


def parts(model: Model) -> Iterator[Part]:
    """Yield the arms, if there are any."""
    if isinstance(model.case.geometry, DoubleCantilever):
        yield Arms(model)
