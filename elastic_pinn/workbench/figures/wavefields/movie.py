"""A wavefield as a movie."""

from __future__ import annotations

from collections.abc import Sequence

from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of
from elastic_pinn.workbench.figures.style.movie_file import Movie
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.quantities import GridFields, require_known

NODES = 120  # on a side of each frame's grid


def movie(
    source: Source,
    quantity: str = "magnitude",
    frames: int = 49,
    problem: Problem | ProblemMaker | None = None,
    start: float | None = None,
    end: float | None = None,
    shot: str = "",
) -> Movie:
    """Draw a quantity of the wavefield over time, as a movie that a cell plays without a kernel.

    `Movie.save` writes it to a file. All frames have one scale, that of the whole window of time, and are empty outside
    the body. The title tells the relative L2 error of the displacement, or, where it is not known, its estimate. Of
    several shots it is of the first, unless one is named. Where finite elements solve for the wavefield,
    as `Checkpoint.predict` tells, the title says so; it takes about the time of one solution in training, and there is
    no residual.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    quantity
        "u_x", "u_y" or "magnitude" of the displacement, "v_x", "v_y" or "speed" of the velocity, "divergence" (P
        waves), "curl" (S waves), "stress_xx", "stress_yy", "stress_xy", "von_mises" (stress), "energy" (density,
        kinetic and strain), "residual".
    frames
        How many instants, ends included; ten a second are shown.
    problem
        The user's problem, or the function that makes it; required where elements solve, if the run has one.
    start, end
        The first and the last instant, s; None: those of the window.
    shot
        The name of one of several shots, as in `run.fit.shots`.

    Returns
    -------
    Movie
        The movie.

    Raises
    ------
    ValueError
        For another quantity, for fewer than one frame, for instants outside the window, and for another shot.
    """
    require_known([quantity])
    fields = shown_fields(checkpoint_of(source), NODES, shot, problem)
    require_known([quantity], fields)
    return draw_movie(fields, quantity, fields.instants(frames, start, end))


def draw_movie(fields: GridFields, quantity: str, times: Sequence[float]) -> Movie:
    """Draw a movie of fields at several instants (s)."""
    return Movie([picture.png() for picture in FieldMap(fields, quantity).over(times)])
