"""The wavefield of a checkpoint on a grid: that of its network, or of finite elements where these solved for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Checkpoint
from elastic_pinn.run.shot import SOLVED_BY, Shot
from elastic_pinn.workbench.figures.sources import first_shot_text
from elastic_pinn.workbench.quantities import QUANTITIES, Array, GridFields, Origin, fields_of

PREDICTED = {"": "displacement", "t": "velocity"}
"""Derivative -> the quantity by whose name `Shot.predict` gives it."""


class FieldsByElements(GridFields):
    """What finite elements give of a shot's wavefield on a grid: displacement and velocity.

    model: with window and shape. seen: the shot. nodes, origin: as of GridFields.
    """

    names = tuple(name for name, quantity in QUANTITIES.items() if {*quantity.derivatives} <= {*PREDICTED})
    given_by = ", which finite elements give"

    def __init__(self, model: Model, seen: Shot, nodes: int, origin: Origin) -> None:
        super().__init__(model, nodes, origin)
        domain, self._seen = seen.problem.domain, seen
        self.x, self.y = np.linspace(*domain.x, nodes), np.linspace(*domain.y, nodes)
        self.start, self.end = domain.t

    def over(self, names: Sequence[str], times: Sequence[float]) -> Iterator[dict[str, Array]]:
        """Yield several quantities at several instants (s), as GridFields does."""
        inside = self._model.contains(self.x[:, None], self.y)  # (G, G)
        x, y = (each[inside] for each in np.meshgrid(self.x, self.y, indexing="ij"))  # each (N,)
        wanted = {"", *(name for each in names for name in QUANTITIES[each].derivatives)}
        for t in times:
            u = {name: torch.from_numpy(self._seen.predict(x, y, t, PREDICTED[name])) for name in wanted}  # (N, 2)
            found = {}
            for name in names:
                found[name] = np.full(inside.shape, np.nan)
                found[name][inside] = QUANTITIES[name].of(u, Moduli).numpy()  # none of them has moduli
            yield found

    def coarser(self, nodes: int) -> GridFields:
        """Return the same fields: those on another grid take another solution."""
        return self


def shown_fields(
    checkpoint: Checkpoint, nodes: int, shot: str = "", problem: Problem | ProblemMaker | None = None
) -> tuple[GridFields, str]:
    """Return a checkpoint's wavefield on a grid, and what titles begin with.

    shot: the name of one of several; "": the first, by its network if that takes part. problem: the user's, or the
    function that makes it; required if the run has one and is by elements or may be of several shots.
    """
    fields = fields_of(checkpoint, nodes)
    if not (shot or checkpoint.fits_waveforms):
        return fields, ""
    solved = checkpoint.problem(problem)
    if not (shot or checkpoint.is_by_elements):
        return fields, first_shot_text(solved)
    seen = checkpoint.shot(shot, solved)
    if seen.solved_by == SOLVED_BY[0]:
        return fields, seen.told
    origin = {**fields.origin, "solved_by": seen.solved_by} | ({"shot": seen.name} if seen.name else {})
    return FieldsByElements(checkpoint.model(), seen, nodes, origin), f"{seen.told}by finite elements: "
