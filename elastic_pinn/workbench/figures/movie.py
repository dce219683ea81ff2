"""A wavefield as a film."""

from __future__ import annotations

from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.workbench.figures.field_maps import FieldMap
from elastic_pinn.workbench.figures.picture import Movie
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of, first_shot_text, network_of
from elastic_pinn.workbench.quantities import QUANTITIES, GridFields

NODES = 120  # on a side of each frame's grid


def movie(
    source: Source, quantity: str = "magnitude", frames: int = 49, problem: Problem | ProblemMaker | None = None
) -> Movie:
    """Draw a quantity of the wavefield over time, as a film that a cell plays without a kernel.

    Of several shots it is of the first one's network, which the title tells.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    quantity
        "magnitude" (of the displacement), "u_x", "u_y", "v_x", "v_y", "divergence" (P waves), "curl" (S waves),
        "stress_xx", "stress_yy", "stress_xy", "energy", "residual".
    frames
        How many instants, ends included; ten a second are shown.
    problem
        The user's problem, or the function that makes it; required where a run that has one may be of several shots.

    Returns
    -------
    Movie
        The film, all frames of which have one scale.

    Raises
    ------
    ValueError
        For another quantity, and for fewer than one frame.
    FigureError
        For a network that takes no part in the wavefield.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity = {quantity!r}: legal are {', '.join(QUANTITIES)}")
    if frames < 1:
        raise ValueError(f"frames = {frames}: at least 1 is needed")
    checkpoint = checkpoint_of(source)
    fields = GridFields(network_of(checkpoint), NODES)
    told = first_shot_text(checkpoint.problem(problem)) if checkpoint.fits_waveforms else ""
    return Movie([picture.png() for picture in FieldMap(fields, quantity, told).over(fields.instants(frames))])
