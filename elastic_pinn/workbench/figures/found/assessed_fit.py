"""Whether the data of a run are explained, for figures and tables of what was found."""

from elastic_pinn.fit import Fit
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of, open_source


def assessed_fit(source: Source, problem: Problem | ProblemMaker | None = None) -> Fit | None:
    """Return whether the data are explained, and the ± of the unknowns: from a run's summary, otherwise computed, which
    takes about as long as a step. None for a problem without unknowns."""
    opened = open_source(source)
    if isinstance(opened, Run) and (fit := opened.fit):
        return fit
    checkpoint = checkpoint_of(opened)
    problem = checkpoint.problem(problem)
    return assess(TrainedModel.of(checkpoint, problem)) if problem.unknowns else None
