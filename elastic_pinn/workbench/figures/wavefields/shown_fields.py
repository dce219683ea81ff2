"""The wavefield of a checkpoint on a grid: that of its network, or of finite elements where these solved for it."""

from __future__ import annotations

from elastic_pinn.errors import MissingProblemError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Checkpoint
from elastic_pinn.run.shot import WavefieldByElements, wavefield_of
from elastic_pinn.workbench.quantities import GridFields, Nodes, error_text, origin_of


def shown_fields(
    checkpoint: Checkpoint, nodes: Nodes, shot: str = "", problem: Problem | ProblemMaker | None = None
) -> GridFields:
    """Return a checkpoint's wavefield on a grid, as `Checkpoint.predict` has it.

    nodes: along both axes alike, or along x and along y. shot: the name of one of several; "": the first. problem: the
    user's, or the function that makes it; required where elements solve, if the run has one. Raises
    MissingProblemError where it is missing.
    """
    try:
        wavefield = wavefield_of(checkpoint, shot, problem)
    except MissingProblemError as error:
        raise MissingProblemError(
            f"finite elements solve for the wavefield of {checkpoint.path}, and need its problem, which is of your own "
            "and in no run: give it in Python, as ep.figures.movie(run, problem=problem).save('movie.gif') or, to "
            "write NetCDF and VTK too, ExplorePanel(run_dir, problem=problem) in 05_explore"
        ) from error
    if not isinstance(wavefield, WavefieldByElements):
        return GridFields(wavefield, nodes, origin_of(checkpoint), error_text(checkpoint))
    seen = checkpoint.shot(shot, problem)
    origin = {**origin_of(checkpoint), "solved_by": seen.solved_by} | ({"shot": seen.name} if seen.name else {})
    return GridFields(wavefield, nodes, origin, f"{seen.told}by finite elements: ")
