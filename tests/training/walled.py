"""A square whose walls move as in exact standing waves, with a material that is sought by what receivers record."""

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.fit import Fit
from elastic_pinn.physics.data import Truth
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session

TRUE = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
EXACT = StandingWaves(*TRUE.values())
SIDE, TIMES = (np.arange(6) + 0.5) / 6, np.linspace(0.0, 1.5, 16)
ORDERS = ("displacement", "velocity", "acceleration")  # of the derivative by time
CONFIG = {
    "problem": "own", "network": "random_features", "hidden_layers": [150], "activation": "sin", "input_frequency": 2.6,
    "precision": "float64", "stages": ["full_waveform"], "steps": 8, "ridge": 1e-13, "interior_points": 400,
    "boundary_points": 150, "initial_points": 100, "sampling": "sobol", "validation_points": 16, "checkpoint_every": 0,
    "log_level": "error",
}  # fmt: skip


def recorded(noise: float = 0.02, seed: int = 0, quantity: str = "displacement") -> ep.Receivers:
    """What 36 receivers record, with noise relative to the peak."""
    xy = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).reshape(-1, 2)
    x, y, t = (torch.from_numpy(np.ascontiguousarray(each)) for each in np.broadcast_arrays(*xy.T[:, :, None], TIMES))
    clean = of_order(x, y, t, ORDERS.index(quantity))
    level = noise * float(np.abs(clean).max())
    return ep.Receivers(
        xy,
        TIMES,
        noise=level,
        **{quantity: clean + level * np.random.default_rng(seed).standard_normal(clean.shape)},
        truth=Truth(TRUE, **{quantity: clean}),
    )


def of_order(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor, order: int) -> np.ndarray:
    """A derivative of the exact displacement by time, by central differences."""
    if not order:
        return EXACT(x, y, t).numpy()
    step = 1e-4
    return (of_order(x, y, t + step, order - 1) - of_order(x, y, t - step, order - 1)) / (2.0 * step)


def problem_of(receivers: ep.Receivers, **changes: object) -> ep.Problem:
    """Find lambda and mu, which start 30 % too high and too low."""
    parts = {
        "domain": ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, float(TIMES[-1]))),
        "material": ep.Material(2.6, 0.7, 1.0, unknowns=("lambda", "mu")),
        "boundary": (ep.Displacement(EXACT),),
        "initial": ep.Initial.of(EXACT),
        "receivers": receivers,
    }
    return ep.Problem(**(parts | changes))


def found(problem: ep.Problem, **fields: object) -> tuple[Fit, Session]:
    """Search until nothing is left to find, and assess."""
    session = Session(ep.Config(**(CONFIG | fields)), problem)
    while not session.is_over:
        session.advance()
    return assess(session.trained()), session


def errors(fit: Fit) -> np.ndarray:
    """By how many of its ± each unknown is off."""
    return np.array([(fit.values[name] - TRUE[name]) / error for name, error in fit.plus_minus.items()])
